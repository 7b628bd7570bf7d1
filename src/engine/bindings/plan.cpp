// Plan structs: keyword-only constructors, read-only fields. Defaults live in videngine/plan.py
// alone.

#include "plan.h"

#include "bindings/module.h"

namespace py = pybind11;
using namespace videngine;  // NOLINT(google-build-using-namespace): a file of bindings speaks of
                            // nothing else

void bind_plan(py::module_& module) {
  py::class_<Geometry>(module, "Geometry")
      .def(py::init([](int rotation_deg, Rational kept_width, Rational kept_height, int bars_x_px,
                       int bars_y_px, Rational sample_aspect_ratio, std::string filter) {
             return Geometry{rotation_deg, kept_width,          kept_height,      bars_x_px,
                             bars_y_px,    sample_aspect_ratio, std::move(filter)};
           }),
           py::kw_only(), py::arg("rotation_deg"), py::arg("kept_width"), py::arg("kept_height"),
           py::arg("bars_x_px"), py::arg("bars_y_px"), py::arg("sample_aspect_ratio"),
           py::arg("filter"))
      .def_readonly("rotation_deg", &Geometry::rotation_deg);

  py::class_<TonemapPlan>(module, "TonemapPlan")
      .def(py::init([](std::string transfer, double peak_nits) {
             return TonemapPlan{std::move(transfer), peak_nits};
           }),
           py::kw_only(), py::arg("transfer"), py::arg("peak_nits"))
      .def_readonly("transfer", &TonemapPlan::transfer);

  py::class_<ColorPlan>(module, "ColorPlan")
      .def(py::init([](std::string primaries, std::string transfer, std::string matrix,
                       std::string range) {
             return ColorPlan{std::move(primaries), std::move(transfer), std::move(matrix),
                              std::move(range)};
           }),
           py::kw_only(), py::arg("primaries"), py::arg("transfer"), py::arg("matrix"),
           py::arg("range"))
      .def_readonly("matrix", &ColorPlan::matrix);

  py::class_<LogoPlan>(module, "LogoPlan")
      .def(
          py::init([](std::string path, std::string horizontal_edge, std::string vertical_edge,
                      int x_px, int y_px, std::optional<int> width_px, std::optional<int> height_px,
                      double opacity, int64_t first_frame, std::optional<int64_t> end_frame) {
            return LogoPlan{std::move(path),
                            std::move(horizontal_edge),
                            std::move(vertical_edge),
                            x_px,
                            y_px,
                            width_px,
                            height_px,
                            opacity,
                            first_frame,
                            end_frame};
          }),
          py::kw_only(), py::arg("path"), py::arg("horizontal_edge"), py::arg("vertical_edge"),
          py::arg("x_px"), py::arg("y_px"), py::arg("width_px"), py::arg("height_px"),
          py::arg("opacity"), py::arg("first_frame"), py::arg("end_frame"))
      .def_readonly("path", &LogoPlan::path);

  py::class_<Look>(module, "Look")
      .def(py::init([](std::string deinterlace, std::optional<TonemapPlan> tonemap, ColorPlan color,
                       std::vector<LogoPlan> logos) {
             return Look{std::move(deinterlace), std::move(tonemap), std::move(color),
                         std::move(logos)};
           }),
           py::kw_only(), py::arg("deinterlace"), py::arg("tonemap"), py::arg("color"),
           py::arg("logos"))
      .def_readonly("tonemap", &Look::tonemap);

  py::class_<PicturePlan>(module, "PicturePlan")
      .def(py::init([](std::string id, std::optional<std::string> parent, int width_px,
                       int height_px, Rational frame_rate, Rational start_s,
                       std::optional<Rational> duration_s, std::string pixel_format,
                       Geometry geometry, Look look) {
             return PicturePlan{
                 std::move(id),       std::move(parent), width_px,   height_px,
                 frame_rate,          start_s,           duration_s, std::move(pixel_format),
                 std::move(geometry), std::move(look)};
           }),
           py::kw_only(), py::arg("id"), py::arg("parent"), py::arg("width_px"),
           py::arg("height_px"), py::arg("frame_rate"), py::arg("start_s"), py::arg("duration_s"),
           py::arg("pixel_format"), py::arg("geometry"), py::arg("look"))
      .def_readonly("id", &PicturePlan::id);

  py::class_<VideoRenditionPlan>(module, "VideoRenditionPlan")
      .def(py::init([](std::string id, std::string picture, std::string codec, std::string preset,
                       std::optional<double> crf, std::optional<int64_t> bitrate_bps,
                       std::optional<int64_t> max_bitrate_bps,
                       std::optional<int64_t> buffer_size_bits, int gop_frames, Rational segment_s,
                       Rational grid_rate, int threads, std::string path,
                       std::vector<std::pair<std::string, std::string>> options, std::string tag,
                       int pass_number, std::string statistics_path, bool captions,
                       std::optional<std::string> analysis_from,
                       std::optional<std::string> lookahead, int chunk_encoders) {
             return VideoRenditionPlan{std::move(id),
                                       std::move(picture),
                                       std::move(codec),
                                       std::move(preset),
                                       crf,
                                       bitrate_bps,
                                       max_bitrate_bps,
                                       buffer_size_bits,
                                       gop_frames,
                                       segment_s,
                                       grid_rate,
                                       threads,
                                       std::move(path),
                                       std::move(options),
                                       std::move(tag),
                                       pass_number,
                                       std::move(statistics_path),
                                       captions,
                                       std::move(analysis_from),
                                       std::move(lookahead),
                                       chunk_encoders};
           }),
           py::kw_only(), py::arg("id"), py::arg("picture"), py::arg("codec"), py::arg("preset"),
           py::arg("crf"), py::arg("bitrate_bps"), py::arg("max_bitrate_bps"),
           py::arg("buffer_size_bits"), py::arg("gop_frames"), py::arg("segment_s"),
           py::arg("grid_rate"), py::arg("threads"), py::arg("path"), py::arg("options"),
           py::arg("tag"), py::arg("pass_number"), py::arg("statistics_path"), py::arg("captions"),
           py::arg("analysis_from"), py::arg("lookahead"), py::arg("chunk_encoders"))
      .def_readonly("id", &VideoRenditionPlan::id);

  py::class_<LookaheadPlan>(module, "LookaheadPlan")
      .def(py::init([](std::string id, std::string picture, int depth_frames, int gop_frames,
                       Rational segment_s, Rational grid_rate, bool scene_cuts) {
             return LookaheadPlan{std::move(id), std::move(picture), depth_frames, gop_frames,
                                  segment_s,     grid_rate,          scene_cuts};
           }),
           py::kw_only(), py::arg("id"), py::arg("picture"), py::arg("depth_frames"),
           py::arg("gop_frames"), py::arg("segment_s"), py::arg("grid_rate"), py::arg("scene_cuts"))
      .def_readonly("id", &LookaheadPlan::id);

  py::class_<AudioRenditionPlan>(module, "AudioRenditionPlan")
      .def(py::init([](std::string id, std::optional<int> stream, std::string codec,
                       int64_t bitrate_bps, int sample_rate_hz, int sample_bits, std::string layout,
                       std::optional<Mix> mix, double gain_db, std::optional<double> true_peak_dbtp,
                       std::string container, Rational segment_s, std::string language,
                       std::vector<std::pair<std::string, std::string>> tags, std::string path,
                       Rational start_s, std::optional<Rational> duration_s, bool with_picture) {
             return AudioRenditionPlan{std::move(id),
                                       stream,
                                       std::move(codec),
                                       bitrate_bps,
                                       sample_rate_hz,
                                       sample_bits,
                                       std::move(layout),
                                       std::move(mix),
                                       gain_db,
                                       true_peak_dbtp,
                                       std::move(container),
                                       segment_s,
                                       std::move(language),
                                       std::move(tags),
                                       std::move(path),
                                       start_s,
                                       duration_s,
                                       with_picture};
           }),
           py::kw_only(), py::arg("id"), py::arg("stream"), py::arg("codec"),
           py::arg("bitrate_bps"), py::arg("sample_rate_hz"), py::arg("sample_bits"),
           py::arg("layout"), py::arg("mix"), py::arg("gain_db"), py::arg("true_peak_dbtp"),
           py::arg("container"), py::arg("segment_s"), py::arg("language"), py::arg("tags"),
           py::arg("path"), py::arg("start_s"), py::arg("duration_s"), py::arg("with_picture"))
      .def_readonly("id", &AudioRenditionPlan::id);

  py::class_<LoudnessPlan>(module, "LoudnessPlan")
      .def(py::init([](std::string id, int stream, int sample_rate_hz, std::string layout,
                       std::optional<Mix> mix, double gain_db, std::optional<double> true_peak_dbtp,
                       Rational start_s, std::optional<Rational> duration_s) {
             return LoudnessPlan{std::move(id),     stream,         sample_rate_hz,
                                 std::move(layout), std::move(mix), gain_db,
                                 true_peak_dbtp,    start_s,        duration_s};
           }),
           py::kw_only(), py::arg("id"), py::arg("stream"), py::arg("sample_rate_hz"),
           py::arg("layout"), py::arg("mix"), py::arg("gain_db"), py::arg("true_peak_dbtp"),
           py::arg("start_s"), py::arg("duration_s"))
      .def_readonly("id", &LoudnessPlan::id);

  bind_image_plans(module);

  py::class_<ClipPlan>(module, "ClipPlan")
      .def(py::init([](std::string path, int video_stream, int rotation_deg, Rational start_s,
                       Rational length_s, std::vector<std::pair<int, int>> sounds) {
             return ClipPlan{std::move(path), video_stream, rotation_deg,
                             start_s,         length_s,     std::move(sounds)};
           }),
           py::kw_only(), py::arg("path"), py::arg("video_stream"), py::arg("rotation_deg"),
           py::arg("start_s"), py::arg("length_s"), py::arg("sounds"))
      .def_readonly("path", &ClipPlan::path);

  py::class_<TextRenditionPlan>(module, "TextRenditionPlan")
      .def(py::init([](std::string id, int stream, std::string path) {
             return TextRenditionPlan{std::move(id), stream, std::move(path)};
           }),
           py::kw_only(), py::arg("id"), py::arg("stream"), py::arg("path"))
      .def_readonly("id", &TextRenditionPlan::id);

  py::class_<Plan>(module, "Plan")
      .def(py::init([](std::string source_path, std::optional<int> video_stream, int rotation_deg,
                       int decoder_threads, std::vector<ClipPlan> clips, int width_px,
                       int height_px, bool keyframes_only, std::vector<PicturePlan> pictures,
                       std::vector<LookaheadPlan> lookaheads, std::vector<VideoRenditionPlan> video,
                       std::vector<AudioRenditionPlan> audio, std::vector<LoudnessPlan> loudness,
                       std::vector<StillPlan> stills, std::vector<TextRenditionPlan> texts,
                       std::vector<GifPlan> gifs, std::vector<ThumbnailsPlan> thumbnails) {
             return Plan{std::move(source_path),
                         video_stream,
                         rotation_deg,
                         decoder_threads,
                         std::move(clips),
                         width_px,
                         height_px,
                         keyframes_only,
                         std::move(pictures),
                         std::move(lookaheads),
                         std::move(video),
                         std::move(audio),
                         std::move(loudness),
                         std::move(stills),
                         std::move(texts),
                         std::move(gifs),
                         std::move(thumbnails)};
           }),
           py::kw_only(), py::arg("source_path"), py::arg("video_stream"), py::arg("rotation_deg"),
           py::arg("decoder_threads"), py::arg("clips"), py::arg("width_px"), py::arg("height_px"),
           py::arg("keyframes_only"), py::arg("pictures"), py::arg("lookaheads"), py::arg("video"),
           py::arg("audio"), py::arg("loudness"), py::arg("stills"), py::arg("texts"),
           py::arg("gifs"), py::arg("thumbnails"))
      .def_readonly("source_path", &Plan::source_path);
}
