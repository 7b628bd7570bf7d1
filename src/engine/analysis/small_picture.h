#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "av/handles.h"

namespace videngine::analysis {

inline constexpr int kBlock = 8;

// Where a block comes from in another picture, in quarters of a pixel.
struct Vector {
  int16_t x = 0;
  int16_t y = 0;
  bool operator==(const Vector&) const = default;
};

// Luma of a small picture in whole blocks of 8x8, with its values between pixels, and what each
// block costs by itself. Immutable; any thread.
class SmallPicture {
 public:
  // Of any 8-bit picture with a plane of luma.
  explicit SmallPicture(const AVFrame& frame);

  // Blocks may be looked for so many pixels beyond the edges.
  static constexpr int kMargin = 24;

  [[nodiscard]] int columns() const { return columns_; }
  [[nodiscard]] int rows() const { return rows_; }
  [[nodiscard]] std::size_t blocks() const { return static_cast<std::size_t>(columns_) * rows_; }
  [[nodiscard]] std::ptrdiff_t stride() const { return stride_; }
  // Of the pixel itself (half 0), half a pixel right (1), below (2), right and below (3).
  [[nodiscard]] const uint8_t* at(int half, int x, int y) const {
    return planes_[half].data() + (y + kMargin) * stride_ + x + kMargin;
  }
  // The cost of predicting each block from its neighbours.
  [[nodiscard]] const std::vector<uint16_t>& intra() const { return intra_; }

 private:
  void fill(const AVFrame& frame);
  void interpolate();

  int columns_;
  int rows_;
  std::ptrdiff_t stride_;
  std::array<std::vector<uint8_t>, 4> planes_;
  std::vector<uint16_t> intra_;
};

}  // namespace videngine::analysis
