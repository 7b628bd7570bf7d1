#include "mux/track_writer.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace videngine {
namespace {

// The smallest multiple of the frame rate's numerator, fine enough for players, in which
// `segment_s` is whole.
int64_t time_scale(AVRational frame_rate, Rational segment_s) {
  constexpr int64_t kFinest = 10'000;
  const int64_t whole = std::max<int64_t>(std::lcm<int64_t>(frame_rate.num, segment_s.den), 1);
  return whole * ((kFinest + whole - 1) / whole);
}

}  // namespace

TrackWriter::TrackWriter(std::string id, const std::string& path, const AVCodecContext& encoder,
                         Rational segment_s, const std::string& language, const std::string& tag)
    : fragmented_(!path.ends_with(".webm")),
      muxer_(std::move(id), path, fragmented_ ? "mp4" : "webm"),
      time_base_(encoder.time_base) {
  AVStream& stream = muxer_.add_stream(encoder);
  if (!tag.empty()) stream.codecpar->codec_tag = MKTAG(tag[0], tag[1], tag[2], tag[3]);
  if (encoder.codec_type == AVMEDIA_TYPE_VIDEO) {
    stream.avg_frame_rate = encoder.framerate;
    stream.sample_aspect_ratio = encoder.sample_aspect_ratio;
  }
  if (!language.empty()) av_dict_set(&stream.metadata, "language", language.c_str(), 0);
  av::Dictionary options;
  // Every track's first sample is shown at 0. Pictures are coded out of order and need an edit list
  // for that: with negative composition offsets instead, libavformat's own demuxer shows them late.
  // Sound must have none: Shaka Player places segments of HLS sound by it a second time.
  if (!fragmented_) {
    // WebM says all that a remux needs by itself.
  } else if (encoder.codec_type == AVMEDIA_TYPE_VIDEO) {
    options.set("movflags", "frag_custom+delay_moov+default_base_moof");
    options.set("video_track_timescale", time_scale(encoder.framerate, segment_s));
  } else {
    options.set("movflags", "cmaf+frag_custom+delay_moov");
    options.set("use_editlist", static_cast<int64_t>(0));
    stream.codecpar->initial_padding = 0;
    // FFmpeg 5.1 calls FLAC in MP4 an experiment.
    muxer_.context().strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
  }
  muxer_.write_header(options);
}

void TrackWriter::cut() {
  if (empty_ || !fragmented_) return;
  // With delay_moov the first flush writes only the moov and keeps the packets.
  if (!has_moov_) muxer_.flush();
  has_moov_ = true;
  muxer_.flush();
}

void TrackWriter::write(av::Packet packet) {
  muxer_.write(std::move(packet), 0, time_base_);
  empty_ = false;
}

void TrackWriter::finish() { size_bytes_ = muxer_.finish(); }

}  // namespace videngine
