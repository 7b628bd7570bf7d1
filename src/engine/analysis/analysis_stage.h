#pragma once

#include <memory>
#include <vector>

#include "analysis/frame_analysis.h"
#include "graph/flow.h"
#include "graph/stages.h"
#include "plan.h"

namespace videngine::analysis {

// Stage: looks ahead on a small picture and tells all encoders of its frames what it found. Owns
// the queues to them, which have no bound: what waits in them is small, and never more than the
// frames that wait for it.
class AnalysisStage {
 public:
  AnalysisStage(const AnalysisPlan& plan, Rational frame_rate,
                std::shared_ptr<graph::FrameQueue> frames, graph::Stages& stages);

  // Frames that an encoder's queue must take while it waits for the first finding.
  static std::size_t delay_frames(const AnalysisPlan& plan);

  std::shared_ptr<AnalysisQueue> connect();
  void run();

 private:
  const AnalysisPlan& plan_;
  Rational frame_rate_;
  std::shared_ptr<graph::FrameQueue> frames_;
  graph::Stages& stages_;
  std::vector<std::shared_ptr<AnalysisQueue>> consumers_;
};

}  // namespace videngine::analysis
