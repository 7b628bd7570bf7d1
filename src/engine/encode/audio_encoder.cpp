#include "encode/audio_encoder.h"

#include <string_view>

#include "av/swr.h"
#include "encode/codec_call.h"

namespace videngine {
namespace {

// What each encoder is fed: the widest of the formats that it takes.
AVSampleFormat sample_format(std::string_view codec, int sample_bits) {
  if (codec == "libopus") return AV_SAMPLE_FMT_FLT;
  if (codec == "flac") return sample_bits == 24 ? AV_SAMPLE_FMT_S32 : AV_SAMPLE_FMT_S16;
  if (codec == "pcm_s16le") return AV_SAMPLE_FMT_S16;
  if (codec == "pcm_s24le") return AV_SAMPLE_FMT_S32;
  return AV_SAMPLE_FMT_FLTP;
}

}  // namespace

AudioEncoder::AudioEncoder(const AudioRenditionPlan& plan) : id_(plan.id) {
  const AVCodec* codec = avcodec_find_encoder_by_name(plan.codec.c_str());
  if (codec == nullptr) {
    throw EngineError(ErrorClass::EncoderUnavailable, "codec_unavailable",
                      "This build of FFmpeg has no encoder named " + plan.codec + ".", id_);
  }
  context_.reset(avcodec_alloc_context3(codec));
  if (!context_) throw std::bad_alloc();
  open(*codec, plan);
  const AVCodecContext& c = *context_;
  if (c.sample_fmt != AV_SAMPLE_FMT_FLTP) {
    swr_ = av::make_swr({c.ch_layout, AV_SAMPLE_FMT_FLTP, c.sample_rate},
                        {c.ch_layout, c.sample_fmt, c.sample_rate});
    av::check(swr_init(swr_.get()), "swr_init", id_);
  }
  fifo_.reset(av_audio_fifo_alloc(c.sample_fmt, c.ch_layout.nb_channels, frame_samples()));
  if (!fifo_) throw std::bad_alloc();
}

void AudioEncoder::open(const AVCodec& codec, const AudioRenditionPlan& plan) {
  AVCodecContext& c = *context_;
  c.sample_fmt = sample_format(plan.codec, plan.sample_bits);
  c.sample_rate = plan.sample_rate_hz;
  if (plan.bitrate_bps > 0) c.bit_rate = plan.bitrate_bps;
  if (plan.sample_bits == 24) c.bits_per_raw_sample = 24;
  c.time_base = {1, plan.sample_rate_hz};
  c.flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT;
  const av::ChannelLayout layout(plan.layout);
  av::check(av_channel_layout_copy(&c.ch_layout, layout.get()), "av_channel_layout_copy", id_);
  av::Dictionary options;
  // In tracks the first packets are cut off: none may lean on bits of one that is gone.
  if (plan.codec == "libmp3lame" && plan.container == "cmaf") options.set("reservoir", "0");
  av::check(avcodec_open2(&c, &codec, options.address()), "avcodec_open2(" + plan.codec + ")", id_,
            ErrorClass::EncoderUnavailable, "encoder_init_failed");
}

int AudioEncoder::frame_samples() const {
  return context_->frame_size > 0 ? context_->frame_size : 1024;
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
  encode_with(*context_, frame.get(), id_, take);
}

void AudioEncoder::encode(const uint8_t* const* planes, int samples, const Take& take) {
  if (swr_) {
    const av::Frame block = av::make_frame();
    block->nb_samples = samples;
    block->format = context_->sample_fmt;
    av::check(av_channel_layout_copy(&block->ch_layout, &context_->ch_layout),
              "av_channel_layout_copy", id_);
    av::check(av_frame_get_buffer(block.get(), 0), "av_frame_get_buffer", id_);
    av::check(swr_convert(swr_.get(), block->extended_data, samples,
                          const_cast<const uint8_t**>(planes), samples),
              "swr_convert", id_);
    av::check(
        av_audio_fifo_write(fifo_.get(), reinterpret_cast<void**>(block->extended_data), samples),
        "av_audio_fifo_write", id_);
  } else {
    auto* data = reinterpret_cast<void**>(const_cast<uint8_t**>(planes));
    av::check(av_audio_fifo_write(fifo_.get(), data, samples), "av_audio_fifo_write", id_);
  }
  while (av_audio_fifo_size(fifo_.get()) >= frame_samples()) encode_block(frame_samples(), take);
}

void AudioEncoder::drain(const Take& take) {
  if (const int rest = av_audio_fifo_size(fifo_.get()); rest > 0) encode_block(rest, take);
  encode_with(*context_, nullptr, id_, take);
}

}  // namespace videngine
