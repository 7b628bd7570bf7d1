#include "encode/palette.h"

#include <string>

#include "av/check.h"

extern "C" {
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
}

namespace videngine {
namespace {

av::FilterGraph make_graph() {
  av::FilterGraph graph(avfilter_graph_alloc());
  if (!graph) throw std::bad_alloc();
  graph->nb_threads = 1;
  return graph;
}

AVFilterContext* add(AVFilterGraph& graph, const char* filter, const char* name,
                     const std::string& options) {
  AVFilterContext* context = nullptr;
  av::check(avfilter_graph_create_filter(&context, avfilter_get_by_name(filter), name,
                                         options.c_str(), nullptr, &graph),
            filter);
  return context;
}

AVFilterContext* add_source(AVFilterGraph& graph, const char* name, int width_px, int height_px) {
  return add(graph, "buffer", name,
             "video_size=" + std::to_string(width_px) + "x" + std::to_string(height_px) +
                 ":pix_fmt=" + std::to_string(AV_PIX_FMT_RGB32) +
                 ":time_base=1/1:pixel_aspect=1/1");
}

void link(AVFilterContext* from, AVFilterContext* to, unsigned input) {
  av::check(avfilter_link(from, 0, to, input), "avfilter_link");
}

void send(AVFilterContext* source, const AVFrame* frame, int64_t pts) {
  av::Frame copy;
  if (frame != nullptr) {
    copy = av::share(*frame);
    copy->pts = pts;
  }
  av::check(av_buffersrc_add_frame_flags(source, copy.get(), AV_BUFFERSRC_FLAG_PUSH),
            "av_buffersrc_add_frame");
}

av::Frame receive(AVFilterContext* sink) {
  av::Frame frame = av::make_frame();
  av::check(av_buffersink_get_frame(sink, frame.get()), "av_buffersink_get_frame");
  return frame;
}

}  // namespace

PaletteMaker::PaletteMaker(int width_px, int height_px) : graph_(make_graph()) {
  in_ = add_source(*graph_, "in", width_px, height_px);
  // What moves counts for more than the background, which every frame would add again.
  AVFilterContext* maker =
      videngine::add(*graph_, "palettegen", "palettegen", "stats_mode=diff:reserve_transparent=1");
  out_ = videngine::add(*graph_, "buffersink", "out", "");
  link(in_, maker, 0);
  link(maker, out_, 0);
  av::check(avfilter_graph_config(graph_.get(), nullptr), "avfilter_graph_config", "palettegen");
}

void PaletteMaker::add(const AVFrame& picture) { send(in_, &picture, picture.pts); }

av::Frame PaletteMaker::finish() {
  send(in_, nullptr, 0);
  return receive(out_);
}

PaletteUser::PaletteUser(int width_px, int height_px, const AVFrame& palette)
    : graph_(make_graph()) {
  in_ = add_source(*graph_, "in", width_px, height_px);
  AVFilterContext* colours = add_source(*graph_, "palette", palette.width, palette.height);
  // An ordered pattern stands still where the picture does, which keeps files small.
  AVFilterContext* user =
      add(*graph_, "paletteuse", "paletteuse", "dither=bayer:bayer_scale=4:diff_mode=rectangle");
  out_ = add(*graph_, "buffersink", "out", "");
  link(in_, user, 0);
  link(colours, user, 1);
  link(user, out_, 0);
  av::check(avfilter_graph_config(graph_.get(), nullptr), "avfilter_graph_config", "paletteuse");
  send(colours, &palette, 0);
  send(colours, nullptr, 0);  // the last frame of an input goes on for ever
}

av::Frame PaletteUser::apply(const AVFrame& picture) {
  send(in_, &picture, number_++);
  return receive(out_);
}

}  // namespace videngine
