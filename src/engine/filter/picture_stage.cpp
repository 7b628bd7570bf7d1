#include "filter/picture_stage.h"

#include "decode/decode_stages.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace videngine {

PictureStage::PictureStage(const PicturePlan& plan, std::shared_ptr<graph::FrameQueue> frames,
                           const graph::PictureClock& clock, graph::Stages& stages)
    : frames_(std::move(frames)),
      clock_(clock),
      stages_(stages),
      chain_(plan.width_px, plan.height_px, av_get_pix_fmt(plan.pixel_format.c_str()),
             plan.geometry, plan.look),
      overlay_(plan.look.logos) {
  if (!plan.parent) {
    start_us_ = plan.start_s.to_us();
    rate_.emplace(plan.frame_rate, start_us_, plan.duration_s);
  }
}

void PictureStage::run() {
  // A repeated frame is the same picture again: scaled once, shared as often as it is shown. The
  // source is held with its scaled picture, so that equal addresses mean the same memory.
  av::Frame source;
  av::Frame scaled;
  unsigned logos = 0;
  const auto deliver = [&](av::Frame frame) {
    const unsigned visible = overlay_.visible(frame->pts);
    if (!source || source->data[0] != frame->data[0] || logos != visible) {
      scaled = overlay_.over(*chain_.apply(*frame), visible);
    }
    logos = visible;
    const av::Frame shown = av::share(*scaled);
    shown->pts = frame->pts;
    set_captions(*shown, rate_ ? captions_.take() : captions_of(*frame));
    source = std::move(frame);
    return outlet_.push(*shown);
  };
  // Gives the frame before to `deliver` as often as it is shown: the captions of this one are next.
  const auto place = [&](av::Frame frame) {
    const std::vector<CaptionTriplet> captions = captions_of(*frame);
    const bool at_start = frame->pts <= start_us_;
    if (!rate_->push(std::move(frame), deliver)) return false;
    if (at_start) captions_.clear();
    captions_.put(captions);
    return true;
  };
  bool wanted = true;
  while (wanted) {
    std::optional<av::Frame> frame = frames_->pop();
    if (stages_.stopped()) return;
    if (!frame) break;
    wanted = rate_ ? place(std::move(*frame)) : deliver(std::move(*frame));
  }
  if (wanted && rate_) rate_->drain(clock_.known_end_us(), deliver);
  frames_->close();
  outlet_.finish();
}

}  // namespace videngine
