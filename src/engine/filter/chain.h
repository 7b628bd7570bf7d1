#pragma once

#include <string>

#include "av/handles.h"

namespace videngine {

// A chain of libavfilter's filters. Owns its graph; not thread-safe.
class FilterChain {
 public:
  // `description` in libavfilter's syntax, for frames like `like` with pts in `time_base`.
  FilterChain(const AVFrame& like, AVRational time_base, const std::string& description);

  // Whether `frame` has the size and format that the chain was made for.
  [[nodiscard]] bool fits(const AVFrame& frame) const;
  // For chains that give one frame for each, at once.
  av::Frame apply(av::Frame frame);
  // For chains that look at several: `frame` goes in, nullptr drains.
  void push(AVFrame* frame);
  // What has come out, with pts in the chain's time base; null: nothing, for now or for good.
  av::Frame pull();

 private:
  int width_px_;
  int height_px_;
  int format_;
  AVRational time_base_;
  av::FilterGraph graph_;
  AVFilterContext* in_ = nullptr;  // both belong to graph_
  AVFilterContext* out_ = nullptr;
};

}  // namespace videngine
