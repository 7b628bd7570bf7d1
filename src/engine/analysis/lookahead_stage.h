#pragma once

#include <memory>
#include <vector>

#include "analysis/findings.h"
#include "analysis/lookahead.h"
#include "graph/flow.h"
#include "graph/stages.h"
#include "plan.h"

namespace videngine::analysis {

// Two stages, as one thread could not keep many encoders busy: the first looks at each small
// picture and the one before it, the second looks ahead and tells all encoders of its frames what
// it found. Owns the queues to them, which have no bound: what waits in them is small, and never
// more than the frames that wait for it.
class LookaheadStage {
 public:
  LookaheadStage(const LookaheadPlan& plan, Rational frame_rate,
                 std::shared_ptr<graph::FrameQueue> frames, graph::Stages& stages);

  // Frames that an encoder's queue must take while it waits for the first finding.
  static std::size_t delay_frames(const LookaheadPlan& plan);

  std::shared_ptr<FindingQueue> connect();
  void look_first();
  void run();

 private:
  const LookaheadPlan& plan_;
  Rational frame_rate_;
  std::shared_ptr<graph::FrameQueue> frames_;
  graph::Stages& stages_;
  std::shared_ptr<graph::BoundedQueue<FirstLook>> looks_;
  std::vector<std::shared_ptr<FindingQueue>> consumers_;
};

}  // namespace videngine::analysis
