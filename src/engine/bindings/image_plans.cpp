// Plan structs of outputs that are images, as in plan.cpp.

#include "bindings/module.h"
#include "plan.h"

namespace py = pybind11;
using namespace videngine;  // NOLINT(google-build-using-namespace): a file of bindings speaks of
                            // nothing else

void bind_image_plans(py::module_& module) {
  py::class_<StillPlan>(module, "StillPlan")
      .def(py::init([](std::string id, Rational time_s, int width_px, int height_px,
                       std::string format, int quality, std::string path, Geometry geometry,
                       Look look, int64_t frame_offset) {
             return StillPlan{std::move(id),     time_s,      width_px,        height_px,
                              std::move(format), quality,     std::move(path), geometry,
                              std::move(look),   frame_offset};
           }),
           py::kw_only(), py::arg("id"), py::arg("time_s"), py::arg("width_px"),
           py::arg("height_px"), py::arg("format"), py::arg("quality"), py::arg("path"),
           py::arg("geometry"), py::arg("look"), py::arg("frame_offset"))
      .def_readonly("id", &StillPlan::id);

  py::class_<GifPlan>(module, "GifPlan")
      .def(py::init([](std::string id, int width_px, int height_px, Rational frame_rate,
                       Rational start_s, std::optional<Rational> duration_s, std::string path,
                       Geometry geometry, Look look) {
             return GifPlan{std::move(id), width_px,        height_px, frame_rate,     start_s,
                            duration_s,    std::move(path), geometry,  std::move(look)};
           }),
           py::kw_only(), py::arg("id"), py::arg("width_px"), py::arg("height_px"),
           py::arg("frame_rate"), py::arg("start_s"), py::arg("duration_s"), py::arg("path"),
           py::arg("geometry"), py::arg("look"))
      .def_readonly("id", &GifPlan::id);

  py::class_<ThumbnailsPlan>(module, "ThumbnailsPlan")
      .def(py::init([](std::string id, Rational start_s, std::optional<Rational> duration_s,
                       Rational interval_s, int64_t images, int width_px, int height_px,
                       std::string format, int quality, int columns, int rows, std::string folder,
                       std::string file_pattern, Geometry geometry, Look look) {
             return ThumbnailsPlan{std::move(id),
                                   start_s,
                                   duration_s,
                                   interval_s,
                                   images,
                                   width_px,
                                   height_px,
                                   std::move(format),
                                   quality,
                                   columns,
                                   rows,
                                   std::move(folder),
                                   std::move(file_pattern),
                                   geometry,
                                   std::move(look)};
           }),
           py::kw_only(), py::arg("id"), py::arg("start_s"), py::arg("duration_s"),
           py::arg("interval_s"), py::arg("images"), py::arg("width_px"), py::arg("height_px"),
           py::arg("format"), py::arg("quality"), py::arg("columns"), py::arg("rows"),
           py::arg("folder"), py::arg("file_pattern"), py::arg("geometry"), py::arg("look"))
      .def_readonly("id", &ThumbnailsPlan::id);
}
