#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "av/handles.h"

namespace videngine {

// Puts decoded sound on the timeline at one rate and channel layout (planar float): silence where
// the source has a gap, a cut where it overlaps, and a stretch too small to hear where its clock
// drifts from its timestamps. Not thread-safe.
class Resampler {
 public:
  // How loud each channel of the source is in each of ours: a row for each of ours.
  using Mix = std::vector<std::vector<double>>;

  // `layout` is FFmpeg's name of the channels; `start_us` on the timeline becomes sample 0. Sound
  // with another number of channels than the mix has columns is mixed in the usual way.
  Resampler(int sample_rate_hz, const std::string& layout, int64_t start_us,
            std::optional<Mix> mix = std::nullopt);

  // Receives planar float samples, to be written behind all before; data is valid during the call.
  using Take = std::function<void(const uint8_t* const* planes, int samples)>;

  // `frame`'s pts is in microseconds of the timeline.
  void push(const AVFrame& frame, const Take& take);
  // Gives what the filter still holds.
  void drain(const Take& take);
  // Writes `samples` of silence.
  void silence(int64_t samples, const Take& take);

  [[nodiscard]] int64_t written_samples() const { return written_; }

 private:
  void configure(const AVFrame& frame, const Take& take);
  void apply_mix(int source_channels);
  void correct(const AVFrame& frame, const Take& take);
  void convert(const AVFrame* frame, const Take& take);
  void give(const uint8_t* const* planes, int samples, const Take& take);

  int sample_rate_hz_;
  av::ChannelLayout layout_;
  int channels_;
  int64_t start_us_;
  std::optional<Mix> mix_;
  av::Swr swr_;
  av::Frame like_;  // what swr_ was made for
  int64_t written_ = 0;
  int64_t to_drop_ = 0;          // samples before the start or of an overlap
  double drift_ = 0;             // smoothed distance from the timestamps, in samples
  int64_t next_correction_ = 0;  // not before so many samples were written
};

}  // namespace videngine
