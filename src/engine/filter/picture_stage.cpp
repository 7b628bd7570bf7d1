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
    const int64_t start_us = av_rescale(plan.start_s.num, AV_TIME_BASE, plan.start_s.den);
    rate_.emplace(plan.frame_rate, start_us, plan.duration_s);
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
    scaled->pts = frame->pts;
    source = std::move(frame);
    return outlet_.push(*scaled);
  };
  bool wanted = true;
  while (wanted) {
    std::optional<av::Frame> frame = frames_->pop();
    if (stages_.stopped()) return;
    if (!frame) break;
    wanted = rate_ ? rate_->push(std::move(*frame), deliver) : deliver(std::move(*frame));
  }
  if (wanted && rate_) rate_->drain(clock_.known_end_us(), deliver);
  frames_->close();
  outlet_.finish();
}

}  // namespace videngine
