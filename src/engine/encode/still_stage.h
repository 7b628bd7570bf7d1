#pragma once

#include <memory>

#include "encode/video_stage.h"
#include "graph/flow.h"
#include "graph/stages.h"
#include "plan.h"

namespace videngine {

// Stage: decoded frames → one image: the frame on screen at the plan's time, or the last one if the
// source ends before.
class StillStage {
 public:
  StillStage(const StillPlan& plan, std::shared_ptr<graph::FrameQueue> frames,
             graph::Stages& stages, Report report);

  void run();
  // What the stage reads from. Closed: nothing more is wanted.
  [[nodiscard]] const std::shared_ptr<graph::FrameQueue>& frames() const { return frames_; }

 private:
  const StillPlan& plan_;
  std::shared_ptr<graph::FrameQueue> frames_;
  graph::Stages& stages_;
  Report report_;
};

}  // namespace videngine
