#include "filter/tonemap.h"

#include <optional>

#include "filter/frame_pool.h"
#include "filter/tonemap_kernel.h"

namespace videngine {
namespace {

Primaries primaries_of(AVColorPrimaries tag) {
  switch (tag) {
    case AVCOL_PRI_BT709:
      return kBt709;
    case AVCOL_PRI_SMPTE432:
      return kDisplayP3;
    default:
      return kBt2020;
  }
}

std::array<double, 3> luma_weights_of(AVColorSpace tag) {
  switch (tag) {
    case AVCOL_SPC_BT709:
      return {0.2126, 0.7152, 0.0722};
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
      return {0.299, 0.587, 0.114};
    default:
      return {0.2627, 0.6780, 0.0593};
  }
}

}  // namespace

struct Tonemapper::State {
  HdrFormat format;
  AVColorPrimaries primaries = AVCOL_PRI_UNSPECIFIED;  // what the coefficients are for
  AVColorSpace matrix = AVCOL_SPC_UNSPECIFIED;
  std::optional<TonemapCoefficients> coefficients;
  std::optional<FramePool> pool;
  int width_px = 0;
  int height_px = 0;
  TonemapScratch scratch;
};

Tonemapper::Tonemapper(const TonemapPlan& plan) : state_(std::make_unique<State>()) {
  state_->format.transfer = plan.transfer == "hlg" ? HdrTransfer::kHlg : HdrTransfer::kPq;
  state_->format.peak_nits = plan.peak_nits;
}

Tonemapper::~Tonemapper() = default;

av::Frame Tonemapper::apply(const AVFrame& frame) {
  State& s = *state_;
  if (!s.coefficients || s.primaries != frame.color_primaries || s.matrix != frame.colorspace) {
    s.primaries = frame.color_primaries;
    s.matrix = frame.colorspace;
    s.format.primaries = primaries_of(frame.color_primaries);
    s.format.luma_weights = luma_weights_of(frame.colorspace);
    s.coefficients.emplace(s.format);
  }
  if (!s.pool || s.width_px != frame.width || s.height_px != frame.height) {
    s.width_px = frame.width;
    s.height_px = frame.height;
    s.pool.emplace(frame.width, frame.height, AV_PIX_FMT_YUV420P);
  }
  av::Frame output = s.pool->get();
  output->pts = frame.pts;
  output->sample_aspect_ratio = frame.sample_aspect_ratio;
  output->color_primaries = AVCOL_PRI_BT709;
  output->color_trc = AVCOL_TRC_BT709;
  output->colorspace = AVCOL_SPC_BT709;
  output->color_range = AVCOL_RANGE_MPEG;
  output->chroma_location = AVCHROMA_LOC_LEFT;
  Planes<const uint16_t> from{};
  Planes<uint8_t> to{};
  for (std::size_t i = 0; i < 3; ++i) {
    from.data[i] = reinterpret_cast<const uint16_t*>(frame.data[i]);
    from.stride[i] = frame.linesize[i] / static_cast<int>(sizeof(uint16_t));
    to.data[i] = output->data[i];
    to.stride[i] = output->linesize[i];
  }
  tonemap(*s.coefficients, from, to, frame.width, frame.height, s.scratch);
  return output;
}

}  // namespace videngine
