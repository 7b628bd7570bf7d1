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

}  // namespace videngine
