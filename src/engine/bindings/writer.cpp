// Writing pictures: frames of a reader as they are, and arrays of the caller's where they lie. The
// GIL is released while they are encoded.

#include "frames/writer.h"

#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include <pybind11/numpy.h>

#include "bindings/frames.h"
#include "bindings/module.h"
#include "frames/planes.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace py = pybind11;

namespace videngine::bindings {
namespace {

// Arrays that are locked where they are, until the last picture that looks at them is gone. No
// encoder keeps one beyond the call that was given it, but one might.
using Locked = std::shared_ptr<std::vector<py::buffer_info>>;

void unlock(void* kept, uint8_t* /*data*/) noexcept {
  const py::gil_scoped_acquire gil;
  const std::unique_ptr<Locked> ended(static_cast<Locked*>(kept));
}

std::string item_of(const frames::Plane& plane) { return plane.item_bytes == 2 ? "H" : "B"; }

void require(const py::buffer_info& array, const frames::Plane& plane, std::size_t number) {
  bool fits = array.ndim == plane.dimensions && array.format == item_of(plane);
  for (int i = 0; fits && i < plane.dimensions; ++i) {
    const auto axis = static_cast<std::size_t>(i);
    fits = array.shape[axis] == plane.shape[axis] &&
           (i == 0 ? array.strides[0] >= plane.shape[1] * plane.strides[1]
                   : array.strides[axis] == plane.strides[axis]);
  }
  if (!fits) {
    throw std::invalid_argument("plane " + std::to_string(number) +
                                " is not as the format of the picture wants it");
  }
}

// A picture that looks at arrays, one for each plane.
av::Frame borrow(const std::vector<py::buffer>& arrays, const std::string& pixel_format,
                 int width_px, int height_px) {
  const auto locked = std::make_shared<std::vector<py::buffer_info>>();
  for (const py::buffer& array : arrays) locked->push_back(array.request());
  av::Frame picture = av::make_frame();
  picture->format = av_get_pix_fmt(pixel_format.c_str());
  picture->width = width_px;
  picture->height = height_px;
  if (arrays.size() > 3) throw std::invalid_argument("a picture has at most 3 planes");
  for (std::size_t i = 0; i < locked->size(); ++i) {
    const py::buffer_info& array = (*locked)[i];
    if (array.ndim < 2 || array.strides[0] <= 0 || array.strides[0] > INT32_MAX) {
      throw std::invalid_argument("a plane's rows follow each other");
    }
    picture->data[i] = static_cast<uint8_t*>(array.ptr);
    picture->linesize[i] = static_cast<int>(array.strides[0]);
  }
  const std::vector<frames::Plane> planes = frames::planes(*picture);
  if (planes.size() != arrays.size()) {
    throw std::invalid_argument(pixel_format + " has " + std::to_string(planes.size()) + " planes");
  }
  for (std::size_t i = 0; i < planes.size(); ++i) {
    require((*locked)[i], planes[i], i);
    const auto bytes = static_cast<std::size_t>((planes[i].shape[0] - 1) * planes[i].strides[0] +
                                                planes[i].shape[1] * planes[i].strides[1]);
    auto kept = std::make_unique<Locked>(locked);
    picture->buf[i] =
        av_buffer_create(picture->data[i], bytes, &unlock, kept.get(), AV_BUFFER_FLAG_READONLY);
    if (picture->buf[i] == nullptr) throw std::bad_alloc();
    static_cast<void>(kept.release());
  }
  return picture;
}

class PictureWriter {
 public:
  PictureWriter(const PicturePlan& picture, const VideoRenditionPlan& video, Rational time_base,
                std::string container)
      : width_px_(picture.width_px),
        height_px_(picture.height_px),
        writer_({picture, video, time_base, std::move(container)}) {}

  void write_frame(const HeldFrame& held, int64_t pts, bool key) {
    const av::Frame picture = av::share(*held.frame);
    const py::gil_scoped_release release;
    writer_.write(*picture, pts, key);
  }

  void write_planes(const std::vector<py::buffer>& arrays, const std::string& pixel_format,
                    int64_t pts, bool key) {
    const av::Frame picture = borrow(arrays, pixel_format, width_px_, height_px_);
    const py::gil_scoped_release release;
    writer_.write_borrowed(*picture, pts, key);
  }

  void write_rgb(const py::buffer& array, int64_t pts, bool key) {
    const bool sixteen_bits = array.request().itemsize == 2;
    const av::Frame picture =
        borrow({array}, sixteen_bits ? "rgb48le" : "rgb24", width_px_, height_px_);
    const py::gil_scoped_release release;
    writer_.write_rgb({picture->data[0], picture->linesize[0], sixteen_bits}, pts, key);
  }

  int64_t finish() {
    const py::gil_scoped_release release;
    return writer_.finish(signal_check());
  }

  [[nodiscard]] int64_t pictures() const { return writer_.pictures(); }
  [[nodiscard]] int64_t in_place() const { return writer_.in_place(); }

 private:
  int width_px_;
  int height_px_;
  frames::Writer writer_;
};

}  // namespace

void bind_writer(py::module_& module) {
  py::class_<PictureWriter>(module, "PictureWriter")
      .def(py::init<const PicturePlan&, const VideoRenditionPlan&, Rational, std::string>(),
           py::kw_only(), py::arg("picture"), py::arg("video"), py::arg("time_base"),
           py::arg("container"))
      .def("write_frame", &PictureWriter::write_frame, py::arg("frame"), py::arg("pts"),
           py::arg("key"))
      .def("write_planes", &PictureWriter::write_planes, py::arg("planes"), py::arg("pixel_format"),
           py::arg("pts"), py::arg("key"))
      .def("write_rgb", &PictureWriter::write_rgb, py::arg("array"), py::arg("pts"), py::arg("key"))
      .def("finish", &PictureWriter::finish)
      .def_property_readonly("pictures", &PictureWriter::pictures)
      .def_property_readonly("in_place", &PictureWriter::in_place);
}

}  // namespace videngine::bindings
