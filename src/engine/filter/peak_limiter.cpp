#include "filter/peak_limiter.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

namespace videngine {
namespace {

constexpr double kWindowS = 0.005;
constexpr double kReleaseS = 0.1;  // to come back by two thirds

double from_db(double db) { return std::pow(10.0, db / 20); }

double windowed_sinc(double t, double half) {
  if (std::abs(t) >= half) return 0;
  const double x = std::numbers::pi * t;
  const double window = 0.5 + 0.5 * std::cos(x / half);
  return (std::abs(x) < 1e-12 ? 1 : std::sin(x) / x) * window;
}

}  // namespace

PeakLimiter::PeakLimiter(int sample_rate_hz, int channels, double gain_db, double limit_dbtp)
    : gain_(from_db(gain_db)),
      limit_(from_db(limit_dbtp)),
      window_(std::max<int64_t>(std::lround(kWindowS * sample_rate_hz), int64_t{kTaps})),
      release_(1 - std::exp(-1 / (kReleaseS * sample_rate_hz))),
      held_(static_cast<std::size_t>(channels)) {
  for (std::size_t phase = 0; phase < kPhases; ++phase) {
    double sum = 0;
    for (std::size_t tap = 0; tap < kTaps; ++tap) {
      const double from_sample = static_cast<double>(tap) - (kHalf - 1);
      const double between = static_cast<double>(phase) / kPhases;
      sum += filter_[phase][tap] = windowed_sinc(from_sample - between, kHalf);
    }
    for (double& tap : filter_[phase]) tap /= sum;
  }
}

void PeakLimiter::append(const uint8_t* const* planes, int samples) {
  for (std::size_t channel = 0; channel < held_.size(); ++channel) {
    const auto* from = reinterpret_cast<const float*>(planes[channel]);
    for (int i = 0; i < samples; ++i) {
      held_[channel].push_back(static_cast<float>(gain_ * from[i]));
    }
  }
  end_ += samples;
}

// The highest absolute value at sample `at` and between it and the next, of all channels.
double PeakLimiter::true_peak(int64_t at) const {
  double peak = 0;
  for (const std::vector<float>& channel : held_) {
    for (const auto& taps : filter_) {
      double value = 0;
      for (std::size_t tap = 0; tap < taps.size(); ++tap) {
        const int64_t index = at - (kHalf - 1) + static_cast<int64_t>(tap) - first_held_;
        if (index >= 0) value += taps[tap] * channel[static_cast<std::size_t>(index)];
      }
      peak = std::max(peak, std::abs(value));
    }
  }
  return peak;
}

// The gain of the sample that lies a window before `at`: every value that its mean is made of is
// at most what that sample's own peak requires.
double PeakLimiter::gain_behind(int64_t at, double required) {
  while (!lows_.empty() && lows_.back().gain >= required) lows_.pop_back();
  lows_.push_back({at, required});
  // One more than the window: a peak behind a sample concerns the next one too.
  while (lows_.front().at < at - window_) lows_.pop_front();
  released_ = std::min(lows_.front().gain, released_ + (1 - released_) * release_);
  recent_.push_back(released_);
  sum_ += released_;
  if (static_cast<int64_t>(recent_.size()) > window_) {
    sum_ -= recent_.front();
    recent_.pop_front();
  }
  return std::min(sum_ / static_cast<double>(recent_.size()), 1.0);
}

void PeakLimiter::find_gains() {
  for (; judged_ + kHalf < end_; ++judged_) {
    const double peak = true_peak(judged_);
    const double gain = gain_behind(judged_, peak > limit_ ? limit_ / peak : 1);
    if (judged_ >= window_ - 1) gains_.push_back(static_cast<float>(gain));
  }
}

void PeakLimiter::give(const Take& take) {
  if (gains_.empty()) return;
  std::vector<std::vector<float>> out(held_.size());
  std::vector<const uint8_t*> planes;
  const auto count = static_cast<std::ptrdiff_t>(gains_.size());
  for (std::size_t channel = 0; channel < held_.size(); ++channel) {
    out[channel].resize(gains_.size());
    std::ranges::transform(gains_, held_[channel], out[channel].begin(), std::multiplies{});
    held_[channel].erase(held_[channel].begin(), held_[channel].begin() + count);
    planes.push_back(reinterpret_cast<const uint8_t*>(out[channel].data()));
  }
  first_held_ += count;
  gains_.clear();
  take(planes.data(), static_cast<int>(count));
}

void PeakLimiter::push(const uint8_t* const* planes, int samples, const Take& take) {
  append(planes, samples);
  find_gains();
  give(take);
}

// What is given lags so far behind what came in: as much silence drives all of it out.
void PeakLimiter::drain(const Take& take) {
  const std::vector<float> zeros(static_cast<std::size_t>(window_ - 1 + kHalf), 0.0F);
  const std::vector<const uint8_t*> planes(held_.size(),
                                           reinterpret_cast<const uint8_t*>(zeros.data()));
  push(planes.data(), static_cast<int>(zeros.size()), take);
}

}  // namespace videngine
