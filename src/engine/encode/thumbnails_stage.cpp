#include "encode/thumbnails_stage.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "av/view.h"
#include "decode/decode_stages.h"
#include "error.h"
#include "filter/canvas.h"

namespace videngine {

ThumbnailsStage::ThumbnailsStage(const ThumbnailsPlan& plan, bool nearest,
                                 std::shared_ptr<graph::FrameQueue> frames,
                                 const graph::PictureClock& clock, graph::Stages& stages,
                                 Report report)
    : plan_(plan),
      nearest_(nearest),
      frames_(std::move(frames)),
      clock_(clock),
      stages_(stages),
      report_(std::move(report)),
      format_{plan.format, plan.quality},
      chain_(plan.width_px, plan.height_px, format_.pixel_format(), plan.geometry, plan.look) {
  if (is_sheet()) {
    sheets_.emplace(plan.columns * plan.width_px, plan.rows * plan.height_px,
                    format_.pixel_format());
  }
}

int64_t ThumbnailsStage::begins_us(int64_t number) const {
  const Rational& every = plan_.interval_s;
  return plan_.start_s.to_us() + av_rescale(number, every.num * AV_TIME_BASE, every.den);
}

bool ThumbnailsStage::wants_more(int64_t end_us) const {
  return taken_ < plan_.images && (taken_ == 0 || begins_us(taken_) < end_us);
}

void ThumbnailsStage::run() {
  std::filesystem::remove_all(plan_.folder);  // of an earlier attempt
  std::filesystem::create_directories(plan_.folder);
  const int64_t start_us = begins_us(0);
  int64_t end_us = graph::PictureClock::kForever;
  if (plan_.duration_s) {
    end_us = start_us + av_rescale(plan_.duration_s->num, AV_TIME_BASE, plan_.duration_s->den);
  }
  av::Frame shown;
  while (wants_more(end_us)) {
    std::optional<av::Frame> frame = frames_->pop();
    if (stages_.stopped()) return;
    if (!frame) break;
    while (shown && wants_more(end_us) && (*frame)->pts > begins_us(taken_) + kRoundingUs) {
      const int64_t at_us = begins_us(taken_);
      const bool later = nearest_ && (*frame)->pts - at_us < at_us - shown->pts;
      take(later ? **frame : *shown);
    }
    shown = std::move(*frame);
  }
  frames_->close();
  if (!shown) {
    throw EngineError(ErrorClass::InputError, "source_corrupt",
                      "No picture of the source can be decoded: the file is damaged.", plan_.id);
  }
  end_us = std::min(end_us, clock_.known_end_us());
  while (wants_more(end_us)) take(*shown);
  if (sheet_) finish_sheet();
  end_us = std::min(end_us, begins_us(taken_));
  report_(RenditionFinished{plan_.id,
                            "thumbnails",
                            plan_.folder,
                            bytes_,
                            taken_,
                            Rational::of(end_us - start_us, AV_TIME_BASE),
                            {}});
}

void ThumbnailsStage::take(const AVFrame& frame) {
  if (!seen_ || seen_->data[0] != frame.data[0]) {
    picture_ = chain_.apply(frame);
    seen_ = av::share(frame);
  }
  if (!is_sheet()) {
    write(*picture_);
    ++taken_;
    return;
  }
  if (!sheet_) {
    sheet_ = sheets_->get();
    sheet_->color_range = picture_->color_range;
    fill_black(*sheet_);
  }
  const int tiles = plan_.columns * plan_.rows;
  const auto tile = static_cast<int>(taken_ % tiles);
  paste(*picture_, *sheet_, tile % plan_.columns * plan_.width_px,
        tile / plan_.columns * plan_.height_px);
  ++taken_;
  if (tile + 1 == tiles) finish_sheet();
}

// The last sheet has only as many rows as it has tiles for.
void ThumbnailsStage::finish_sheet() {
  const int most = plan_.columns * plan_.rows;
  const int tiles = static_cast<int>((taken_ - 1) % most) + 1;
  const int rows = (tiles + plan_.columns - 1) / plan_.columns;
  write(*av::view(*sheet_, 0, 0, sheet_->width, rows * plan_.height_px));
  sheet_.reset();
}

void ThumbnailsStage::write(const AVFrame& image) {
  std::array<char, 4096> path{};
  const std::string pattern = plan_.folder + "/" + plan_.file_pattern;
  if (av_get_frame_filename(path.data(), path.size(), pattern.c_str(), ++files_) < 0) {
    throw EngineError(ErrorClass::VidengineError, "internal_error",
                      "The pattern of the images' names has no number.", plan_.id);
  }
  bytes_ += write_image(image, format_, path.data(), plan_.id);
}

}  // namespace videngine
