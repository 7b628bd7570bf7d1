#include <array>
#include <cmath>
#include <cstdio>

#include "encode/libav_encoder.h"

extern "C" {
#include <libavutil/mastering_display_metadata.h>
}

namespace videngine {
namespace {

constexpr const char* kParameters = "x265-params";

long in_steps(AVRational value, double step) { return std::lround(av_q2d(value) / step); }

// HDR10's static metadata as SEI messages (HEVC, annex D.3.28 and D.3.35). FFmpeg 5.1 hands none to
// the encoder.
void add_hdr10(Opening& opening) {
  const AVFrameSideData* found =
      av_frame_get_side_data(&opening.like, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA);
  std::array<char, 160> text{};
  if (found != nullptr) {
    const auto& display = *reinterpret_cast<const AVMasteringDisplayMetadata*>(found->data);
    if (display.has_primaries != 0 && display.has_luminance != 0) {
      constexpr double kChromaticity = 0.00002;
      constexpr double kLuminance = 0.0001;
      const auto xy = [](const AVRational(&point)[2], int i) {
        return in_steps(point[i], kChromaticity);
      };
      const auto& [red, green, blue] = display.display_primaries;
      std::snprintf(text.data(), text.size(),
                    "master-display=G(%ld,%ld)B(%ld,%ld)R(%ld,%ld)WP(%ld,%ld)L(%ld,%ld)",
                    xy(green, 0), xy(green, 1), xy(blue, 0), xy(blue, 1), xy(red, 0), xy(red, 1),
                    xy(display.white_point, 0), xy(display.white_point, 1),
                    in_steps(display.max_luminance, kLuminance),
                    in_steps(display.min_luminance, kLuminance));
      add_parameter(opening.options, kParameters, text.data());
    }
  }
  found = av_frame_get_side_data(&opening.like, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL);
  if (found != nullptr) {
    const auto& light = *reinterpret_cast<const AVContentLightMetadata*>(found->data);
    std::snprintf(text.data(), text.size(), "max-cll=%u,%u", light.MaxCLL, light.MaxFALL);
    add_parameter(opening.options, kParameters, text.data());
  }
}

void prepare(Opening& opening) {
  const VideoRenditionPlan& plan = opening.plan;
  av::Dictionary& options = opening.options;
  options.set("preset", plan.preset.c_str());
  options.set("forced-idr", static_cast<int64_t>(1));
  if (plan.crf) options.set("crf", std::to_string(*plan.crf).c_str());
  // The wrapper's threads are frame threads, which cost quality and memory; a pool does as well.
  opening.context.thread_count = 1;
  const auto set = [&](const std::string& parameter) {
    add_parameter(options, kParameters, parameter);
  };
  set("pools=" + std::to_string(plan.threads));
  set("log-level=error");
  // Key frames stand where the segment grid wants them and nowhere else, unless scene cuts are
  // asked for.
  set("open-gop=0");
  if (options.get(kParameters).find("scenecut=") == std::string::npos) set("scenecut=0");
  set("repeat-headers=0");
  if (plan.crf && *plan.crf == 0) set("lossless=1");
  if (plan.pass_number > 0) {
    set("pass=" + std::to_string(plan.pass_number));
    set("stats='" + plan.statistics_path + "'");
    opening.context.flags &= ~(AV_CODEC_FLAG_PASS1 | AV_CODEC_FLAG_PASS2);
  }
  add_hdr10(opening);
}

}  // namespace

const EncoderFamily kX265{.prepare = prepare};

}  // namespace videngine
