#include "frames/rgb.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "filter/frame_pool.h"
#include "filter/scaler.h"
#include "filter/tone_curve.h"
#include "filter/tonemap.h"
#include "frames/color_matrix.h"
#include "frames/rgb_kernel.h"

extern "C" {
#include <libavutil/mastering_display_metadata.h>
}

namespace videngine::frames {
namespace {

bool is_hdr(const AVFrame& frame) {
  return frame.color_trc == AVCOL_TRC_SMPTE2084 || frame.color_trc == AVCOL_TRC_ARIB_STD_B67;
}

ChromaSite across(AVChromaLocation location) {
  const bool middle = location == AVCHROMA_LOC_CENTER || location == AVCHROMA_LOC_TOP ||
                      location == AVCHROMA_LOC_BOTTOM;
  return middle ? ChromaSite{3, 3} : ChromaSite{4, 2};
}

ChromaSite down(AVChromaLocation location) {
  if (location == AVCHROMA_LOC_TOPLEFT || location == AVCHROMA_LOC_TOP) return {4, 2};
  if (location == AVCHROMA_LOC_BOTTOMLEFT || location == AVCHROMA_LOC_BOTTOM) return {2, 4};
  return {3, 3};
}

template <typename T>
const T* row(const AVFrame& frame, int plane, int y) {
  return reinterpret_cast<const T*>(frame.data[plane] +
                                    static_cast<std::ptrdiff_t>(frame.linesize[plane]) * y);
}

float within(float value) { return std::clamp(value, 0.0F, 1.0F); }
template <typename T>
T within(T value) {
  return value;
}

// Planes of G, B, R → what is wanted.
template <typename T>
void collect(const AVFrame& gbr, bool planar, T* out) {
  const auto width = static_cast<std::size_t>(gbr.width);
  const std::size_t plane = width * static_cast<std::size_t>(gbr.height);
  for (int y = 0; y < gbr.height; ++y) {
    const T* red = row<T>(gbr, 2, y);
    const T* green = row<T>(gbr, 0, y);
    const T* blue = row<T>(gbr, 1, y);
    T* to = out + width * static_cast<std::size_t>(y) * (planar ? 1 : 3);
    for (std::size_t x = 0; x < width; ++x) {
      to[planar ? x : 3 * x] = within(red[x]);
      to[planar ? plane + x : 3 * x + 1] = within(green[x]);
      to[planar ? 2 * plane + x : 3 * x + 2] = within(blue[x]);
    }
  }
}

AVPixelFormat between(RgbFormat::Item item) {
  switch (item) {
    case RgbFormat::Item::kU1:
      return AV_PIX_FMT_GBRP;
    case RgbFormat::Item::kU2:
      return AV_PIX_FMT_GBRP16LE;
    case RgbFormat::Item::kF4:
      return AV_PIX_FMT_GBRPF32LE;
  }
  return AV_PIX_FMT_NONE;
}

bool same_kind(const AVFrame& one, const AVFrame& other) {
  return one.width == other.width && one.height == other.height && one.format == other.format &&
         one.colorspace == other.colorspace && one.color_range == other.color_range &&
         one.color_trc == other.color_trc && one.chroma_location == other.chroma_location;
}

// What the tone curve makes room for: the brightest picture, else the brightest display.
double peak_nits(const AVFrame& frame) {
  const auto* light = av_frame_get_side_data(&frame, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL);
  if (light != nullptr) {
    const auto& data = *reinterpret_cast<const AVContentLightMetadata*>(light->data);
    if (data.MaxCLL > 0) return std::clamp<double>(data.MaxCLL, kSdrWhiteNits, kPqPeakNits);
  }
  const auto* display = av_frame_get_side_data(&frame, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA);
  if (display != nullptr) {
    const auto& data = *reinterpret_cast<const AVMasteringDisplayMetadata*>(display->data);
    if (data.has_luminance != 0) {
      return std::clamp<double>(av_q2d(data.max_luminance), kSdrWhiteNits, kPqPeakNits);
    }
  }
  return kHlgPeakNits;
}

}  // namespace

struct RgbConverter::State {
  av::Frame like;  // what the rest was made for
  std::vector<int16_t> scratch;
  std::optional<FramePool> pool;
  std::unique_ptr<Scaler::Converter> converter;
  std::optional<Scaler> to_tonemapper;
  std::optional<Tonemapper> tonemapper;
  std::optional<Scaler> from_tonemapper;
};

RgbConverter::RgbConverter(RgbFormat format) : format_(format), state_(std::make_unique<State>()) {}
RgbConverter::~RgbConverter() = default;

void RgbConverter::convert(const AVFrame& frame, void* out) {
  if (!state_->like || !same_kind(*state_->like, frame)) {
    state_ = std::make_unique<State>();
    av::Frame like = av::make_frame();
    like->width = frame.width;
    like->height = frame.height;
    like->format = frame.format;
    like->colorspace = frame.colorspace;
    like->color_range = frame.color_range;
    like->color_trc = frame.color_trc;
    like->chroma_location = frame.chroma_location;
    state_->like = std::move(like);
  }
  State& s = *state_;
  av::Frame picture = av::share(frame);
  if (format_.sdr && is_hdr(frame)) {
    if (!s.tonemapper) {
      const auto even = [](int side_px) { return side_px + side_px % 2; };
      s.to_tonemapper.emplace(
          PictureFormat{even(frame.width), even(frame.height), Tonemapper::kInput});
      s.tonemapper.emplace(
          TonemapPlan{frame.color_trc == AVCOL_TRC_SMPTE2084 ? "pq" : "hlg", peak_nits(frame)});
      s.from_tonemapper.emplace(PictureFormat{frame.width, frame.height, AV_PIX_FMT_YUV420P});
    }
    picture = s.from_tonemapper->scale(*s.tonemapper->apply(*s.to_tonemapper->scale(*picture)));
  }
  picture->colorspace = told_matrix(picture->colorspace, picture->height);
  const auto weights = weights_of(picture->colorspace);
  const bool plain_420 =
      picture->format == AV_PIX_FMT_YUV420P || picture->format == AV_PIX_FMT_YUVJ420P;
  if (format_.item == RgbFormat::Item::kU1 && plain_420 && weights) {
    const bool full =
        picture->format == AV_PIX_FMT_YUVJ420P || picture->color_range == AVCOL_RANGE_JPEG;
    Yuv420 yuv{};
    for (std::size_t i = 0; i < 3; ++i) {
      yuv.data[i] = picture->data[i];
      yuv.stride[i] = picture->linesize[i];
    }
    yuv.width_px = picture->width;
    yuv.height_px = picture->height;
    yuv.across = across(picture->chroma_location);
    yuv.down = down(picture->chroma_location);
    to_rgb24(yuv, {weights->first, weights->second, full}, static_cast<uint8_t*>(out),
             format_.planar, s.scratch);
    return;
  }
  if (!s.pool) s.pool.emplace(picture->width, picture->height, between(format_.item));
  const av::Frame gbr = s.pool->get();
  gbr->color_range = AVCOL_RANGE_JPEG;
  gbr->colorspace = AVCOL_SPC_RGB;
  if (!s.converter) s.converter = make_zimg_converter(*picture, *gbr);
  if (!s.converter) s.converter = make_sws_converter(*picture, *gbr, {}, SWS_BILINEAR);
  s.converter->convert(*picture, *gbr);
  switch (format_.item) {
    case RgbFormat::Item::kU1:
      collect(*gbr, format_.planar, static_cast<uint8_t*>(out));
      break;
    case RgbFormat::Item::kU2:
      collect(*gbr, format_.planar, static_cast<uint16_t*>(out));
      break;
    case RgbFormat::Item::kF4:
      collect(*gbr, format_.planar, static_cast<float*>(out));
      break;
  }
}

}  // namespace videngine::frames
