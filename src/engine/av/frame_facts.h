#pragma once

#include "av/compat.h"
#include "av/handles.h"

namespace videngine::av {

// How long a frame is shown, in the frame's time base; 0 where the source does not say.
inline int64_t frame_duration(const AVFrame& frame) {
#if VIDENGINE_HAS_FRAME_DURATION
  return frame.duration;
#else
  return frame.pkt_duration;
#endif
}

}  // namespace videngine::av
