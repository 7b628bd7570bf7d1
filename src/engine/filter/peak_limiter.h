#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

namespace videngine {

// Amplifies sound and keeps its true peaks (ITU-R BS.1770, annex 2) below a limit: the gain of all
// channels goes down together shortly before a peak and comes back slowly. What it gives is not
// delayed. Not thread-safe.
class PeakLimiter {
 public:
  // `limit_dbtp` is in dB, full scale being 0.
  PeakLimiter(int sample_rate_hz, int channels, double gain_db, double limit_dbtp);

  // Receives planar float samples, as many in the end as went in; data is valid during the call.
  using Take = std::function<void(const uint8_t* const* planes, int samples)>;

  void push(const uint8_t* const* planes, int samples, const Take& take);
  // Gives what is still held.
  void drain(const Take& take);

 private:
  static constexpr int kHalf = 6;           // samples that the interpolation looks at on each side
  static constexpr std::size_t kTaps = 12;  // of both sides
  static constexpr int kPhases = 4;

  void append(const uint8_t* const* planes, int samples);
  void find_gains();
  void give(const Take& take);
  [[nodiscard]] double true_peak(int64_t at) const;
  [[nodiscard]] double gain_behind(int64_t at, double required);

  double gain_;
  double limit_;
  int64_t window_;  // samples over which the gain goes down
  double release_;  // share of the way back to 1 that each sample goes
  std::array<std::array<double, kTaps>, kPhases> filter_{};

  std::vector<std::vector<float>> held_;  // amplified, one a channel
  int64_t first_held_ = 0;                // counted from the beginning, as all positions here
  int64_t end_ = 0;                       // behind the last held sample
  int64_t judged_ = 0;                    // samples whose peak is known
  std::vector<float> gains_;              // of the first samples of held_

  struct Low {
    int64_t at;
    double gain;
  };
  std::deque<Low> lows_;  // ascending gains: the first is the least of the window
  double released_ = 1;
  std::deque<double> recent_;  // whose mean is the gain
  double sum_ = 0;
};

}  // namespace videngine
