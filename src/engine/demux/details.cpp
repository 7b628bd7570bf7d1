#include "demux/details.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

extern "C" {
#include <libavutil/display.h>
#include <libavutil/dovi_meta.h>
#include <libavutil/mastering_display_metadata.h>
}

#include "av/side_data.h"

namespace videngine {
namespace {

std::string fraction(AVRational value) {
  return std::to_string(value.num) + "/" + std::to_string(value.den);
}

// The structure that side data of this type holds; libav only ever appends to them.
template <typename T>
const T* structure(const AVStream& stream, AVPacketSideDataType type) {
  const auto bytes = av::side_data(stream, type);
  return bytes.empty() ? nullptr : reinterpret_cast<const T*>(bytes.data());
}

}  // namespace

Tags read_tags(const AVDictionary* metadata) {
  Tags tags;
  const AVDictionaryEntry* entry = nullptr;
  while ((entry = av_dict_get(metadata, "", entry, AV_DICT_IGNORE_SUFFIX)) != nullptr &&
         tags.size() < kMaxTags) {
    tags[std::string(entry->key).substr(0, kMaxTagBytes)] =
        std::string(entry->value).substr(0, kMaxTagBytes);
  }
  return tags;
}

std::vector<SideData> read_side_data(const AVStream& stream) {
  std::vector<SideData> found;
  if (const auto* display =
          structure<AVMasteringDisplayMetadata>(stream, AV_PKT_DATA_MASTERING_DISPLAY_METADATA)) {
    SideData data{"Mastering display metadata", {}};
    if (display->has_primaries != 0) {
      constexpr std::array kNames{"red", "green", "blue"};
      for (std::size_t i = 0; i < kNames.size(); ++i) {
        data.values[std::string(kNames[i]) + "_x"] = fraction(display->display_primaries[i][0]);
        data.values[std::string(kNames[i]) + "_y"] = fraction(display->display_primaries[i][1]);
      }
      data.values["white_point_x"] = fraction(display->white_point[0]);
      data.values["white_point_y"] = fraction(display->white_point[1]);
    }
    if (display->has_luminance != 0) {
      data.values["min_luminance"] = fraction(display->min_luminance);
      data.values["max_luminance"] = fraction(display->max_luminance);
    }
    found.push_back(std::move(data));
  }
  if (const auto* light =
          structure<AVContentLightMetadata>(stream, AV_PKT_DATA_CONTENT_LIGHT_LEVEL)) {
    found.push_back({"Content light level metadata",
                     {{"max_content", static_cast<int64_t>(light->MaxCLL)},
                      {"max_average", static_cast<int64_t>(light->MaxFALL)}}});
  }
  if (const auto* dovi =
          structure<AVDOVIDecoderConfigurationRecord>(stream, AV_PKT_DATA_DOVI_CONF)) {
    found.push_back(
        {"DOVI configuration record",
         {{"dv_version_major", int64_t{dovi->dv_version_major}},
          {"dv_version_minor", int64_t{dovi->dv_version_minor}},
          {"dv_profile", int64_t{dovi->dv_profile}},
          {"dv_level", int64_t{dovi->dv_level}},
          {"rpu_present_flag", int64_t{dovi->rpu_present_flag}},
          {"el_present_flag", int64_t{dovi->el_present_flag}},
          {"bl_present_flag", int64_t{dovi->bl_present_flag}},
          {"dv_bl_signal_compatibility_id", int64_t{dovi->dv_bl_signal_compatibility_id}}}});
  }
  const auto matrix = av::side_data(stream, AV_PKT_DATA_DISPLAYMATRIX);
  if (matrix.size() >= 9 * sizeof(int32_t)) {
    const double degrees = av_display_rotation_get(reinterpret_cast<const int32_t*>(matrix.data()));
    if (!std::isnan(degrees)) {
      found.push_back({"Display Matrix", {{"rotation", int64_t{std::lround(degrees)}}}});
    }
  }
  return found;
}

std::vector<std::string> read_dispositions(const AVStream& stream) {
  std::vector<std::string> names;
  for (int bit = 0; bit < 31; ++bit) {
    const int flag = stream.disposition & (1 << bit);
    const char* name = flag == 0 ? nullptr : av_disposition_to_string(flag);
    if (name != nullptr) names.emplace_back(name);
  }
  return names;
}

std::string read_codec_tag(const AVStream& stream) {
  std::array<char, AV_FOURCC_MAX_STRING_SIZE> text{};
  return av_fourcc_make_string(text.data(), stream.codecpar->codec_tag);
}

std::vector<Chapter> read_chapters(const AVFormatContext& context, int64_t origin_us) {
  constexpr unsigned kMaxChapters = 1000;
  std::vector<Chapter> chapters;
  for (unsigned i = 0; i < std::min(context.nb_chapters, kMaxChapters); ++i) {
    const AVChapter& chapter = *context.chapters[i];
    const auto seconds = [&](int64_t at) {
      const int64_t us = av_rescale_q(at, chapter.time_base, AV_TIME_BASE_Q) - origin_us;
      return Rational::of(us, AV_TIME_BASE);
    };
    chapters.push_back({seconds(chapter.start), seconds(chapter.end), read_tags(chapter.metadata)});
  }
  return chapters;
}

}  // namespace videngine
