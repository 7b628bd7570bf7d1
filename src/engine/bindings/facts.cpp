// Probe results and events: read-only structs.

#include "bindings/module.h"
#include "demux/probe.h"
#include "event.h"

namespace py = pybind11;
using namespace videngine;  // NOLINT(google-build-using-namespace): a file of bindings speaks of
                            // nothing else

namespace {

// Containers hold text in whatever encoding their writers thought of.
py::str text(const std::string& bytes) {
  PyObject* decoded =
      PyUnicode_DecodeUTF8(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), "replace");
  if (decoded == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(decoded);
}

py::dict plain(const Tags& tags) {
  py::dict result;
  for (const auto& [name, value] : tags) result[text(name)] = text(value);
  return result;
}

py::list plain(const std::vector<SideData>& all) {
  py::list result;
  for (const SideData& data : all) {
    py::dict one;
    one["side_data_type"] = data.type;
    for (const auto& [name, value] : data.values) one[name.c_str()] = value;
    result.append(one);
  }
  return result;
}

}  // namespace

void bind_facts(py::module_& module) {
  py::class_<StreamFacts>(module, "StreamFacts")
      .def_readonly("index", &StreamFacts::index)
      .def_readonly("type", &StreamFacts::type)
      .def_readonly("codec", &StreamFacts::codec)
      .def_readonly("profile", &StreamFacts::profile)
      .def_readonly("duration_s", &StreamFacts::duration_s)
      .def_readonly("start_s", &StreamFacts::start_s)
      .def_readonly("bit_rate_bps", &StreamFacts::bit_rate_bps)
      .def_property_readonly("language", [](const StreamFacts& f) { return text(f.language); })
      .def_property_readonly("title", [](const StreamFacts& f) { return text(f.title); })
      .def_readonly("default", &StreamFacts::is_default)
      .def_readonly("width_px", &StreamFacts::width_px)
      .def_readonly("height_px", &StreamFacts::height_px)
      .def_readonly("sample_aspect_ratio", &StreamFacts::sample_aspect_ratio)
      .def_readonly("rotation_deg", &StreamFacts::rotation_deg)
      .def_readonly("frame_rate", &StreamFacts::frame_rate)
      .def_readonly("keyframe_interval_s", &StreamFacts::keyframe_interval_s)
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
      .def_readonly("attached_picture", &StreamFacts::attached_picture)
      .def_property_readonly("codec_tag", [](const StreamFacts& f) { return text(f.codec_tag); })
      .def_readonly("level", &StreamFacts::level)
      .def_readonly("frames", &StreamFacts::frames)
      .def_readonly("time_base", &StreamFacts::time_base)
      .def_readonly("dispositions", &StreamFacts::dispositions)
      .def_property_readonly("tags", [](const StreamFacts& f) { return plain(f.tags); })
      .def_property_readonly("side_data", [](const StreamFacts& f) { return plain(f.side_data); });

  py::class_<Chapter>(module, "Chapter")
      .def_readonly("start_s", &Chapter::start_s)
      .def_readonly("end_s", &Chapter::end_s)
      .def_property_readonly("tags", [](const Chapter& chapter) { return plain(chapter.tags); });

  py::class_<MediaFacts>(module, "MediaFacts")
      .def_readonly("format", &MediaFacts::format)
      .def_readonly("size_bytes", &MediaFacts::size_bytes)
      .def_readonly("duration_s", &MediaFacts::duration_s)
      .def_readonly("bit_rate_bps", &MediaFacts::bit_rate_bps)
      .def_readonly("start_s", &MediaFacts::start_s)
      .def_readonly("streams", &MediaFacts::streams)
      .def_readonly("chapters", &MediaFacts::chapters)
      .def_property_readonly("tags", [](const MediaFacts& facts) { return plain(facts.tags); });

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
      .def_readonly("codec_string", &RenditionFinished::codec_string)
      .def_readonly("captions", &RenditionFinished::captions)
      .def_readonly("chunk_cpu_s", &RenditionFinished::chunk_cpu_s);

  py::class_<LoudnessMeasured>(module, "LoudnessMeasured")
      .def_readonly("id", &LoudnessMeasured::id)
      .def_readonly("integrated_lufs", &LoudnessMeasured::integrated_lufs)
      .def_readonly("range_lu", &LoudnessMeasured::range_lu)
      .def_readonly("true_peak_dbtp", &LoudnessMeasured::true_peak_dbtp);

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
