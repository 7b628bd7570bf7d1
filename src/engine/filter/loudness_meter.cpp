#include "filter/loudness_meter.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

extern "C" {
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
}

#include "av/check.h"

namespace videngine {
namespace {

// A number that the meter left in a frame's metadata; `otherwise` where there is none.
double number(const AVFrame& frame, const std::string& key, double otherwise) {
  const AVDictionaryEntry* entry = av_dict_get(frame.metadata, key.c_str(), nullptr, 0);
  if (entry == nullptr) return otherwise;
  const double value = std::strtod(entry->value, nullptr);
  return std::isfinite(value) ? value : otherwise;
}

}  // namespace

LoudnessMeter::LoudnessMeter(int sample_rate_hz, const std::string& layout)
    : sample_rate_hz_(sample_rate_hz), layout_(layout), graph_(avfilter_graph_alloc()) {
  if (!graph_) throw std::bad_alloc();
  graph_->nb_threads = 1;
  const std::string rate = std::to_string(sample_rate_hz);
  const std::string source =
      "sample_fmt=fltp:sample_rate=" + rate + ":channel_layout=" + layout + ":time_base=1/" + rate;
  const auto create = [this](AVFilterContext** filter, const char* kind, const char* name,
                             const char* arguments) {
    av::check(avfilter_graph_create_filter(filter, avfilter_get_by_name(kind), name, arguments,
                                           nullptr, graph_.get()),
              kind);
  };
  AVFilterContext* meter = nullptr;
  create(&in_, "abuffer", "in", source.c_str());
  create(&meter, "ebur128", "meter", "peak=true:metadata=1:framelog=verbose");
  create(&out_, "abuffersink", "out", nullptr);
  av::check(avfilter_link(in_, 0, meter, 0), "avfilter_link");
  av::check(avfilter_link(meter, 0, out_, 0), "avfilter_link");
  av::check(avfilter_graph_config(graph_.get(), nullptr), "avfilter_graph_config");
}

void LoudnessMeter::push(const uint8_t* const* planes, int samples) {
  const av::Frame frame = av::make_frame();
  frame->nb_samples = samples;
  frame->format = AV_SAMPLE_FMT_FLTP;
  frame->sample_rate = sample_rate_hz_;
  frame->pts = position_;
  av::check(av_channel_layout_copy(&frame->ch_layout, layout_.get()), "av_channel_layout_copy");
  av::check(av_frame_get_buffer(frame.get(), 0), "av_frame_get_buffer");
  for (int channel = 0; channel < layout_.channels(); ++channel) {
    std::memcpy(frame->extended_data[channel], planes[channel],
                sizeof(float) * static_cast<std::size_t>(samples));
  }
  position_ += samples;
  av::check(av_buffersrc_add_frame(in_, frame.get()), "av_buffersrc_add_frame");
  read();
}

void LoudnessMeter::finish() {
  av::check(av_buffersrc_add_frame(in_, nullptr), "av_buffersrc_add_frame");
  read();
}

void LoudnessMeter::read() {
  while (true) {
    const av::Frame frame = av::make_frame();
    const int got = av_buffersink_get_frame(out_, frame.get());
    if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return;
    av::check(got, "av_buffersink_get_frame");
    integrated_lufs_ = number(*frame, "lavfi.r128.I", integrated_lufs_);
    range_lu_ = number(*frame, "lavfi.r128.LRA", range_lu_);
    const double peak = number(*frame, "lavfi.r128.true_peak", 0);  // linear
    if (peak > 0) true_peak_dbtp_ = std::max(true_peak_dbtp_, 20 * std::log10(peak));
  }
}

}  // namespace videngine
