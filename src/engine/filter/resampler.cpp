#include "filter/resampler.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

extern "C" {
#include <libavutil/opt.h>
}

#include "av/check.h"
#include "av/swr.h"

namespace videngine {
namespace {

constexpr double kHardErrorS = 0.1;      // beyond it: a gap or an overlap
constexpr double kSoftErrorS = 0.005;    // below it: rounding of the container's timestamps
constexpr int kCorrectionS = 10;         // a soft error is taken back over so long
constexpr double kSmoothing = 0.05;      // of one frame's error, against jitter
constexpr int64_t kMaxGapS = 30LL * 60;  // as ConstantRate's

}  // namespace

Resampler::Resampler(int sample_rate_hz, const std::string& layout, int64_t start_us,
                     std::optional<Mix> mix)
    : sample_rate_hz_(sample_rate_hz),
      layout_(layout),
      channels_(layout_.channels()),
      start_us_(start_us),
      mix_(std::move(mix)) {}

void Resampler::apply_mix(int source_channels) {
  if (!mix_ || mix_->empty() || mix_->front().size() != static_cast<std::size_t>(source_channels)) {
    // Usual mixing must not clip either.
    av_opt_set_double(swr_.get(), "rematrix_maxval", 1.0, 0);
    return;
  }
  std::vector<double> matrix;
  for (const std::vector<double>& row : *mix_) matrix.insert(matrix.end(), row.begin(), row.end());
  av::check(swr_set_matrix(swr_.get(), matrix.data(), source_channels), "swr_set_matrix");
}

void Resampler::configure(const AVFrame& frame, const Take& take) {
  const bool fits = like_ && like_->sample_rate == frame.sample_rate &&
                    like_->format == frame.format &&
                    av_channel_layout_compare(&like_->ch_layout, &frame.ch_layout) == 0;
  if (fits) return;
  drain(take);
  // A layout that names no speakers is taken for the usual one of that many channels.
  const av::ChannelLayout usual(frame.ch_layout.nb_channels);
  const AVChannelLayout* from =
      frame.ch_layout.order == AV_CHANNEL_ORDER_UNSPEC ? usual.get() : &frame.ch_layout;
  swr_ = av::make_swr({*from, static_cast<AVSampleFormat>(frame.format), frame.sample_rate},
                      {*layout_.get(), AV_SAMPLE_FMT_FLTP, sample_rate_hz_});
  apply_mix(from->nb_channels);
  av::check(swr_init(swr_.get()), "swr_init");
  like_ = av::make_frame();
  like_->sample_rate = frame.sample_rate;
  like_->format = frame.format;
  av::check(av_channel_layout_copy(&like_->ch_layout, &frame.ch_layout), "av_channel_layout_copy");
}

void Resampler::give(const uint8_t* const* planes, int samples, const Take& take) {
  const auto skipped = static_cast<int>(std::min<int64_t>(to_drop_, samples));
  to_drop_ -= skipped;
  if (samples == skipped) return;
  std::vector<const uint8_t*> rest(static_cast<std::size_t>(channels_));
  for (int i = 0; i < channels_; ++i) {
    rest[static_cast<std::size_t>(i)] =
        planes[i] + sizeof(float) * static_cast<std::size_t>(skipped);
  }
  take(rest.data(), samples - skipped);
  written_ += samples - skipped;
}

void Resampler::silence(int64_t samples, const Take& take) {
  constexpr int kBlock = 4096;
  static const std::vector<float> zeros(kBlock, 0.0F);
  const std::vector<const uint8_t*> planes(static_cast<std::size_t>(channels_),
                                           reinterpret_cast<const uint8_t*>(zeros.data()));
  while (samples > 0) {
    const auto block = static_cast<int>(std::min<int64_t>(samples, kBlock));
    take(planes.data(), block);
    written_ += block;
    samples -= block;
  }
}

void Resampler::correct(const AVFrame& frame, const Take& take) {
  const int64_t wanted = av_rescale(frame.pts - start_us_, sample_rate_hz_, AV_TIME_BASE);
  const int64_t held = swr_get_delay(swr_.get(), sample_rate_hz_);
  const int64_t error = wanted - (written_ - to_drop_ + held);  // positive: we are early
  const auto error_s = static_cast<double>(error) / sample_rate_hz_;
  if (std::abs(error_s) > kHardErrorS || (written_ == 0 && held == 0)) {
    if (error_s > static_cast<double>(kMaxGapS)) {
      throw EngineError(ErrorClass::InputError, "source_corrupt",
                        "The source's sound has timestamps that jump by more than 30 minutes.");
    }
    if (error > 0) {
      drain(take);
      av::check(swr_init(swr_.get()), "swr_init");  // a drained one keeps its tail for good
      const int64_t undropped = std::min(error, to_drop_);
      to_drop_ -= undropped;
      silence(error - undropped, take);
    } else {
      to_drop_ -= error;
    }
    drift_ = 0;
    return;
  }
  drift_ += kSmoothing * (static_cast<double>(error) - drift_);
  // Every second anew, as much as is missing then: where the source's clock runs slow for good, the
  // error settles where as much is taken back as is added. A hundredth of the pitch at the very
  // most.
  if (std::abs(drift_) > kSoftErrorS * sample_rate_hz_ && written_ >= next_correction_) {
    av::check(swr_set_compensation(swr_.get(), static_cast<int>(std::lround(drift_)),
                                   kCorrectionS * sample_rate_hz_),
              "swr_set_compensation");
    next_correction_ = written_ + sample_rate_hz_;
  }
}

void Resampler::convert(const AVFrame* frame, const Take& take) {
  const int most =
      std::max(swr_get_out_samples(swr_.get(), frame == nullptr ? 0 : frame->nb_samples), 0) + 32;
  std::vector<float> samples(static_cast<std::size_t>(most) * static_cast<std::size_t>(channels_));
  std::vector<uint8_t*> planes(static_cast<std::size_t>(channels_));
  for (std::size_t i = 0; i < planes.size(); ++i) {
    planes[i] = reinterpret_cast<uint8_t*>(samples.data() + i * static_cast<std::size_t>(most));
  }
  const int got = av::check(
      swr_convert(swr_.get(), planes.data(), most,
                  frame == nullptr ? nullptr : const_cast<const uint8_t**>(frame->extended_data),
                  frame == nullptr ? 0 : frame->nb_samples),
      "swr_convert");
  if (got > 0) give(planes.data(), got, take);
}

void Resampler::push(const AVFrame& frame, const Take& take) {
  if (frame.nb_samples <= 0 || frame.sample_rate <= 0) return;
  configure(frame, take);
  correct(frame, take);
  convert(&frame, take);
}

void Resampler::drain(const Take& take) {
  if (swr_) convert(nullptr, take);
}

}  // namespace videngine
