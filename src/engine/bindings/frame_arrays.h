#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "av/handles.h"
#include "bindings/frames.h"
#include "frames/rgb.h"

namespace videngine::bindings {

// An array of the caller's, looked at while the GIL is held and written to while it is not: its
// buffer is locked, so that it stays where it is.
class Target {
 public:
  // One picture an entry of the first axis where `many`. Throws ValueError, naming what was
  // expected.
  Target(const pybind11::buffer& array, bool many);

  [[nodiscard]] const std::vector<int64_t>& shape() const { return shape_; }  // of one picture
  [[nodiscard]] int64_t count() const { return count_; }
  [[nodiscard]] int64_t picture_bytes() const { return picture_bytes_; }
  [[nodiscard]] const std::string& item() const { return item_; }  // u1, u2, f4
  [[nodiscard]] uint8_t* picture(int64_t place) const { return data_ + place * picture_bytes_; }

 private:
  pybind11::buffer_info info_;
  std::vector<int64_t> shape_;
  int64_t count_ = 1;
  int64_t picture_bytes_ = 0;
  std::string item_;
  uint8_t* data_ = nullptr;
};

// Writes a picture as R'G'B' to a place of the target, whose shape says how. No GIL needed; throws
// std::invalid_argument where the shape is not the picture's.
void write_rgb(const AVFrame& frame, const Target& target, int64_t place, bool planar, bool sdr);
// Writes each plane to a place of its target.
void write_planes(const AVFrame& frame, const std::vector<Target>& targets, int64_t place);

}  // namespace videngine::bindings
