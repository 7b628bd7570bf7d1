#pragma once

#include "av/check.h"
#include "av/handles.h"

namespace videngine::av {

// A further reference to a part of a picture. `left` and `top` must lie on chroma samples.
inline Frame view(const AVFrame& frame, int left, int top, int width_px, int height_px) {
  Frame part = share(frame);
  part->crop_left = static_cast<std::size_t>(left);
  part->crop_top = static_cast<std::size_t>(top);
  part->crop_right = static_cast<std::size_t>(frame.width - left - width_px);
  part->crop_bottom = static_cast<std::size_t>(frame.height - top - height_px);
  check(av_frame_apply_cropping(part.get(), AV_FRAME_CROP_UNALIGNED), "av_frame_apply_cropping");
  return part;
}

}  // namespace videngine::av
