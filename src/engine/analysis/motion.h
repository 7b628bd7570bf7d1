#pragma once

#include <cstdint>
#include <vector>

#include "analysis/small_picture.h"

namespace videngine::analysis {

// What predicting each block from its neighbours costs.
std::vector<uint16_t> intra_costs(const SmallPicture& picture);

// Where each block of a picture comes from in one other picture, and what is left to code.
struct Motion {
  std::vector<Vector> vectors;
  std::vector<uint16_t> costs;
  // Blocks that are cheaper by themselves count as that.
  int64_t total = 0;
};

// Looks for each block of `picture` in `reference`: near its neighbours' vectors, and near those of
// `hint` times `scale`, which is about the same picture and another reference or about the picture
// before, or is null.
Motion find_motion(const SmallPicture& picture, const SmallPicture& reference, const Motion* hint,
                   int scale);

// What blocks between two pictures cost: from the past, from the future, or from the mean of both.
struct TwoWay {
  enum class From : uint8_t { past, future, both };
  std::vector<uint16_t> costs;
  std::vector<From> from;
  int64_t total = 0;
};
TwoWay find_two_way(const SmallPicture& picture, const SmallPicture& past, const Motion& to_past,
                    const SmallPicture& future, const Motion& to_future);

}  // namespace videngine::analysis
