#pragma once

#include <memory>
#include <optional>

#include "filter/constant_rate.h"
#include "filter/scaler.h"
#include "graph/flow.h"
#include "graph/stages.h"
#include "plan.h"

namespace videngine {

// Stage: makes one picture of the plan: from the decoded source (constant rate, then scaled) or
// from its parent (scaled). Frames leave it with pts = frame number. Owns its scaler and its
// outlet.
class PictureStage {
 public:
  // `clock` gives the end of the source for root pictures.
  PictureStage(const PicturePlan& plan, std::shared_ptr<graph::FrameQueue> frames,
               const graph::PictureClock& clock, graph::Stages& stages);

  graph::Outlet& outlet() { return outlet_; }
  void run();

 private:
  std::shared_ptr<graph::FrameQueue> frames_;
  const graph::PictureClock& clock_;
  graph::Stages& stages_;
  std::optional<ConstantRate> rate_;  // root pictures only
  Scaler scaler_;
  graph::Outlet outlet_;
};

}  // namespace videngine
