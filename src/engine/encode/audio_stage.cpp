#include "encode/audio_stage.h"

#include <algorithm>

#include "encode/audio_encoder.h"
#include "filter/peak_limiter.h"
#include "filter/resampler.h"
#include "mux/codec_string.h"
#include "mux/sound_writer.h"

namespace videngine {

AudioStage::AudioStage(const AudioRenditionPlan& plan, std::shared_ptr<graph::FrameQueue> frames,
                       graph::PictureClock& clock, std::function<bool()> hurry,
                       graph::Stages& stages, Report report)
    : plan_(plan),
      start_us_(plan.start_s.to_us()),
      frames_(std::move(frames)),
      clock_(clock),
      hurry_(std::move(hurry)),
      stages_(stages),
      report_(std::move(report)) {}

int64_t AudioStage::limit_samples(int64_t picture_end_us) const {
  int64_t limit = graph::PictureClock::kForever;
  if (plan_.duration_s) {
    limit = av_rescale(plan_.duration_s->num, plan_.sample_rate_hz, plan_.duration_s->den);
  }
  if (picture_end_us != graph::PictureClock::kForever) {
    const int64_t length_us = std::max<int64_t>(picture_end_us - start_us_, 0);
    limit = std::min(limit, av_rescale(length_us, plan_.sample_rate_hz, AV_TIME_BASE));
  }
  return limit;
}

void AudioStage::run() {
  AudioEncoder encoder(plan_);
  const auto writer = make_sound_writer(plan_, encoder.context(), encoder.frame_samples());
  Resampler resampler(plan_.sample_rate_hz, plan_.layout, start_us_, plan_.mix);
  std::optional<PeakLimiter> limiter;
  if (plan_.true_peak_dbtp) {
    limiter.emplace(plan_.sample_rate_hz, encoder.context().ch_layout.nb_channels, plan_.gain_db,
                    *plan_.true_peak_dbtp);
  }
  int64_t packets = 0;
  int64_t samples = 0;  // on their way to the encoder

  const auto write = [&](av::Packet packet) {
    ++packets;
    writer->write(std::move(packet));
  };
  const auto encode = [&](const uint8_t* const* planes, int count) {
    encoder.encode(planes, count, write);
  };
  const auto take = [&](const uint8_t* const* planes, int count) {
    const int64_t room = limit_samples(clock_.known_end_us()) - samples;
    const auto wanted = static_cast<int>(std::clamp<int64_t>(room, 0, count));
    if (wanted == 0) return;
    samples += wanted;
    if (limiter) {
      limiter->push(planes, wanted, encode);
    } else {
      encode(planes, wanted);
    }
  };

  while (frames_) {
    const std::optional<av::Frame> frame = frames_->pop();
    if (!frame) break;
    const AVFrame& sound = **frame;
    clock_.wait_past(sound.pts + av_rescale(sound.nb_samples, AV_TIME_BASE, sound.sample_rate),
                     [this] { return stages_.stopped() || hurry_(); });
    position_us = sound.pts;
    resampler.push(sound, take);
    if (samples >= limit_samples(clock_.known_end_us())) break;
  }
  if (frames_) frames_->close();
  if (stages_.stopped()) return;
  resampler.drain(take);
  const int64_t end = limit_samples(clock_.wait_end([this] { return stages_.stopped(); }));
  if (stages_.stopped()) return;
  if (end != graph::PictureClock::kForever) resampler.silence(end - samples, take);
  if (limiter) limiter->drain(encode);
  encoder.drain(write);
  writer->finish();
  report_(RenditionFinished{plan_.id, "audio", plan_.path, writer->size_bytes(), packets,
                            Rational::of(samples, plan_.sample_rate_hz),
                            codec_string(encoder.context())});
}

}  // namespace videngine
