#pragma once

#include "av/handles.h"

namespace videngine {

// Pictures of one size and format whose memory is used again: no allocation per frame once the
// pipeline is full. The memory lives until the last frame is gone, whichever goes first. Frames may
// die on any thread.
class FramePool {
 public:
  FramePool(int width_px, int height_px, AVPixelFormat format);

  // A writable frame with aligned planes.
  av::Frame get();

 private:
  int width_px_;
  int height_px_;
  AVPixelFormat format_;
  int linesizes_[4] = {};
  std::size_t plane_bytes_[4] = {};
  av::BufferPool pool_;
};

}  // namespace videngine
