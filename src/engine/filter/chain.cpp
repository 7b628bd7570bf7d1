#include "filter/chain.h"

extern "C" {
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
}

#include "av/check.h"

namespace videngine {

FilterChain::FilterChain(const AVFrame& like, AVRational time_base, const std::string& description)
    : width_px_(like.width),
      height_px_(like.height),
      format_(like.format),
      time_base_(time_base),
      graph_(avfilter_graph_alloc()) {
  if (!graph_) throw std::bad_alloc();
  graph_->nb_threads = 1;  // the stages around it are the parallel ones
  const AVRational sar = like.sample_aspect_ratio;
  const std::string source =
      "video_size=" + std::to_string(like.width) + "x" + std::to_string(like.height) +
      ":pix_fmt=" + std::to_string(like.format) + ":time_base=" + std::to_string(time_base.num) +
      "/" + std::to_string(time_base.den) + ":pixel_aspect=" + std::to_string(sar.num) + "/" +
      std::to_string(std::max(sar.den, 1));
  av::check(avfilter_graph_create_filter(&in_, avfilter_get_by_name("buffer"), "in", source.c_str(),
                                         nullptr, graph_.get()),
            "buffer source", description);
  av::check(avfilter_graph_create_filter(&out_, avfilter_get_by_name("buffersink"), "out", nullptr,
                                         nullptr, graph_.get()),
            "buffer sink", description);
  AVFilterInOut* open_in = avfilter_inout_alloc();
  AVFilterInOut* open_out = avfilter_inout_alloc();
  if (open_in != nullptr && open_out != nullptr) {
    // Seen from the chain: its open output is our sink, its open input our source.
    *open_in = {av_strdup("out"), out_, 0, nullptr};
    *open_out = {av_strdup("in"), in_, 0, nullptr};
  }
  const int parsed =
      avfilter_graph_parse_ptr(graph_.get(), description.c_str(), &open_in, &open_out, nullptr);
  avfilter_inout_free(&open_in);
  avfilter_inout_free(&open_out);
  av::check(parsed, "avfilter_graph_parse_ptr", description);
  av::check(avfilter_graph_config(graph_.get(), nullptr), "avfilter_graph_config", description);
}

bool FilterChain::fits(const AVFrame& frame) const {
  return frame.width == width_px_ && frame.height == height_px_ && frame.format == format_;
}

void FilterChain::push(AVFrame* frame) {
  av::check(av_buffersrc_add_frame_flags(in_, frame, AV_BUFFERSRC_FLAG_PUSH),
            "av_buffersrc_add_frame");
}

av::Frame FilterChain::pull() {
  av::Frame frame = av::make_frame();
  const int got = av_buffersink_get_frame(out_, frame.get());
  if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return nullptr;
  av::check(got, "av_buffersink_get_frame");
  frame->pts = av_rescale_q(frame->pts, av_buffersink_get_time_base(out_), time_base_);
  return frame;
}

av::Frame FilterChain::apply(av::Frame frame) {
  const int64_t pts = frame->pts;
  push(frame.get());
  av::Frame filtered = av::make_frame();
  av::check(av_buffersink_get_frame(out_, filtered.get()), "av_buffersink_get_frame");
  filtered->pts = pts;
  return filtered;
}

}  // namespace videngine
