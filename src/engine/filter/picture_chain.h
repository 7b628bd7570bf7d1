#pragma once

#include <optional>

#include "filter/bars.h"
#include "filter/rotator.h"
#include "filter/scaler.h"
#include "filter/tonemap.h"
#include "plan.h"

namespace videngine {

// From a decoded frame, or a parent's picture, to a picture of the plan: turned, its middle part
// scaled, tone-mapped, brought to its colours, laid on black. What every stage that makes pictures
// has in common. Not thread-safe.
class PictureChain {
 public:
  PictureChain(int width_px, int height_px, AVPixelFormat format, const Geometry& geometry,
               const Look& look);

  // A new frame with the input's pts, or a further reference to the input where nothing is to be
  // done.
  av::Frame apply(const AVFrame& frame);

 private:
  PictureFormat wanted_;
  Rotator rotator_;
  Scaler scaler_;
  std::optional<Tonemapper> tonemapper_;
  std::optional<Scaler> finish_;  // from what the tone-mapper makes
  Bars bars_;
};

}  // namespace videngine
