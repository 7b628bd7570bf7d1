#include "filter/rotator.h"

extern "C" {
#include <libavutil/avutil.h>
}

namespace videngine {
namespace {

const char* description(int clockwise_deg) {
  switch (clockwise_deg) {
    case 90:
      return "transpose=clock";
    case 180:
      return "hflip,vflip";
    default:
      return "transpose=cclock";
  }
}

// Chroma samples that lay on the left ones of their two luma columns are turned with the picture.
// Upside down they lie on the right ones, which has no name: the middle is nearest.
AVChromaLocation turned(AVChromaLocation location, int clockwise_deg) {
  if (location != AVCHROMA_LOC_UNSPECIFIED && location != AVCHROMA_LOC_LEFT) return location;
  if (clockwise_deg == 180) return AVCHROMA_LOC_CENTER;
  return clockwise_deg == 90 ? AVCHROMA_LOC_TOP : AVCHROMA_LOC_BOTTOM;
}

}  // namespace

av::Frame Rotator::turn(av::Frame frame) {
  if (clockwise_deg_ == 0) return frame;
  if (!chain_ || !chain_->fits(*frame)) {
    chain_.emplace(*frame, AVRational{1, AV_TIME_BASE}, description(clockwise_deg_));
  }
  const AVChromaLocation location = frame->chroma_location;
  av::Frame upright = chain_->apply(std::move(frame));
  upright->chroma_location = turned(location, clockwise_deg_);
  return upright;
}

}  // namespace videngine
