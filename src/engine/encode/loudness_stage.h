#pragma once

#include <atomic>
#include <memory>

#include "encode/video_stage.h"
#include "graph/flow.h"
#include "graph/stages.h"
#include "plan.h"

namespace videngine {

// Stage: frames of one sound stream → how loud they are, told as an event. Nothing is written.
class LoudnessStage {
 public:
  LoudnessStage(const LoudnessPlan& plan, std::shared_ptr<graph::FrameQueue> frames,
                graph::Stages& stages, Report report);

  void run();
  [[nodiscard]] const std::shared_ptr<graph::FrameQueue>& frames() const { return frames_; }
  // How far the sound has come, from the source's origin. Any thread.
  std::atomic<int64_t> position_us = 0;

 private:
  const LoudnessPlan& plan_;
  std::shared_ptr<graph::FrameQueue> frames_;
  graph::Stages& stages_;
  Report report_;
};

}  // namespace videngine
