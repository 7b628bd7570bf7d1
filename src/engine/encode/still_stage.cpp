#include "encode/still_stage.h"

#include "decode/decode_stages.h"
#include "encode/image.h"
#include "error.h"
#include "filter/picture_chain.h"

namespace videngine {

StillStage::StillStage(const StillPlan& plan, std::shared_ptr<graph::FrameQueue> frames,
                       graph::Stages& stages, Report report)
    : plan_(plan), frames_(std::move(frames)), stages_(stages), report_(std::move(report)) {}

void StillStage::run() {
  const int64_t time_us = plan_.time_s.to_us();
  int64_t frames_to_go = plan_.frame_offset;
  av::Frame shown;
  while (std::optional<av::Frame> frame = frames_->pop()) {
    const bool behind = shown && (*frame)->pts > time_us + kRoundingUs;
    if (behind && frames_to_go == 0) break;
    if (behind) --frames_to_go;
    shown = std::move(*frame);
  }
  frames_->close();
  if (stages_.stopped()) return;
  if (!shown) {
    throw EngineError(ErrorClass::InputError, "source_corrupt",
                      "No picture of the source can be decoded: the file is damaged.", plan_.id);
  }
  const ImageFormat format{plan_.format, plan_.quality};
  PictureChain chain(plan_.width_px, plan_.height_px, format.pixel_format(), plan_.geometry,
                     plan_.look);
  const int64_t bytes = write_image(*chain.apply(*shown), format, plan_.path, plan_.id);
  report_(RenditionFinished{plan_.id, "still", plan_.path, bytes, 1, {}, {}});
}

}  // namespace videngine
