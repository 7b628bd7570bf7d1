#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "graph/queue.h"

namespace videngine::analysis {

// How much finer (below 0) or coarser a part of a picture is quantized than its mean, in steps of
// the quantizer. A grid over the whole picture, row by row: it serves every size.
struct QuantOffsets {
  int columns = 0;
  int rows = 0;
  std::vector<float> values;
};

// What every rendition of a picture does alike.
struct Finding {
  int64_t number = 0;
  bool key = false;
  bool two_way = false;                         // a B frame
  std::shared_ptr<const QuantOffsets> offsets;  // none: nobody refers to the picture
  // What is left to code of the picture after the one before it, of a key frame all of it; to be
  // compared with that of other pictures.
  int64_t cost = 0;
};

using FindingQueue = graph::BoundedQueue<Finding>;

}  // namespace videngine::analysis
