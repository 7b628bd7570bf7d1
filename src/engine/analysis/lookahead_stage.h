#pragma once

#include <memory>
#include <vector>

#include "analysis/findings.h"
#include "graph/flow.h"
#include "graph/stages.h"
#include "plan.h"

namespace videngine::analysis {

// Stage: looks ahead on a small picture and tells all encoders of its frames what it found. Owns
// the queues to them, which have no bound: what waits in them is small, and never more than the
// frames that wait for it.
class LookaheadStage {
 public:
  LookaheadStage(const LookaheadPlan& plan, Rational frame_rate,
                 std::shared_ptr<graph::FrameQueue> frames, graph::Stages& stages);

  // Frames that an encoder's queue must take while it waits for the first finding.
  static std::size_t delay_frames(const LookaheadPlan& plan);

  std::shared_ptr<FindingQueue> connect();
  void run();

 private:
  const LookaheadPlan& plan_;
  Rational frame_rate_;
  std::shared_ptr<graph::FrameQueue> frames_;
  graph::Stages& stages_;
  std::vector<std::shared_ptr<FindingQueue>> consumers_;
};

}  // namespace videngine::analysis
