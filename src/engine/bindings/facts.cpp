// Probe results and events: read-only structs.

#include "bindings/module.h"
#include "demux/probe.h"
#include "event.h"

namespace py = pybind11;
using namespace videngine;  // NOLINT(google-build-using-namespace): a file of bindings speaks of
                            // nothing else

void bind_facts(py::module_& module) {
  py::class_<StreamFacts>(module, "StreamFacts")
      .def_readonly("index", &StreamFacts::index)
      .def_readonly("type", &StreamFacts::type)
      .def_readonly("codec", &StreamFacts::codec)
      .def_readonly("profile", &StreamFacts::profile)
      .def_readonly("duration_s", &StreamFacts::duration_s)
      .def_readonly("start_s", &StreamFacts::start_s)
      .def_readonly("bit_rate_bps", &StreamFacts::bit_rate_bps)
      .def_readonly("language", &StreamFacts::language)
      .def_readonly("title", &StreamFacts::title)
      .def_readonly("default", &StreamFacts::is_default)
      .def_readonly("width_px", &StreamFacts::width_px)
      .def_readonly("height_px", &StreamFacts::height_px)
      .def_readonly("sample_aspect_ratio", &StreamFacts::sample_aspect_ratio)
      .def_readonly("rotation_deg", &StreamFacts::rotation_deg)
      .def_readonly("frame_rate", &StreamFacts::frame_rate)
      .def_readonly("variable_frame_rate", &StreamFacts::variable_frame_rate)
      .def_readonly("pixel_format", &StreamFacts::pixel_format)
      .def_readonly("bit_depth", &StreamFacts::bit_depth)
      .def_readonly("interlaced", &StreamFacts::interlaced)
      .def_readonly("primaries", &StreamFacts::primaries)
      .def_readonly("transfer", &StreamFacts::transfer)
      .def_readonly("matrix", &StreamFacts::matrix)
      .def_readonly("range", &StreamFacts::range)
      .def_readonly("max_content_nits", &StreamFacts::max_content_nits)
      .def_readonly("mastering_peak_nits", &StreamFacts::mastering_peak_nits)
      .def_readonly("dolby_vision_profile", &StreamFacts::dolby_vision_profile)
      .def_readonly("dolby_vision_compatibility", &StreamFacts::dolby_vision_compatibility)
      .def_readonly("sample_rate_hz", &StreamFacts::sample_rate_hz)
      .def_readonly("channels", &StreamFacts::channels)
      .def_readonly("channel_layout", &StreamFacts::channel_layout)
      .def_readonly("attached_picture", &StreamFacts::attached_picture);

  py::class_<MediaFacts>(module, "MediaFacts")
      .def_readonly("format", &MediaFacts::format)
      .def_readonly("size_bytes", &MediaFacts::size_bytes)
      .def_readonly("duration_s", &MediaFacts::duration_s)
      .def_readonly("bit_rate_bps", &MediaFacts::bit_rate_bps)
      .def_readonly("start_s", &MediaFacts::start_s)
      .def_readonly("streams", &MediaFacts::streams);

  py::class_<Progress>(module, "Progress")
      .def_readonly("time_s", &Progress::time_s)
      .def_readonly("frames", &Progress::frames)
      .def_readonly("fps", &Progress::fps);

  py::class_<RenditionFinished>(module, "RenditionFinished")
      .def_readonly("id", &RenditionFinished::id)
      .def_readonly("kind", &RenditionFinished::kind)
      .def_readonly("path", &RenditionFinished::path)
      .def_readonly("size_bytes", &RenditionFinished::size_bytes)
      .def_readonly("frames", &RenditionFinished::frames)
      .def_readonly("duration_s", &RenditionFinished::duration_s)
      .def_readonly("codec_string", &RenditionFinished::codec_string);

  py::class_<RenditionFailed>(module, "RenditionFailed")
      .def_readonly("id", &RenditionFailed::id)
      .def_property_readonly("error",
                             [](const RenditionFailed& failed) { return exception(failed.error); });

  py::class_<Warning>(module, "Warning")
      .def_readonly("code", &Warning::code)
      .def_readonly("message", &Warning::message);

  py::class_<Finished>(module, "Finished")
      .def_readonly("frames", &Finished::frames)
      .def_readonly("decodes", &Finished::decodes)
      .def_readonly("encodes", &Finished::encodes);
}
