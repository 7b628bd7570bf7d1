#include "encode/audio_encoder.h"

#include "encode/codec_call.h"

namespace videngine {

AudioEncoder::AudioEncoder(const AudioRenditionPlan& plan) : id_(plan.id) {
  const AVCodec* codec = avcodec_find_encoder_by_name(plan.codec.c_str());
  if (codec == nullptr) {
    throw EngineError(ErrorClass::EncoderUnavailable, "codec_unavailable",
                      "This build of FFmpeg has no encoder named " + plan.codec + ".", id_);
  }
  context_.reset(avcodec_alloc_context3(codec));
  if (!context_) throw std::bad_alloc();
  AVCodecContext& c = *context_;
  c.sample_fmt = AV_SAMPLE_FMT_FLTP;
  c.sample_rate = plan.sample_rate_hz;
  c.bit_rate = plan.bitrate_bps;
  c.time_base = {1, plan.sample_rate_hz};
  c.flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT;
  av_channel_layout_default(&c.ch_layout, plan.channels);
  av::check(avcodec_open2(&c, codec, nullptr), "avcodec_open2(" + plan.codec + ")", id_,
            ErrorClass::EncoderUnavailable, "encoder_init_failed");
  fifo_.reset(av_audio_fifo_alloc(c.sample_fmt, plan.channels, frame_samples()));
  if (!fifo_) throw std::bad_alloc();
}

int AudioEncoder::frame_samples() const {
  return context_->frame_size > 0 ? context_->frame_size : 1024;
}

void AudioEncoder::send(const AVFrame* frame, const Take& take) {
  encode_with(*context_, frame, id_, [&](av::Packet packet) {
    if (packet->pts >= 0) take(std::move(packet));
  });
}

void AudioEncoder::encode_block(int samples, const Take& take) {
  const av::Frame frame = av::make_frame();
  frame->nb_samples = samples;
  frame->format = context_->sample_fmt;
  frame->sample_rate = context_->sample_rate;
  av::check(av_channel_layout_copy(&frame->ch_layout, &context_->ch_layout),
            "av_channel_layout_copy", id_);
  av::check(av_frame_get_buffer(frame.get(), 0), "av_frame_get_buffer", id_);
  av::check(
      av_audio_fifo_read(fifo_.get(), reinterpret_cast<void**>(frame->extended_data), samples),
      "av_audio_fifo_read", id_);
  frame->pts = position_;
  position_ += samples;
  send(frame.get(), take);
}

void AudioEncoder::encode(const uint8_t* const* planes, int samples, const Take& take) {
  auto* data = reinterpret_cast<void**>(const_cast<uint8_t**>(planes));
  av::check(av_audio_fifo_write(fifo_.get(), data, samples), "av_audio_fifo_write", id_);
  while (av_audio_fifo_size(fifo_.get()) >= frame_samples()) encode_block(frame_samples(), take);
}

void AudioEncoder::drain(const Take& take) {
  if (const int rest = av_audio_fifo_size(fifo_.get()); rest > 0) encode_block(rest, take);
  send(nullptr, take);
}

}  // namespace videngine
