#pragma once

#include <string>

#include "av/handles.h"

namespace videngine {

// A chain of libavfilter's filters that gives one frame for each. Owns its graph; not thread-safe.
class FilterChain {
 public:
  // `description` in libavfilter's syntax, for frames like `like` with pts in `time_base`.
  FilterChain(const AVFrame& like, AVRational time_base, const std::string& description);

  // Whether `frame` has the size and format that the chain was made for.
  [[nodiscard]] bool fits(const AVFrame& frame) const;
  av::Frame apply(av::Frame frame);

 private:
  int width_px_;
  int height_px_;
  int format_;
  av::FilterGraph graph_;
  AVFilterContext* in_ = nullptr;  // both belong to graph_
  AVFilterContext* out_ = nullptr;
};

}  // namespace videngine
