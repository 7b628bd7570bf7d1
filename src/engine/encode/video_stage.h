#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "analysis/findings.h"
#include "encode/analysis_links.h"
#include "encode/segment_grid.h"
#include "event.h"
#include "graph/flow.h"
#include "graph/stages.h"
#include "plan.h"

namespace videngine {

// Where a stage tells of what it has finished. Any thread.
using Report = std::function<void(Event)>;

// Stage: frames of one picture → one rendition's track file, one fragment per segment.
class VideoStage {
 public:
  // `findings` tells of each frame what the plan's look ahead found; null: the encoder looks ahead
  // by itself.
  VideoStage(const VideoRenditionPlan& plan, const PicturePlan& picture,
             std::shared_ptr<graph::FrameQueue> frames,
             std::shared_ptr<analysis::FindingQueue> findings, graph::Stages& stages,
             Report report);

  // Before run: whose analysis the encoder reads, who reads its own.
  AnalysisLinks& links() { return links_; }
  void run();
  // What the stage reads from. Closed: nothing more is wanted.
  [[nodiscard]] const std::shared_ptr<graph::FrameQueue>& frames() const { return frames_; }

  // How far this rendition has come on the source's timeline, in seconds. Any thread.
  [[nodiscard]] double position_s() const;

 private:
  const VideoRenditionPlan& plan_;
  const PicturePlan& picture_;
  SegmentGrid grid_;
  AnalysisLinks links_;
  std::shared_ptr<graph::FrameQueue> frames_;
  std::shared_ptr<analysis::FindingQueue> findings_;
  graph::Stages& stages_;
  Report report_;
  std::atomic<int64_t> encoded_ = 0;
};

}  // namespace videngine
