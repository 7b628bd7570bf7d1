#pragma once

#include <memory>
#include <optional>

#include "filter/captions.h"
#include "filter/constant_rate.h"
#include "filter/overlay.h"
#include "filter/picture_chain.h"
#include "graph/flow.h"
#include "graph/stages.h"
#include "plan.h"

namespace videngine {

// Stage: makes one picture of the plan: from the decoded source (constant rate, then the
// chain) or from its parent (the chain alone). Frames leave it with pts = frame number. Owns its
// chain and its outlet.
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
  int64_t start_us_ = 0;              //
  CaptionQueue captions_;             // likewise
  PictureChain chain_;
  Overlay overlay_;
  graph::Outlet outlet_;
};

}  // namespace videngine
