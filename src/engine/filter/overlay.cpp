#include "filter/overlay.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "av/check.h"
#include "filter/logo_image.h"
#include "filter/tone_curve.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace videngine {
namespace {

using Colour = std::array<double, 3>;

Colour weights_of(AVColorSpace matrix) {
  switch (matrix) {
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
      return {0.299, 0.587, 0.114};
    case AVCOL_SPC_SMPTE240M:
      return {0.212, 0.701, 0.087};
    case AVCOL_SPC_FCC:
      return {0.30, 0.59, 0.11};
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      return {0.2627, 0.6780, 0.0593};
    default:
      return {0.2126, 0.7152, 0.0722};
  }
}

// A colour of the web in HDR: its white is HDR's reference white.
Colour to_hdr(const Colour& coded, bool hlg) {
  const Matrix matrix = conversion(kBt709, kBt2020);
  Colour nits{};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      nits[i] += matrix[i][j] * std::pow(std::clamp(coded[j], 0.0, 1.0), 2.4) * kSdrWhiteNits;
    }
  }
  if (!hlg) return {nits_to_pq(nits[0]), nits_to_pq(nits[1]), nits_to_pq(nits[2])};
  return nits_to_hlg(nits);
}

// Where a logo's first column or row lies; negative: beyond the edge.
int position(const std::string& edge, int offset_px, int logo_px, int picture_px) {
  if (edge == "middle") return (picture_px - logo_px) / 2 + offset_px;
  return edge == "end" ? picture_px - logo_px - offset_px : offset_px;
}

// One plane of a logo: what is left of the picture, and what is added, in codes.
struct Layer {
  std::vector<float> kept;
  std::vector<float> added;
};

template <typename Sample>
void blend(const Layer& layer, const AVFrame& picture, int plane, int left, int top, int width,
           int height) {
  for (int y = 0; y < height; ++y) {
    auto* samples = reinterpret_cast<Sample*>(
        picture.data[plane] + static_cast<std::ptrdiff_t>(top + y) * picture.linesize[plane]);
    const auto first = static_cast<std::size_t>(y) * static_cast<std::size_t>(width);
    for (int x = 0; x < width; ++x) {
      const std::size_t i = first + static_cast<std::size_t>(x);
      Sample& sample = samples[left + x];
      const float next = static_cast<float>(sample) * layer.kept[i] + layer.added[i] + 0.5F;
      sample = static_cast<Sample>(next);
    }
  }
}

}  // namespace

// A logo cut to what is within the picture, grown to whole chroma samples.
struct Overlay::Prepared {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;
  std::array<Layer, 3> layers;

  Prepared(const LogoPlan& plan, const AVFrame& picture);
  void lay_over(const AVFrame& picture) const;
};

