#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "av/handles.h"

namespace videngine::frames {

// One plane of a picture as a strided array; borrows the picture's memory.
struct Plane {
  enum class Kind : uint8_t { kUnsigned, kFloat };

  uint8_t* data = nullptr;
  Kind kind = Kind::kUnsigned;
  int item_bytes = 1;
  bool big_endian = false;
  int dimensions = 2;                // rows, columns; and components, where several are interleaved
  std::array<int64_t, 3> shape{};    // in items
  std::array<int64_t, 3> strides{};  // in bytes; rows of a picture that is upside down go backwards
};

// All planes of a picture, but for the palette of those that have one. Formats that pack
// components in other ways than side by side come as rows of bytes.
std::vector<Plane> planes(const AVFrame& frame);

}  // namespace videngine::frames
