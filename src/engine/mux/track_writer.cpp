#include "mux/track_writer.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "av/check.h"

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
                         Rational segment_s, const std::string& language)
    : id_(std::move(id)), time_base_(encoder.time_base) {
  AVFormatContext* context = nullptr;
  av::check(avformat_alloc_output_context2(&context, nullptr, "mp4", path.c_str()),
            "avformat_alloc_output_context2", id_);
  context_.reset(context);
  AVStream* stream = avformat_new_stream(context, nullptr);
  if (stream == nullptr) throw std::bad_alloc();
  check_io("avcodec_parameters_from_context",
           avcodec_parameters_from_context(stream->codecpar, &encoder));
  stream->time_base = encoder.time_base;
  if (encoder.codec_type == AVMEDIA_TYPE_VIDEO) {
    stream->avg_frame_rate = encoder.framerate;
    stream->sample_aspect_ratio = encoder.sample_aspect_ratio;
  }
  if (!language.empty()) av_dict_set(&stream->metadata, "language", language.c_str(), 0);
  check_io("avio_open", avio_open(&context->pb, path.c_str(), AVIO_FLAG_WRITE));
  av::Dictionary options;
  // Every track's first sample is shown at 0. Pictures are coded out of order and need an edit list
  // for that: with negative composition offsets instead, libavformat's own demuxer shows them late.
  // Sound must have none: Shaka Player places segments of HLS sound by it a second time.
  if (encoder.codec_type == AVMEDIA_TYPE_VIDEO) {
    options.set("movflags", "frag_custom+delay_moov+default_base_moof");
    options.set("video_track_timescale", time_scale(encoder.framerate, segment_s));
  } else {
    options.set("movflags", "cmaf+frag_custom+delay_moov");
    options.set("use_editlist", static_cast<int64_t>(0));
    stream->codecpar->initial_padding = 0;
  }
  // Encoder versions in the file would make equal inputs give unequal outputs.
  context->flags |= AVFMT_FLAG_BITEXACT;
  check_io("avformat_write_header", avformat_write_header(context, options.address()));
}

// libavformat reports some failures of its sink by the return code, some only in pb->error.
void TrackWriter::check_io(const char* operation, int code) {
  av::check(code, operation, id_);
  if (context_->pb != nullptr) av::check(context_->pb->error, operation, id_);
}

void TrackWriter::cut() {
  if (empty_) return;
  const auto flush = [this] {
    check_io("av_write_frame(flush)", av_write_frame(context_.get(), nullptr));
  };
  // With delay_moov the first flush writes only the moov and keeps the packets.
  if (!has_moov_) flush();
  has_moov_ = true;
  flush();
}

void TrackWriter::write(av::Packet packet) {
  packet->stream_index = 0;
  av_packet_rescale_ts(packet.get(), time_base_, context_->streams[0]->time_base);
  check_io("av_write_frame", av_write_frame(context_.get(), packet.get()));
  empty_ = false;
}

void TrackWriter::finish() {
  check_io("av_write_trailer", av_write_trailer(context_.get()));
  avio_flush(context_->pb);
  check_io("avio_flush", 0);
  size_bytes_ = avio_size(context_->pb);
  check_io("avio_close", avio_closep(&context_->pb));
}

}  // namespace videngine
