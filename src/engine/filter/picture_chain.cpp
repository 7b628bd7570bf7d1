#include "filter/picture_chain.h"

namespace videngine {
namespace {

constexpr int even(int side_px) { return side_px + side_px % 2; }

PictureFormat scaled_format(const PictureFormat& wanted, const Look& look) {
  if (!look.tonemap) return wanted;
  return {even(wanted.width_px), even(wanted.height_px), Tonemapper::kInput,
          wanted.sample_aspect_ratio, wanted.filter};
}

}  // namespace

// HDR is scaled first, as it is coded, so that fewer pixels are tone-mapped.
PictureChain::PictureChain(int width_px, int height_px, AVPixelFormat format,
                           const Geometry& geometry, const Look& look)
    : wanted_{width_px - geometry.bars_x_px, height_px - geometry.bars_y_px, format,
              geometry.sample_aspect_ratio.to_av(), scaling_filter(geometry.filter)},
      rotator_(geometry.rotation_deg),
      scaler_(scaled_format(wanted_, look),
              {geometry.kept_width.to_double(), geometry.kept_height.to_double()}),
      bars_(width_px, height_px, format, geometry.bars_x_px, geometry.bars_y_px) {
  if (look.tonemap) {
    tonemapper_.emplace(*look.tonemap);
    finish_.emplace(wanted_);
  }
}

av::Frame PictureChain::apply(const AVFrame& frame) {
  const av::Frame upright = rotator_.turn(av::share(frame));
  av::Frame scaled = scaler_.scale(*upright);
  if (tonemapper_) scaled = finish_->scale(*tonemapper_->apply(*scaled));
  return bars_.around(std::move(scaled));
}

}  // namespace videngine
