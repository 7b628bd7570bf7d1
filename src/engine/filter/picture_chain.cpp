#include "filter/picture_chain.h"

#include <algorithm>

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace videngine {
namespace {

constexpr int even(int side_px) { return side_px + side_px % 2; }

ColorTags color_tags(const ColorPlan& plan) {
  const auto known = [](int found) { return std::max(found, 0); };
  ColorTags tags;
  if (!plan.primaries.empty()) {
    tags.primaries =
        static_cast<AVColorPrimaries>(known(av_color_primaries_from_name(plan.primaries.c_str())));
  }
  if (!plan.transfer.empty()) {
    tags.transfer = static_cast<AVColorTransferCharacteristic>(
        known(av_color_transfer_from_name(plan.transfer.c_str())));
  }
  if (!plan.matrix.empty()) {
    tags.matrix = static_cast<AVColorSpace>(known(av_color_space_from_name(plan.matrix.c_str())));
  }
  if (plan.range == "pc") tags.range = AVCOL_RANGE_JPEG;
  return tags;
}

PictureFormat scaled_format(const PictureFormat& wanted, const Look& look) {
  if (!look.tonemap) return wanted;
  return {even(wanted.width_px),      even(wanted.height_px), Tonemapper::kInput,
          wanted.sample_aspect_ratio, wanted.filter,          {}};
}

}  // namespace

// HDR is scaled first, as it is coded, so that fewer pixels are tone-mapped.
PictureChain::PictureChain(int width_px, int height_px, AVPixelFormat format,
                           const Geometry& geometry, const Look& look)
    : wanted_{width_px - geometry.bars_x_px,
              height_px - geometry.bars_y_px,
              format,
              geometry.sample_aspect_ratio.to_av(),
              scaling_filter(geometry.filter),
              color_tags(look.color)},
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
