#pragma once

#include <cstdint>

#include "rational.h"

namespace videngine {

// Where segments begin. Boundary k lies at the first frame of `grid_rate` at or after k *
// segment_s, so that renditions of different rates switch at the same instants. Immutable.
class SegmentGrid {
 public:
  SegmentGrid(Rational segment_s, Rational grid_rate);

  // The segment that shows the instant `n / rate` (frame n of a rendition).
  [[nodiscard]] int64_t segment_of(int64_t n, Rational rate) const;
  // Whether frame n is the first of its segment.
  [[nodiscard]] bool starts_segment(int64_t n, Rational rate) const;

 private:
  Rational segment_s_;
  Rational grid_rate_;
};

// Which frames are IDR frames: the first of every segment, the first of a scene and, counted from
// there, every `gop_frames`. Asked for all frames in turn, from the first.
class Keyframes {
 public:
  Keyframes(SegmentGrid grid, int gop_frames, Rational rate);

  // Whether the next frame is one. One that only begins a scene (`cut`) is none within half a
  // second of one that has to be: two so near cost more than the second saves.
  bool next(bool cut = false);

 private:
  [[nodiscard]] bool stands_apart() const;

  SegmentGrid grid_;
  int64_t gop_frames_;
  Rational rate_;
  int64_t apart_frames_;
  int64_t frame_ = 0;
  int64_t last_ = 0;
};

}  // namespace videngine
