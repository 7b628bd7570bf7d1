#include "demux/probe.h"

#include <algorithm>
#include <array>
#include <cmath>

extern "C" {
#include <libavutil/display.h>
#include <libavutil/pixdesc.h>
}

#include "av/handles.h"
#include "av/side_data.h"
#include "demux/hdr_facts.h"
#include "demux/input.h"

namespace videngine {
namespace {

constexpr std::size_t kMatrixBytes = 9 * sizeof(int32_t);

const char* or_empty(const char* text) { return text == nullptr ? "" : text; }

std::string tag(const AVDictionary* metadata, const char* key) {
  const AVDictionaryEntry* entry = av_dict_get(metadata, key, nullptr, 0);
  return entry == nullptr ? "" : entry->value;
}

// By the container's index: the longest way from one key frame to the next, or to the end.
std::optional<Rational> keyframe_interval_s(AVStream* stream) {
  if (stream->duration <= 0) return std::nullopt;
  const int entries = avformat_index_get_entries_count(stream);
  int64_t last = AV_NOPTS_VALUE;
  int64_t longest = 0;
  for (int i = 0; i < entries; ++i) {
    const AVIndexEntry& entry = *avformat_index_get_entry(stream, i);
    if ((entry.flags & AVINDEX_KEYFRAME) == 0) continue;
    if (last != AV_NOPTS_VALUE) longest = std::max(longest, entry.timestamp - last);
    last = entry.timestamp;
  }
  if (last == AV_NOPTS_VALUE) return std::nullopt;
  const int64_t first =
      stream->start_time == AV_NOPTS_VALUE ? int64_t{0} : std::min<int64_t>(stream->start_time, 0);
  longest = std::max(longest, first + stream->duration - last);
  return Rational::of(longest * stream->time_base.num, stream->time_base.den);
}

void read_picture_facts(AVFormatContext* context, AVStream* stream, StreamFacts& facts) {
  const AVCodecParameters& coded = *stream->codecpar;
  facts.width_px = coded.width;
  facts.height_px = coded.height;
  const AVRational sar = av_guess_sample_aspect_ratio(context, stream, nullptr);
  if (sar.num > 0 && sar.den > 0) facts.sample_aspect_ratio = Rational::of(sar);
  facts.rotation_deg = rotation_deg(*stream);
  const AVRational average = stream->avg_frame_rate;
  const AVRational lowest_common = stream->r_frame_rate;
  const bool has_average = average.num > 0 && average.den > 0;
  if (has_average || lowest_common.num > 0) {
    facts.frame_rate = Rational::of(has_average ? average : lowest_common);
  }
  // r_frame_rate is the lowest rate on whose grid all timestamps lie: it equals the average where
  // the rate is constant. Rounded timestamps (Matroska's milliseconds) move the average a little.
  // Where there is no average, the container names no rate, and that of its timestamps is a guess.
  facts.variable_frame_rate =
      lowest_common.num > 0 &&
      (!has_average || std::abs(av_q2d(lowest_common) / av_q2d(average) - 1) > 0.005);
  facts.keyframe_interval_s = keyframe_interval_s(stream);
  facts.pixel_format = or_empty(av_get_pix_fmt_name(static_cast<AVPixelFormat>(coded.format)));
  if (const auto* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(coded.format))) {
    facts.bit_depth = format->comp[0].depth;
  }
  facts.interlaced =
      coded.field_order != AV_FIELD_UNKNOWN && coded.field_order != AV_FIELD_PROGRESSIVE;
  facts.primaries = or_empty(av_color_primaries_name(coded.color_primaries));
  facts.transfer = or_empty(av_color_transfer_name(coded.color_trc));
  facts.matrix = or_empty(av_color_space_name(coded.color_space));
  facts.range = or_empty(av_color_range_name(coded.color_range));
}

void read_sound_facts(const AVStream& stream, StreamFacts& facts) {
  const AVCodecParameters& coded = *stream.codecpar;
  facts.sample_rate_hz = coded.sample_rate;
  facts.bit_depth =
      std::max(coded.bits_per_raw_sample, av_get_exact_bits_per_sample(coded.codec_id));
  facts.channels = coded.ch_layout.nb_channels;
  std::array<char, 128> layout{};
  if (av_channel_layout_describe(&coded.ch_layout, layout.data(), layout.size()) > 0) {
    facts.channel_layout = layout.data();
  }
}

StreamFacts read_stream_facts(AVFormatContext* context, AVStream* stream, int64_t origin_us) {
  const AVCodecParameters& coded = *stream->codecpar;
  StreamFacts facts;
  facts.index = stream->index;
  const char* type = av_get_media_type_string(coded.codec_type);
  facts.type = type == nullptr ? "data" : type;
  facts.codec = avcodec_get_name(coded.codec_id);
  facts.profile = or_empty(avcodec_profile_name(coded.codec_id, coded.profile));
  const Rational tick = Rational::of(stream->time_base);
  if (stream->duration > 0) {
    facts.duration_s = Rational::of(stream->duration * tick.num, tick.den);
  }
  if (stream->start_time != AV_NOPTS_VALUE) {
    const int64_t start_us = av_rescale_q(stream->start_time, stream->time_base, AV_TIME_BASE_Q);
    facts.start_s = Rational::of(start_us - origin_us, AV_TIME_BASE);
  }
  facts.bit_rate_bps = coded.bit_rate;
  facts.language = tag(stream->metadata, "language");
  if (facts.language == "und") facts.language.clear();
  facts.title = tag(stream->metadata, "title");
  facts.is_default = (stream->disposition & AV_DISPOSITION_DEFAULT) != 0;
  facts.attached_picture = (stream->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0;
  facts.codec_tag = read_codec_tag(*stream);
  facts.level = std::max(coded.level, 0);
  facts.frames = std::max<int64_t>(stream->nb_frames, 0);
  facts.time_base = tick;
  facts.dispositions = read_dispositions(*stream);
  facts.tags = read_tags(stream->metadata);
  facts.side_data = read_side_data(*stream);
  if (coded.codec_type == AVMEDIA_TYPE_VIDEO) read_picture_facts(context, stream, facts);
  if (coded.codec_type == AVMEDIA_TYPE_AUDIO) read_sound_facts(*stream, facts);
  return facts;
}

}  // namespace

int rotation_deg(const AVStream& stream) {
  const auto matrix = av::side_data(stream, AV_PKT_DATA_DISPLAYMATRIX);
  if (matrix.size() < kMatrixBytes) return 0;
  const double counter_clockwise =
      av_display_rotation_get(reinterpret_cast<const int32_t*>(matrix.data()));
  if (std::isnan(counter_clockwise)) return 0;
  const int quarter_turns = static_cast<int>(std::lround(-counter_clockwise / 90.0));
  return ((quarter_turns % 4) + 4) % 4 * 90;
}

MediaFacts probe(const std::string& path) {
  const Input input(path);
  AVFormatContext* context = input.context();
  MediaFacts facts;
  facts.format = context->iformat->name;
  facts.size_bytes = input.size_bytes();
  facts.bit_rate_bps = context->bit_rate;
  facts.start_s = Rational::of(input.origin_us(), AV_TIME_BASE);
  facts.chapters = read_chapters(*context, input.origin_us());
  facts.tags = read_tags(context->metadata);
  Rational longest;
  for (unsigned i = 0; i < context->nb_streams; ++i) {
    facts.streams.push_back(read_stream_facts(context, context->streams[i], input.origin_us()));
    const StreamFacts& stream = facts.streams.back();
    if ((stream.type == "video" || stream.type == "audio") && stream.duration_s) {
      longest = std::max(longest, *stream.duration_s);
    }
  }
  for (StreamFacts& stream : facts.streams) {
    if (stream.type == "video" && !stream.attached_picture) {
      read_hdr_facts(input, stream.index, stream);
    }
  }
  const int64_t length_us = input.length_us();
  facts.duration_s = length_us > 0 ? Rational::of(length_us, AV_TIME_BASE) : longest;
  return facts;
}

}  // namespace videngine
