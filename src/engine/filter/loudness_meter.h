#pragma once

#include <cstdint>
#include <string>

#include "av/handles.h"

namespace videngine {

// Measures loudness by EBU R128 and true peaks, with libavfilter's meter. Not thread-safe.
class LoudnessMeter {
 public:
  LoudnessMeter(int sample_rate_hz, const std::string& layout);

  // Planar float samples that follow those before.
  void push(const uint8_t* const* planes, int samples);
  // Takes in what the meter still holds; nothing is pushed afterwards.
  void finish();

  // Of all that was pushed. -70 and less: silence.
  [[nodiscard]] double integrated_lufs() const { return integrated_lufs_; }
  [[nodiscard]] double range_lu() const { return range_lu_; }
  [[nodiscard]] double true_peak_dbtp() const { return true_peak_dbtp_; }

 private:
  void read();

  int sample_rate_hz_;
  av::ChannelLayout layout_;
  av::FilterGraph graph_;
  AVFilterContext* in_ = nullptr;  // both belong to graph_
  AVFilterContext* out_ = nullptr;
  int64_t position_ = 0;
  double integrated_lufs_ = -70;
  double range_lu_ = 0;
  double true_peak_dbtp_ = -200;
};

}  // namespace videngine
