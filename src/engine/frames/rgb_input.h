#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "av/handles.h"

namespace videngine::frames {

// R'G'B' of full range, side by side, in memory of the caller's; any alignment.
struct RgbView {
  const uint8_t* data = nullptr;
  std::ptrdiff_t stride = 0;  // in bytes
  bool sixteen_bits = false;
};

// R'G'B' → a picture of yuv420p or yuv420p10le and of even size, by the matrix (which must be a
// weighted sum) and the range that it is tagged with; ITU-T H.273, 8.3. Chroma lies where MPEG-2
// has it: on the left ones of the luma columns, weighed 1:2:1 across, between two rows. Exact to a
// code.
void from_rgb(const RgbView& rgb, AVFrame& picture, std::vector<float>& scratch);

}  // namespace videngine::frames
