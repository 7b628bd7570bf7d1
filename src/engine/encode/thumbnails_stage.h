#pragma once

#include <memory>
#include <optional>

#include "encode/image.h"
#include "encode/video_stage.h"
#include "filter/picture_chain.h"
#include "graph/flow.h"
#include "graph/stages.h"
#include "plan.h"

namespace videngine {

// Stage: decoded frames → an image of every interval: the frame on screen at its beginning. They
// are files of their own, or tiles of sheets, row by row.
class ThumbnailsStage {
 public:
  // `clock` tells where the source ends. With `nearest` frames are sparse, and the nearest one is
  // taken even if it comes later.
  ThumbnailsStage(const ThumbnailsPlan& plan, bool nearest,
                  std::shared_ptr<graph::FrameQueue> frames, const graph::PictureClock& clock,
                  graph::Stages& stages, Report report);

  void run();
  // What the stage reads from. Closed: nothing more is wanted.
  [[nodiscard]] const std::shared_ptr<graph::FrameQueue>& frames() const { return frames_; }

 private:
  [[nodiscard]] int64_t begins_us(int64_t number) const;
  [[nodiscard]] bool wants_more(int64_t end_us) const;
  [[nodiscard]] bool is_sheet() const { return plan_.columns > 0; }
  void take(const AVFrame& frame);
  void finish_sheet();
  void write(const AVFrame& image);

  const ThumbnailsPlan& plan_;
  bool nearest_;
  std::shared_ptr<graph::FrameQueue> frames_;
  const graph::PictureClock& clock_;
  graph::Stages& stages_;
  Report report_;
  ImageFormat format_;
  PictureChain chain_;
  av::Frame seen_;  // the frame taken last and its picture: few key frames make many thumbnails
  av::Frame picture_;
  std::optional<FramePool> sheets_;
  av::Frame sheet_;
  int64_t taken_ = 0;
  int files_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace videngine
