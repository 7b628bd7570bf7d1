#include "encode/segment_grid.h"

namespace videngine {

SegmentGrid::SegmentGrid(Rational segment_s, Rational grid_rate)
    : segment_s_(segment_s), grid_rate_(grid_rate) {}

int64_t SegmentGrid::segment_of(int64_t n, Rational rate) const {
  // k is the largest with ceil(k * S * G) <= floor(t * G), that is floor(floor(t * G) / (S * G)),
  // for t = n / rate.
  const auto grid_frame = static_cast<int64_t>(static_cast<Wide>(n) * rate.den * grid_rate_.num /
                                               (static_cast<Wide>(rate.num) * grid_rate_.den));
  const Wide num = static_cast<Wide>(grid_frame) * segment_s_.den * grid_rate_.den;
  const Wide den = static_cast<Wide>(segment_s_.num) * grid_rate_.num;
  return static_cast<int64_t>(num / den);
}

bool SegmentGrid::starts_segment(int64_t n, Rational rate) const {
  return n == 0 || segment_of(n, rate) != segment_of(n - 1, rate);
}

}  // namespace videngine
