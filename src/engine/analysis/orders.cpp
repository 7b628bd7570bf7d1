#include "analysis/orders.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace videngine::analysis {
namespace {

constexpr int kMacroblock = 16;
// libavcodec's x264 multiplies a region's offset by the quantizer's range.
constexpr int kRange = 51;
constexpr int kSteps = 256;  // of the offsets that are told

// Two neighbours of a position along one side of the grid, and how much of the second.
struct Between {
  int first;
  int second;
  float part;
};

Between between(int macroblock, int size_px, int cells) {
  const float at = (static_cast<float>(macroblock) + 0.5F) * kMacroblock /
                       static_cast<float>(size_px) * static_cast<float>(cells) -
                   0.5F;
  const float inside = std::clamp(at, 0.0F, static_cast<float>(cells - 1));
  const int first = static_cast<int>(inside);
  return {first, std::min(first + 1, cells - 1), inside - static_cast<float>(first)};
}

float sample(const QuantOffsets& offsets, const Between& x, const Between& y) {
  const auto row = [&](int number) {
    const float* values =
        offsets.values.data() + static_cast<std::ptrdiff_t>(number) * offsets.columns;
    return std::lerp(values[x.first], values[x.second], x.part);
  };
  return std::lerp(row(y.first), row(y.second), y.part);
}

}  // namespace

void order(AVFrame& frame, const Finding& found) {
  frame.pict_type = found.key       ? AV_PICTURE_TYPE_I
                    : found.two_way ? AV_PICTURE_TYPE_B
                                    : AV_PICTURE_TYPE_P;
  frame.opaque = std::bit_cast<void*>(static_cast<intptr_t>(found.cost));
  av_frame_remove_side_data(&frame, AV_FRAME_DATA_REGIONS_OF_INTEREST);
  if (!found.offsets) return;
  const int columns = (frame.width + kMacroblock - 1) / kMacroblock;
  const int rows = (frame.height + kMacroblock - 1) / kMacroblock;
  const std::size_t regions = static_cast<std::size_t>(columns) * rows;
  AVFrameSideData* data = av_frame_new_side_data(&frame, AV_FRAME_DATA_REGIONS_OF_INTEREST,
                                                 regions * sizeof(AVRegionOfInterest));
  if (data == nullptr) throw std::bad_alloc();
  auto* region = new (data->data) AVRegionOfInterest[regions];
  for (int row = 0; row < rows; ++row) {
    const Between y = between(row, frame.height, found.offsets->rows);
    for (int column = 0; column < columns; ++column, ++region) {
      const Between x = between(column, frame.width, found.offsets->columns);
      const float offset = sample(*found.offsets, x, y);
      region->self_size = sizeof(AVRegionOfInterest);
      region->left = column * kMacroblock;
      region->right = std::min(region->left + kMacroblock, frame.width);
      region->top = row * kMacroblock;
      region->bottom = std::min(region->top + kMacroblock, frame.height);
      region->qoffset = {static_cast<int>(std::lround(offset * kSteps)), kRange * kSteps};
    }
  }
}

int64_t cost_of(const AVFrame& frame) { return std::bit_cast<intptr_t>(frame.opaque); }

}  // namespace videngine::analysis
