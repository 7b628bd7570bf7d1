// The extension module: this folder is the only one that knows pybind11. No Python runs on an
// engine thread; the GIL is released around every wait.

#include "bindings/module.h"

#include "av/log.h"
#include "demux/probe.h"
#include "encode/audio_encoder.h"
#include "encode/video_encoder.h"
#include "error.h"
#include "filter/logo_image.h"
#include "mux/remux.h"
#include "mux/repack.h"

namespace py = pybind11;

py::object exception(const videngine::EngineError& error) {
  constexpr const char* kNames[] = {"InputError",    "EncoderUnavailable", "DeviceError",
                                    "ResourceError", "Cancelled",          "VidengineError"};
  const py::module_ errors = py::module_::import("videngine.errors");
  const py::object type = errors.attr(kNames[static_cast<int>(error.kind)]);
  return type(error.code, error.what(), py::arg("subject") = error.subject,
              py::arg("log") = py::tuple(py::cast(error.log)));
}

namespace {

void translate(std::exception_ptr failure) {
  try {
    if (failure) std::rethrow_exception(failure);
  } catch (const videngine::EngineError& error) {
    const py::object raised = exception(error);
    PyErr_SetObject(py::type::of(raised).ptr(), raised.ptr());
  }
}

}  // namespace

PYBIND11_MODULE(_engine, module, py::mod_gil_not_used()) {
  module.doc() = "The native engine. Import it in a process of its own: see videngine.engine.";
  videngine::av::capture_log();
  py::register_exception_translator(&translate);
  bind_plan(module);
  bind_facts(module);
  bind_session(module);
  bind_frames(module);
  py::class_<videngine::TextTrack>(module, "TextTrack")
      .def(py::init([](std::string language, std::string name, bool is_default, bool forced,
                       const std::vector<std::tuple<int64_t, int64_t, std::string>>& cues) {
             videngine::TextTrack track{
                 std::move(language), std::move(name), is_default, forced, {}};
             for (const auto& [start_ms, end_ms, ass] : cues) {
               track.cues.push_back({start_ms, end_ms, ass});
             }
             return track;
           }),
           py::kw_only(), py::arg("language"), py::arg("name"), py::arg("default"),
           py::arg("forced"), py::arg("cues"))
      .def_readonly("name", &videngine::TextTrack::name);
  using Release = py::call_guard<py::gil_scoped_release>;
  module.def("probe", &videngine::probe, py::arg("path"), Release());
  module.def("try_video_encoder", &videngine::try_video_encoder, py::arg("plan"), Release());
  module.def(
      "try_audio_encoder",
      [](const videngine::AudioRenditionPlan& plan) {
        const videngine::AudioEncoder encoder(plan);
      },
      py::arg("plan"), Release());
  module.def("remux_file", &videngine::remux_file, py::arg("tracks"), py::arg("languages"),
             py::arg("texts"), py::arg("target"), Release());
  module.def(
      "repack",
      [](std::string source_path, std::string target, std::string container,
         std::vector<int> streams, bool metadata, videngine::Rational start_s,
         std::optional<videngine::Rational> duration_s) {
        return videngine::repack({std::move(source_path), std::move(target), std::move(container),
                                  std::move(streams), metadata, start_s, duration_s});
      },
      py::arg("source_path"), py::arg("target"), py::arg("container"), py::arg("streams"),
      py::arg("metadata"), py::arg("start_s"), py::arg("duration_s"), Release());
  module.def("remux_ts", &videngine::remux_ts, py::arg("tracks"), py::arg("folder"),
             py::arg("segment_s"), py::arg("playlist"), py::arg("segment_pattern"), Release());
  module.def(
      "check_logo", [](const std::string& path) { videngine::check_logo(path); }, py::arg("path"),
      Release());
}
