#pragma once

#include <memory>

#include "encode/video_stage.h"
#include "filter/constant_rate.h"
#include "filter/picture_chain.h"
#include "graph/flow.h"
#include "graph/stages.h"
#include "plan.h"

namespace videngine {

// Stage: decoded frames → an animated GIF. Its 256 colours are those of the whole animation, so the
// pictures wait in a file beside the target until the last one has come.
class GifStage {
 public:
  GifStage(const GifPlan& plan, std::shared_ptr<graph::FrameQueue> frames,
           const graph::PictureClock& clock, graph::Stages& stages, Report report);

  void run();
  // What the stage reads from. Closed: nothing more is wanted.
  [[nodiscard]] const std::shared_ptr<graph::FrameQueue>& frames() const { return frames_; }

 private:
  const GifPlan& plan_;
  std::shared_ptr<graph::FrameQueue> frames_;
  const graph::PictureClock& clock_;
  graph::Stages& stages_;
  Report report_;
  ConstantRate rate_;
  PictureChain chain_;
};

}  // namespace videngine
