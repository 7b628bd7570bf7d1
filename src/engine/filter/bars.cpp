#include "filter/bars.h"

#include "av/check.h"
#include "filter/canvas.h"

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
  fill_black(*framed);
  paste(*picture, *framed, first(columns_), first(rows_));
  return framed;
}

}  // namespace videngine
