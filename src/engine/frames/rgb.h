#pragma once

#include <cstdint>
#include <memory>

#include "av/handles.h"

namespace videngine::frames {

// What R'G'B' is wanted as.
struct RgbFormat {
  enum class Item : uint8_t { kU1, kU2, kF4 };  // full scale: 255, 65535, 1.0

  Item item = Item::kU1;
  bool planar = false;  // (3, H, W), else (H, W, 3)
  bool sdr = false;  // HDR is tone-mapped to BT.709; else the numbers of the source's own transfer

  friend bool operator==(const RgbFormat&, const RgbFormat&) = default;
};

// Pictures of any pixel format → R'G'B', by their matrix, range and chroma location; where they do
// not say, BT.709 above 576 lines, BT.601 below, limited range, chroma to the left. Keeps what it
// makes for one kind of picture. Not thread-safe.
class RgbConverter {
 public:
  explicit RgbConverter(RgbFormat format);
  ~RgbConverter();
  RgbConverter(const RgbConverter&) = delete;
  RgbConverter& operator=(const RgbConverter&) = delete;

  [[nodiscard]] const RgbFormat& format() const { return format_; }
  // Writes 3 * width * height items without gaps to `out`.
  void convert(const AVFrame& frame, void* out);

 private:
  struct State;

  const RgbFormat format_;
  std::unique_ptr<State> state_;
};

}  // namespace videngine::frames
