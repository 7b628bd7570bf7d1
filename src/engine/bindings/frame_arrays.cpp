// Pictures into arrays of the caller's: converted or copied, once, with no array between.

#include "bindings/frame_arrays.h"

#include <cstring>
#include <optional>
#include <stdexcept>

#include "frames/planes.h"

namespace py = pybind11;

namespace videngine::bindings {
namespace {

std::string shown(const std::vector<int64_t>& shape) {
  std::string text = "(";
  for (const int64_t side : shape) text += std::to_string(side) + ", ";
  return text.substr(0, text.size() - 2) + ")";
}

[[noreturn]] void refuse(const Target& target, const std::vector<int64_t>& expected,
                         const std::string& item) {
  throw std::invalid_argument("a picture of this source needs an array of shape " +
                              shown(expected) + " and type " + item + ", not " +
                              shown(target.shape()) + " and " + target.item());
}

std::string item_of(const py::buffer_info& info) {
  if (info.format == py::format_descriptor<uint8_t>::format()) return "u1";
  if (info.format == py::format_descriptor<uint16_t>::format()) return "u2";
  if (info.format == py::format_descriptor<float>::format()) return "f4";
  throw py::value_error("an array of pictures is of uint8, uint16 or float32");
}

// Converters are kept by the thread that uses them, for the next picture of the same kind.
frames::RgbConverter& converter(const frames::RgbFormat& format) {
  thread_local std::optional<frames::RgbConverter> kept;
  if (!kept || kept->format() != format) kept.emplace(format);
  return *kept;
}

}  // namespace

Target::Target(const py::buffer& array, bool many)
    : info_(array.request(/*writable=*/true)), item_(item_of(info_)) {
  int64_t stride = info_.itemsize;
  for (auto i = info_.ndim - 1; i >= 0; --i) {
    const auto axis = static_cast<std::size_t>(i);
    if (info_.shape[axis] > 1 && info_.strides[axis] != stride) {
      throw py::value_error("an array of pictures is C-contiguous");
    }
    stride *= info_.shape[axis];
  }
  shape_.assign(info_.shape.begin(), info_.shape.end());
  if (many) {
    if (shape_.empty()) throw py::value_error("an array of pictures has an axis of pictures");
    count_ = shape_.front();
    shape_.erase(shape_.begin());
  }
  picture_bytes_ = info_.itemsize;
  for (const int64_t side : shape_) picture_bytes_ *= side;
  data_ = static_cast<uint8_t*>(info_.ptr);
}

void write_rgb(const AVFrame& frame, const Target& target, int64_t place, bool planar, bool sdr) {
  const std::vector<int64_t> expected = planar ? std::vector<int64_t>{3, frame.height, frame.width}
                                               : std::vector<int64_t>{frame.height, frame.width, 3};
  if (target.shape() != expected) refuse(target, expected, target.item());
  using Item = frames::RgbFormat::Item;
  const Item item = target.item() == "u1"   ? Item::kU1
                    : target.item() == "u2" ? Item::kU2
                                            : Item::kF4;
  converter({item, planar, sdr}).convert(frame, target.picture(place));
}

void write_planes(const AVFrame& frame, const std::vector<Target>& targets, int64_t place) {
  const std::vector<frames::Plane> planes = frames::planes(frame);
  if (targets.size() != planes.size()) {
    throw std::invalid_argument("pictures of this source have " + std::to_string(planes.size()) +
                                " planes, not " + std::to_string(targets.size()));
  }
  for (std::size_t p = 0; p < planes.size(); ++p) {
    const frames::Plane& plane = planes[p];
    const std::vector<int64_t> expected(plane.shape.begin(),
                                        plane.shape.begin() + plane.dimensions);
    const std::string item = plane.kind == frames::Plane::Kind::kFloat ? "f4"
                             : plane.item_bytes == 2                   ? "u2"
                                                                       : "u1";
    if (targets[p].shape() != expected || targets[p].item() != item) {
      refuse(targets[p], expected, item);
    }
    const auto row_bytes = static_cast<std::size_t>(targets[p].picture_bytes() / plane.shape[0]);
    for (int64_t y = 0; y < plane.shape[0]; ++y) {
      std::memcpy(targets[p].picture(place) + y * static_cast<int64_t>(row_bytes),
                  plane.data + y * plane.strides[0], row_bytes);
    }
  }
}

}  // namespace videngine::bindings