Overlay::Prepared::Prepared(const LogoPlan& plan, const AVFrame& picture) {
  const LogoImage image = read_logo(plan);
  const int x0 = position(plan.horizontal_edge, plan.x_px, image.width_px, picture.width);
  const int y0 = position(plan.vertical_edge, plan.y_px, image.height_px, picture.height);
  const int x1 = std::clamp(x0 + image.width_px, 0, picture.width);
  const int y1 = std::clamp(y0 + image.height_px, 0, picture.height);
  left = std::clamp(x0, 0, picture.width) / 2 * 2;
  top = std::clamp(y0, 0, picture.height) / 2 * 2;
  width = std::max((x1 + 1) / 2 * 2 - left, 0);
  height = std::max((y1 + 1) / 2 * 2 - top, 0);
  if (x1 <= 0 || y1 <= 0 || x0 >= picture.width || y0 >= picture.height) width = height = 0;

  const auto* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(picture.format));
  const int depth = format->comp[0].depth;
  const double unit = 1 << (depth - 8);
  const bool full = picture.color_range == AVCOL_RANGE_JPEG;
  const double most = (1 << depth) - 1;
  const std::array<double, 3> scale{full ? most : 219 * unit, full ? most : 224 * unit,
                                    full ? most : 224 * unit};
  const std::array<double, 3> offset{full ? 0 : 16 * unit, 128 * unit, 128 * unit};
  const Colour weights = weights_of(picture.colorspace);
  const bool pq = picture.color_trc == AVCOL_TRC_SMPTE2084;
  const bool hlg = picture.color_trc == AVCOL_TRC_ARIB_STD_B67;

  const auto area = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  layers[0] = {std::vector<float>(area, 1), std::vector<float>(area, 0)};
  for (const std::size_t plane : {1, 2}) {
    layers[plane] = {std::vector<float>(area / 4, 1), std::vector<float>(area / 4, 0)};
  }
  for (int y = std::max(y0, 0); y < y1; ++y) {
    for (int x = std::max(x0, 0); x < x1; ++x) {
      const auto at = std::size_t{4} * static_cast<std::size_t>((y - y0) * image.width_px + x - x0);
      const double own = image.rgba[at + 3];
      if (own <= 0) continue;
      Colour rgb{image.rgba[at] / own, image.rgba[at + 1] / own, image.rgba[at + 2] / own};
      if (pq || hlg) rgb = to_hdr(rgb, hlg);
      const double luma = weights[0] * rgb[0] + weights[1] * rgb[1] + weights[2] * rgb[2];
      const Colour ycbcr{luma, (rgb[2] - luma) / (2 - 2 * weights[2]),
                         (rgb[0] - luma) / (2 - 2 * weights[0])};
      const double alpha = own * plan.opacity;
      for (std::size_t plane = 0; plane < 3; ++plane) {
        const int step = plane == 0 ? 1 : 2;
        const auto line = static_cast<std::size_t>((y - top) / step);
        const std::size_t i = line * static_cast<std::size_t>(width / step) +
                              static_cast<std::size_t>((x - left) / step);
        const double share = alpha / (step * step);
        layers[plane].kept[i] -= static_cast<float>(share);
        layers[plane].added[i] +=
            static_cast<float>(share * (ycbcr[plane] * scale[plane] + offset[plane]));
      }
    }
  }
}

void Overlay::Prepared::lay_over(const AVFrame& picture) const {
  const auto* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(picture.format));
  const bool wide = format->comp[0].depth > 8;
  for (int plane = 0; plane < 3; ++plane) {
    const int step = plane == 0 ? 1 : 2;
    (wide ? &blend<uint16_t> : &blend<uint8_t>)(layers[static_cast<std::size_t>(plane)], picture,
                                                plane, left / step, top / step, width / step,
                                                height / step);
  }
}

Overlay::Overlay(std::vector<LogoPlan> logos)
    : logos_(std::move(logos)), prepared_(logos_.size()) {}

Overlay::~Overlay() = default;

unsigned Overlay::visible(int64_t number) const {
  unsigned bits = 0;
  for (std::size_t i = 0; i < logos_.size(); ++i) {
    const LogoPlan& logo = logos_[i];
    const bool ended = logo.end_frame && number >= *logo.end_frame;
    if (number >= logo.first_frame && !ended) bits |= 1U << i;
  }
  return bits;
}

av::Frame Overlay::over(const AVFrame& picture, unsigned visible) {
  if (visible == 0) return av::share(picture);
  if (!pool_) {
    pool_ = std::make_unique<FramePool>(picture.width, picture.height,
                                        static_cast<AVPixelFormat>(picture.format));
  }
  av::Frame result = pool_->get();
  av::check(av_frame_copy(result.get(), &picture), "av_frame_copy");
  av::check(av_frame_copy_props(result.get(), &picture), "av_frame_copy_props");
  for (std::size_t i = 0; i < logos_.size(); ++i) {
    if ((visible & (1U << i)) == 0) continue;
    if (!prepared_[i]) prepared_[i] = std::make_unique<Prepared>(logos_[i], picture);
    prepared_[i]->lay_over(*result);
  }
  return result;
}

}  // namespace videngine
