#include "filter/bars.h"

#include "av/check.h"

extern "C" {
#include <libavutil/imgutils.h>
}

namespace videngine {
namespace {

// Where the picture begins: on a chroma sample.
int first(int bars) { return bars / 2 / 2 * 2; }

}  // namespace

Bars::Bars(int width_px, int height_px, AVPixelFormat format, int columns, int rows)
    : columns_(columns), rows_(rows) {
  if (columns > 0 || rows > 0) pool_.emplace(width_px, height_px, format);
}

av::Frame Bars::around(av::Frame picture) {
  if (!pool_) return picture;
  av::Frame framed = pool_->get();
  av::check(av_frame_copy_props(framed.get(), picture.get()), "av_frame_copy_props");
  ptrdiff_t linesizes[4];
  for (int i = 0; i < 4; ++i) linesizes[i] = framed->linesize[i];
  av::check(av_image_fill_black(framed->data, linesizes, static_cast<AVPixelFormat>(framed->format),
                                framed->color_range, framed->width, framed->height),
            "av_image_fill_black");
  const av::Frame middle = av::share(*framed);
  middle->crop_left = static_cast<std::size_t>(first(columns_));
  middle->crop_top = static_cast<std::size_t>(first(rows_));
  middle->crop_right = static_cast<std::size_t>(columns_ - first(columns_));
  middle->crop_bottom = static_cast<std::size_t>(rows_ - first(rows_));
  av::check(av_frame_apply_cropping(middle.get(), AV_FRAME_CROP_UNALIGNED),
            "av_frame_apply_cropping");
  av::check(av_frame_copy(middle.get(), picture.get()), "av_frame_copy");
  return framed;
}

}  // namespace videngine
