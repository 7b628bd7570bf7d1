#pragma once

#include <memory>

#include "av/handles.h"
#include "plan.h"

namespace videngine {

// Frames of kInput, limited range → frames in yuv420p, tagged as what they are. Owns its
// buffers; not thread-safe.
class Tonemapper {
 public:
  static constexpr AVPixelFormat kInput = AV_PIX_FMT_YUV420P10LE;

  explicit Tonemapper(const TonemapPlan& plan);
  ~Tonemapper();

  av::Frame apply(const AVFrame& frame);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace videngine
