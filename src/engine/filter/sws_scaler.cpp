#include <algorithm>
#include <cmath>
#include <utility>

#include "av/check.h"
#include "filter/scaler.h"

extern "C" {
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
}

namespace videngine {
namespace {

int sws_matrix(AVColorSpace matrix, int height_px) {
  switch (matrix) {
    case AVCOL_SPC_BT709:
      return SWS_CS_ITU709;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      return SWS_CS_BT2020;
    case AVCOL_SPC_SMPTE240M:
      return SWS_CS_SMPTE240M;
    case AVCOL_SPC_FCC:
      return SWS_CS_FCC;
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
      return SWS_CS_SMPTE170M;
    default:
      return height_px <= 576 ? SWS_CS_SMPTE170M : SWS_CS_ITU709;
  }
}

bool full_range(const AVFrame& frame) {
  const AVPixFmtDescriptor* facts = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  return frame.color_range == AVCOL_RANGE_JPEG || (facts->flags & AV_PIX_FMT_FLAG_RGB) != 0;
}

// The yuvj formats say "full range" by their name, which libswscale warns of: it is told by
// setColorspaceDetails.
AVPixelFormat plain(AVPixelFormat format) {
  switch (format) {
    case AV_PIX_FMT_YUVJ420P:
      return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P:
      return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P:
      return AV_PIX_FMT_YUV444P;
    case AV_PIX_FMT_YUVJ440P:
      return AV_PIX_FMT_YUV440P;
    default:
      return format;
  }
}

// A second reference to the middle of a picture, cut at chroma samples.
av::Frame middle(const AVFrame& frame, MiddlePart part) {
  av::Frame view = av::share(frame);
  if (part.is_whole()) return view;
  const AVPixFmtDescriptor& facts = *av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  const auto cut = [](int side_px, double kept, int log2_step) {
    const int left_over = std::max(0, static_cast<int>(std::lround(side_px * (1 - kept))));
    return std::pair{left_over / 2 >> log2_step << log2_step, left_over};
  };
  const auto [left, columns] = cut(frame.width, part.width, facts.log2_chroma_w);
  const auto [top, rows] = cut(frame.height, part.height, facts.log2_chroma_h);
  view->crop_left = static_cast<std::size_t>(left);
  view->crop_right = static_cast<std::size_t>(columns - left);
  view->crop_top = static_cast<std::size_t>(top);
  view->crop_bottom = static_cast<std::size_t>(rows - top);
  av::check(av_frame_apply_cropping(view.get(), AV_FRAME_CROP_UNALIGNED),
            "av_frame_apply_cropping");
  return view;
}

class SwsConverter final : public Scaler::Converter {
 public:
  SwsConverter(const AVFrame& whole, const AVFrame& output, MiddlePart part, int filter)
      : SwsConverter(*middle(whole, part), output, filter) {
    part_ = part;
  }

  void convert(const AVFrame& whole, AVFrame& output) override {
    const av::Frame input = middle(whole, part_);
    av::check(sws_scale(context_.get(), input->data, input->linesize, 0, input->height, output.data,
                        output.linesize),
              "sws_scale");
  }

 private:
  SwsConverter(const AVFrame& input, const AVFrame& output, int filter)
      : context_(sws_getContext(
            input.width, input.height, plain(static_cast<AVPixelFormat>(input.format)),
            output.width, output.height, plain(static_cast<AVPixelFormat>(output.format)),
            filter | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, nullptr, nullptr, nullptr)) {
    if (!context_) {
      throw EngineError(ErrorClass::InputError, "source_unsupported_codec",
                        std::string("Pictures of the format ") +
                            av_get_pix_fmt_name(static_cast<AVPixelFormat>(input.format)) +
                            " cannot be converted.");
    }
    const int matrix = sws_matrix(input.colorspace, input.height);
    sws_setColorspaceDetails(context_.get(), sws_getCoefficients(matrix),
                             full_range(input) || input.format == AV_PIX_FMT_YUVJ420P,
                             sws_getCoefficients(matrix), full_range(output), 0, 1 << 16, 1 << 16);
  }

  av::Sws context_;
  MiddlePart part_;
};

}  // namespace

std::unique_ptr<Scaler::Converter> make_sws_converter(const AVFrame& input, const AVFrame& output,
                                                      MiddlePart part, int filter) {
  return std::make_unique<SwsConverter>(input, output, part, filter);
}

}  // namespace videngine
