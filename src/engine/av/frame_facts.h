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

inline bool is_key(const AVFrame& frame) {
#if VIDENGINE_HAS_KEY_FLAG
  return (frame.flags & AV_FRAME_FLAG_KEY) != 0;
#else
  return frame.key_frame != 0;
#endif
}

}  // namespace videngine::av
