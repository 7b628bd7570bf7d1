#include "decode/decoder.h"

#include <string>

#include "av/check.h"

namespace videngine {
namespace {

// 8K: a picture that claims to be larger is an attack on our memory.
constexpr int64_t kMaxPixels = 8192LL * 4352;

}  // namespace

Decoder::Decoder(const AVStream& stream, int threads) {
  const AVCodecParameters& coded = *stream.codecpar;
  const std::string subject = "stream " + std::to_string(stream.index);
  const AVCodec* codec = avcodec_find_decoder(coded.codec_id);
  if (codec == nullptr) {
    throw EngineError(ErrorClass::InputError, "source_unsupported_codec",
                      std::string("No decoder for ") + avcodec_get_name(coded.codec_id) +
                          ": convert the source to a common codec first.",
                      subject);
  }
  if (static_cast<int64_t>(coded.width) * coded.height > kMaxPixels) {
    throw EngineError(ErrorClass::InputError, "source_unsupported_codec",
                      "The source's picture of " + std::to_string(coded.width) + "x" +
                          std::to_string(coded.height) +
                          " is too large: at most 8192x4352 pixels are decoded.",
                      subject);
  }
  context_.reset(avcodec_alloc_context3(codec));
  if (!context_) throw std::bad_alloc();
  const auto open = [&](int code, const char* operation) {
    av::check(code, operation, subject, ErrorClass::InputError, "source_unsupported_codec");
  };
  open(avcodec_parameters_to_context(context_.get(), &coded), "avcodec_parameters_to_context");
  context_->pkt_timebase = stream.time_base;
  context_->thread_count = threads;
  context_->max_pixels = kMaxPixels;
  av::Dictionary options;
  open(avcodec_open2(context_.get(), codec, options.address()), "avcodec_open2");
}

int Decoder::send(const AVPacket* packet) {
  const int sent = avcodec_send_packet(context_.get(), packet);
  if (sent == AVERROR(ENOMEM)) av::check(sent, "avcodec_send_packet");
  if (sent < 0 && sent != AVERROR_EOF) ++damaged_packets_;
  return sent;
}

int Decoder::receive(AVFrame& frame) {
  const int got = avcodec_receive_frame(context_.get(), &frame);
  if (got == AVERROR(ENOMEM)) av::check(got, "avcodec_receive_frame");
  if (got >= 0) {
    ++frames_;
  } else if (got != AVERROR(EAGAIN) && got != AVERROR_EOF) {
    ++damaged_packets_;
  }
  return got;
}

void Decoder::flush() { avcodec_flush_buffers(context_.get()); }

void Decoder::skip_unneeded(bool skip) {
  // HEVC's unneeded frames may be needed by those of higher temporal layers.
  const bool reliable =
      context_->codec_id == AV_CODEC_ID_H264 || context_->codec_id == AV_CODEC_ID_MPEG2VIDEO;
  context_->skip_frame = skip && reliable ? AVDISCARD_NONREF : AVDISCARD_DEFAULT;
}

bool Decoder::decode(const AVPacket* packet, const std::function<bool(av::Frame)>& take) {
  send(packet);
  while (true) {
    av::Frame frame = av::make_frame();
    const int got = receive(*frame);
    if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return true;
    if (got < 0) continue;
    frame->pts = frame->best_effort_timestamp;
    if (!take(std::move(frame))) return false;
  }
}

bool Decoder::decode_alone(const AVPacket& packet, const std::function<bool(av::Frame)>& take) {
  const bool wanted = decode(&packet, take) && decode(nullptr, take);
  flush();
  return wanted;
}

}  // namespace videngine
