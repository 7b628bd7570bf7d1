#include "filter/canvas.h"

#include "av/view.h"

extern "C" {
#include <libavutil/imgutils.h>
}

namespace videngine {

void fill_black(AVFrame& frame) {
  ptrdiff_t linesizes[4];
  for (int i = 0; i < 4; ++i) linesizes[i] = frame.linesize[i];
  av::check(av_image_fill_black(frame.data, linesizes, static_cast<AVPixelFormat>(frame.format),
                                frame.color_range, frame.width, frame.height),
            "av_image_fill_black");
}

void paste(const AVFrame& picture, const AVFrame& canvas, int left, int top) {
  const av::Frame part = av::view(canvas, left, top, picture.width, picture.height);
  av::check(av_frame_copy(part.get(), &picture), "av_frame_copy");
}

}  // namespace videngine
