#pragma once

#include <optional>

#include "filter/frame_pool.h"
#include "plan.h"

namespace videngine {

// Lays pictures into the middle of a black frame; the picture begins at an even column and row.
// Without bars pictures are handed through. Not thread-safe.
class Bars {
 public:
  // `frame` is the size of the whole frame, of which `columns` and `rows` are black.
  Bars(int width_px, int height_px, AVPixelFormat format, int columns, int rows);

  av::Frame around(av::Frame picture);

 private:
  int columns_;
  int rows_;
  std::optional<FramePool> pool_;
};

}  // namespace videngine
