#pragma once

#include <memory>
#include <vector>

#include "av/handles.h"
#include "filter/frame_pool.h"
#include "plan.h"

namespace videngine {

// Lays logos over pictures, in planar YUV, 4:2:0, of 8 or 10 bits. Alpha is exact: each sample
// becomes picture * (1 - a) + logo * a, for chroma with the mean over its four pixels. Logos are
// read at the first picture, and their colours brought to its matrix, range and transfer. Owns them
// and its buffers; not thread-safe.
class Overlay {
 public:
  explicit Overlay(std::vector<LogoPlan> logos);
  ~Overlay();

  [[nodiscard]] bool empty() const { return logos_.empty(); }
  // Which logos are to be seen in frame `number`: one bit each.
  [[nodiscard]] unsigned visible(int64_t number) const;
  // The picture with those logos: a new frame, or a further reference where there are none.
  // Throws InputError logo_fetch_failed for an image that cannot be decoded.
  av::Frame over(const AVFrame& picture, unsigned visible);

 private:
  struct Prepared;

  std::vector<LogoPlan> logos_;
  std::vector<std::unique_ptr<Prepared>> prepared_;
  std::unique_ptr<FramePool> pool_;
};

}  // namespace videngine
