// A frame for Python: facts, and views of its planes that share the decoder's memory.

#include "av/check.h"
#include "av/frame_facts.h"
#include "bindings/dlpack.h"
#include "bindings/frame_arrays.h"
#include "bindings/frames.h"

extern "C" {
#include <libavutil/mastering_display_metadata.h>
#include <libavutil/pixdesc.h>
}

namespace py = pybind11;

namespace videngine::bindings {
namespace {

std::string name_of(const char* name) { return name == nullptr ? "unknown" : name; }

AVPixelFormat format_of(const HeldFrame& held) {
  return static_cast<AVPixelFormat>(held.frame->format);
}

py::tuple planes_of(const HeldFrame& held) {
  const std::vector<frames::Plane> planes = frames::planes(*held.frame);
  py::tuple views(planes.size());
  for (std::size_t i = 0; i < planes.size(); ++i) {
    views[i] = view(held, planes[i], static_cast<int>(i));
  }
  return views;
}

// Where the decoder's memory lies, plane by plane: (address, bytes).
py::tuple memory_of(const HeldFrame& held) {
  const std::size_t count = frames::planes(*held.frame).size();
  py::tuple places(count);
  for (std::size_t i = 0; i < count; ++i) {
    const AVBufferRef* buffer = av_frame_get_plane_buffer(held.frame.get(), static_cast<int>(i));
    places[i] = py::make_tuple(reinterpret_cast<uintptr_t>(buffer->data), buffer->size);
  }
  return places;
}

double of(AVRational value) { return av_q2d(value); }

// SMPTE ST 2086 and CTA-861.3, in candela per square metre and CIE 1931 x, y.
py::object hdr_of(const HeldFrame& held) {
  const AVFrame& frame = *held.frame;
  const auto* display = av_frame_get_side_data(&frame, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA);
  const auto* light = av_frame_get_side_data(&frame, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL);
  const auto* vision = av_frame_get_side_data(&frame, AV_FRAME_DATA_DOVI_METADATA);
  if (display == nullptr && light == nullptr && vision == nullptr) return py::none();
  py::dict facts;
  if (display != nullptr) {
    const auto& data = *reinterpret_cast<const AVMasteringDisplayMetadata*>(display->data);
    if (data.has_primaries != 0) {
      py::tuple primaries(3);
      for (int i = 0; i < 3; ++i) {
        primaries[i] =
            py::make_tuple(of(data.display_primaries[i][0]), of(data.display_primaries[i][1]));
      }
      facts["display_primaries"] = primaries;
      facts["white_point"] = py::make_tuple(of(data.white_point[0]), of(data.white_point[1]));
    }
    if (data.has_luminance != 0) {
      facts["min_luminance_nits"] = of(data.min_luminance);
      facts["max_luminance_nits"] = of(data.max_luminance);
    }
  }
  if (light != nullptr) {
    const auto& data = *reinterpret_cast<const AVContentLightMetadata*>(light->data);
    facts["max_content_nits"] = data.MaxCLL;
    facts["max_frame_average_nits"] = data.MaxFALL;
  }
  facts["dolby_vision"] = vision != nullptr;
  return facts;
}

Rational sample_aspect_ratio(const HeldFrame& held) {
  const AVRational own = held.frame->sample_aspect_ratio;
  return own.num > 0 && own.den > 0 ? Rational::of(own) : held.look->sample_aspect_ratio;
}

std::shared_ptr<HeldFrame> writable(const HeldFrame& held) {
  av::Frame copy = av::share(*held.frame);
  av::check(av_frame_make_writable(copy.get()), "av_frame_make_writable");
  return std::make_shared<HeldFrame>(std::move(copy), held.look, held.lease, true);
}

void into_rgb(const HeldFrame& held, const py::buffer& out, bool planar, bool sdr) {
  const Target target(out, false);
  const py::gil_scoped_release release;
  write_rgb(*held.frame, target, 0, planar, sdr);
}

}  // namespace

std::unique_ptr<Hold> hold(const HeldFrame& held, int plane) {
  AVBufferRef* buffer = av_frame_get_plane_buffer(held.frame.get(), plane);
  auto kept = std::make_unique<Hold>();
  kept->buffer.reset(buffer == nullptr ? nullptr : av_buffer_ref(buffer));
  if (!kept->buffer) throw std::bad_alloc();
  kept->lease = held.lease;
  return kept;
}

py::array view(const HeldFrame& held, const frames::Plane& plane, int number) {
  const py::dtype type = plane.kind == frames::Plane::Kind::kFloat
                             ? py::dtype(plane.item_bytes == 2 ? "f2" : "f4")
                         : plane.item_bytes == 1 ? py::dtype::of<uint8_t>()
                         : plane.big_endian      ? py::dtype(">u2")
                                                 : py::dtype::of<uint16_t>();
  const py::capsule base(hold(held, number).release(),
                         [](void* kept) { delete static_cast<Hold*>(kept); });
  py::array array(
      type, py::array::ShapeContainer(plane.shape.begin(), plane.shape.begin() + plane.dimensions),
      py::array::StridesContainer(plane.strides.begin(), plane.strides.begin() + plane.dimensions),
      plane.data, base);
  if (!held.writable) {
    py::detail::array_proxy(array.ptr())->flags &= ~py::detail::npy_api::NPY_ARRAY_WRITEABLE_;
  }
  return array;
}

void bind_frame(py::module_& module) {
  using Facts = const HeldFrame&;
  py::class_<HeldFrame, std::shared_ptr<HeldFrame>> frame(module, "DecodedFrame");
  frame.def_property_readonly("planes", &planes_of)
      .def_property_readonly("memory", &memory_of)
      .def_property_readonly("pts", [](Facts f) { return f.frame->pts; })
      .def_property_readonly("duration", [](Facts f) { return av::frame_duration(*f.frame); })
      .def_property_readonly("time_base", [](Facts f) { return f.look->time_base; })
      .def_property_readonly("time_s",
                             [](Facts f) {
                               return static_cast<double>(f.frame->pts) *
                                          f.look->time_base.to_double() -
                                      static_cast<double>(f.look->origin_us) / AV_TIME_BASE;
                             })
      .def_property_readonly("key", [](Facts f) { return av::is_key(*f.frame); })
      .def_property_readonly("width_px", [](Facts f) { return f.frame->width; })
      .def_property_readonly("height_px", [](Facts f) { return f.frame->height; })
      .def_property_readonly("format",
                             [](Facts f) { return name_of(av_get_pix_fmt_name(format_of(f))); })
      .def_property_readonly(
          "depth", [](Facts f) { return av_pix_fmt_desc_get(format_of(f))->comp[0].depth; })
      .def_property_readonly("color",
                             [](Facts f) {
                               const AVFrame& c = *f.frame;
                               return std::make_tuple(
                                   name_of(av_color_primaries_name(c.color_primaries)),
                                   name_of(av_color_transfer_name(c.color_trc)),
                                   name_of(av_color_space_name(c.colorspace)),
                                   name_of(av_color_range_name(c.color_range)),
                                   name_of(av_chroma_location_name(c.chroma_location)));
                             })
      .def_property_readonly("hdr", &hdr_of)
      .def_property_readonly("sample_aspect_ratio", &sample_aspect_ratio)
      .def_property_readonly("rotation_deg", [](Facts f) { return f.look->rotation_deg; })
      .def_readonly("is_writable", &HeldFrame::writable)
      .def("into_rgb", &into_rgb, py::arg("out"), py::arg("planar"), py::arg("sdr"))
      .def("to_dlpack", &to_dlpack, py::arg("plane"), py::arg("max_version"), py::arg("copy"))
      .def("writable", &writable, py::call_guard<py::gil_scoped_release>());
}

}  // namespace videngine::bindings
