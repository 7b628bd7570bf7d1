#include "filter/picture_chain.h"

namespace videngine {

PictureChain::PictureChain(int width_px, int height_px, AVPixelFormat format,
                           const Geometry& geometry)
    : rotator_(geometry.rotation_deg),
      scaler_({width_px - geometry.bars_x_px, height_px - geometry.bars_y_px, format,
               geometry.sample_aspect_ratio.to_av()},
              {geometry.kept_width.to_double(), geometry.kept_height.to_double()}),
      bars_(width_px, height_px, format, geometry.bars_x_px, geometry.bars_y_px) {}

av::Frame PictureChain::apply(const AVFrame& frame) {
  const av::Frame upright = rotator_.turn(av::share(frame));
  return bars_.around(scaler_.scale(*upright));
}

}  // namespace videngine
