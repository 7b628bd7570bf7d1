#include "encode/segment_grid.h"

#include <algorithm>

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

Keyframes::Keyframes(SegmentGrid grid, int gop_frames, Rational rate)
    : grid_(grid),
      gop_frames_(gop_frames),
      rate_(rate),
      apart_frames_(std::max<int64_t>(rate.num / (2 * rate.den), 1)) {}

bool Keyframes::next(bool cut) {
  const bool key = grid_.starts_segment(frame_, rate_) || frame_ - last_ >= gop_frames_ ||
                   (cut && stands_apart());
  if (key) last_ = frame_;
  ++frame_;
  return key;
}

bool Keyframes::stands_apart() const {
  return frame_ - last_ >= apart_frames_ &&
         grid_.segment_of(frame_ + apart_frames_ - 1, rate_) == grid_.segment_of(frame_, rate_);
}

}  // namespace videngine
