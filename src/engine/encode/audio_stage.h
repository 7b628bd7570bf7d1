#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "encode/video_stage.h"
#include "graph/flow.h"
#include "graph/stages.h"
#include "plan.h"

namespace videngine {

// Stage: frames of one sound stream (or none: silence) → one rendition's track file. The sound
// starts with the picture and ends with it: what is longer is cut, what is shorter is filled with
// silence.
class AudioStage {
 public:
  // `frames` is null for silence. `hurry` tells whether waiting for the picture would hold up the
  // demuxer.
  AudioStage(const AudioRenditionPlan& plan, std::shared_ptr<graph::FrameQueue> frames,
             graph::PictureClock& clock, std::function<bool()> hurry, graph::Stages& stages,
             Report report);

  void run();
  // What the stage reads from. Closed: nothing more is wanted.
  [[nodiscard]] const std::shared_ptr<graph::FrameQueue>& frames() const { return frames_; }
  // How far the sound has come, from the source's origin. Any thread.
  std::atomic<int64_t> position_us = 0;

 private:
  // Samples that the rendition has, as far as is known.
  [[nodiscard]] int64_t limit_samples(int64_t picture_end_us) const;

  const AudioRenditionPlan& plan_;
  int64_t start_us_;
  std::shared_ptr<graph::FrameQueue> frames_;
  graph::PictureClock& clock_;
  std::function<bool()> hurry_;
  graph::Stages& stages_;
  Report report_;
};

}  // namespace videngine
