#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "av/handles.h"
#include "rational.h"

namespace videngine {

// Turns frames at any times into frames on the grid n / rate, n = 0, 1, ...: each slot shows the
// last frame whose rounded time is not after it. Frames are repeated or dropped, never moved by
// more than a slot (half for the way in which the first one lies, half for rounding), so sound
// cannot drift. Not thread-safe.
class ConstantRate {
 public:
  // `start_us` on the timeline becomes slot 0; at most `duration_s` seconds come out.
  ConstantRate(Rational rate, int64_t start_us, std::optional<Rational> duration_s);

  // Receives each frame with pts = its slot. False stops.
  using Take = std::function<bool(av::Frame)>;

  // Takes the next frame (pts in microseconds of the timeline). False: no more are wanted.
  bool push(av::Frame frame, const Take& take);
  // The source has ended, and its last frame was to be shown until `end_us`. At least one frame
  // comes out, but nothing of a source that ended before the start.
  void drain(int64_t end_us, const Take& take);

 private:
  [[nodiscard]] int64_t slot_at(int64_t position_us) const;
  bool emit_until(int64_t end_slot, const Take& take);

  Rational rate_;
  int64_t start_us_;
  int64_t first_us_ = 0;  // the first frame's time, and the slot nearest to it
  int64_t first_slot_ = 0;
  std::optional<int64_t> total_slots_;
  av::Frame pending_;  // shown from pending_slot_ until the next frame's slot
  int64_t pending_slot_ = 0;
};

}  // namespace videngine
