#include "analysis/lookahead_stage.h"

#include <limits>

#include "encode/segment_grid.h"

namespace videngine::analysis {

LookaheadStage::LookaheadStage(const LookaheadPlan& plan, Rational frame_rate,
                               std::shared_ptr<graph::FrameQueue> frames, graph::Stages& stages)
    : plan_(plan),
      frame_rate_(frame_rate),
      frames_(std::move(frames)),
      stages_(stages),
      looks_(std::make_shared<graph::BoundedQueue<FirstLook>>(graph::kFrameQueueDepth)) {
  stages_.on_stop([looks = looks_] { looks->close(); });
}

// The frames that are looked at, and twice a group: one whose length is open, one that is given
// when it is whole.
std::size_t LookaheadStage::delay_frames(const LookaheadPlan& plan) {
  constexpr std::size_t kGroup = Lookahead::kMostBFrames + 1;
  return static_cast<std::size_t>(plan.depth_frames) + 2 * kGroup;
}

std::shared_ptr<FindingQueue> LookaheadStage::connect() {
  constexpr std::size_t kNoBound = std::numeric_limits<std::size_t>::max();
  return consumers_.emplace_back(std::make_shared<FindingQueue>(kNoBound));
}

void LookaheadStage::look_first() {
  std::optional<FirstLook> last;
  while (const std::optional<av::Frame> frame = frames_->pop()) {
    FirstLook look = analysis::look_first(**frame, last ? &*last : nullptr);
    last = look;
    if (!looks_->push(std::move(look))) break;
  }
  frames_->close();
  looks_->finish();
}

void LookaheadStage::run() {
  Keyframes keyframes(SegmentGrid(plan_.segment_s, plan_.grid_rate), plan_.gop_frames, frame_rate_);
  Lookahead lookahead(plan_.depth_frames);
  bool wanted = true;
  const auto give = [&](const Finding& found) {
    wanted = false;
    for (const auto& queue : consumers_) wanted |= queue->push(found);
  };
  while (wanted) {
    std::optional<FirstLook> look = looks_->pop();
    if (stages_.stopped()) return;
    if (!look) {
      lookahead.drain(give);
      break;
    }
    const bool key = keyframes.next(plan_.scene_cuts && look->cut);
    lookahead.push(std::move(*look), key, give);
  }
  looks_->close();
  for (const auto& queue : consumers_) queue->finish();
}

}  // namespace videngine::analysis
