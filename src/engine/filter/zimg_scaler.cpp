#include <array>
#include <cstdlib>
#include <new>
#include <utility>

#include <zimg.h>

#include "av/check.h"
#include "filter/frame_pool.h"
#include "filter/scaler.h"

extern "C" {
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
}

namespace videngine {
namespace {

constexpr uintptr_t kAlignment = 64;

struct FreeGraph {
  void operator()(zimg_filter_graph* graph) const noexcept { zimg_filter_graph_free(graph); }
};
struct FreeAligned {
  void operator()(void* memory) const noexcept { std::free(memory); }
};

bool planar_yuv(const AVPixFmtDescriptor& format) {
  constexpr uint64_t kUnfit = AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_BE | AV_PIX_FMT_FLAG_PAL |
                              AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_HWACCEL |
                              AV_PIX_FMT_FLAG_ALPHA | AV_PIX_FMT_FLAG_FLOAT;
  return (format.flags & kUnfit) == 0 && format.nb_components == 3 &&
         (format.flags & AV_PIX_FMT_FLAG_PLANAR) != 0 && format.comp[1].plane == 1 &&
         format.comp[2].plane == 2 && format.comp[0].shift == 0;
}

// What it can make of YUV besides: 8 or 16 bits, or floating point.
bool planar_rgb(const AVFrame& frame) {
  return frame.format == AV_PIX_FMT_GBRP || frame.format == AV_PIX_FMT_GBRP16LE ||
         frame.format == AV_PIX_FMT_GBRPF32LE;
}

bool aligned(const AVFrame& frame) {
  for (int i = 0; i < 3; ++i) {
    if (reinterpret_cast<uintptr_t>(frame.data[i]) % kAlignment != 0 ||
        frame.linesize[i] % static_cast<int>(kAlignment) != 0) {
      return false;
    }
  }
  return true;
}

zimg_chroma_location_e zimg_location(AVChromaLocation location) {
  switch (location) {
    case AVCHROMA_LOC_CENTER:
      return ZIMG_CHROMA_CENTER;
    case AVCHROMA_LOC_TOPLEFT:
      return ZIMG_CHROMA_TOP_LEFT;
    case AVCHROMA_LOC_TOP:
      return ZIMG_CHROMA_TOP;
    case AVCHROMA_LOC_BOTTOMLEFT:
      return ZIMG_CHROMA_BOTTOM_LEFT;
    case AVCHROMA_LOC_BOTTOM:
      return ZIMG_CHROMA_BOTTOM;
    default:
      return ZIMG_CHROMA_LEFT;
  }
}

zimg_image_format describe(const AVFrame& frame) {
  const AVPixFmtDescriptor& facts = *av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  zimg_image_format format;
  zimg_image_format_default(&format, ZIMG_API_VERSION);
  format.width = static_cast<unsigned>(frame.width);
  format.height = static_cast<unsigned>(frame.height);
  format.pixel_type = facts.comp[0].depth > 8 ? ZIMG_PIXEL_WORD : ZIMG_PIXEL_BYTE;
  format.subsample_w = static_cast<unsigned>(facts.log2_chroma_w);
  format.subsample_h = static_cast<unsigned>(facts.log2_chroma_h);
  if (planar_rgb(frame)) {
    format.color_family = ZIMG_COLOR_RGB;
    format.pixel_range = ZIMG_RANGE_FULL;
    if ((facts.flags & AV_PIX_FMT_FLAG_FLOAT) != 0) format.pixel_type = ZIMG_PIXEL_FLOAT;
    format.depth = static_cast<unsigned>(facts.comp[0].depth);
    format.matrix_coefficients = ZIMG_MATRIX_RGB;
    return format;
  }
  format.color_family = ZIMG_COLOR_YUV;
  format.depth = static_cast<unsigned>(facts.comp[0].depth);
  const bool full = frame.color_range == AVCOL_RANGE_JPEG || frame.format == AV_PIX_FMT_YUVJ420P ||
                    frame.format == AV_PIX_FMT_YUVJ422P || frame.format == AV_PIX_FMT_YUVJ444P;
  format.pixel_range = full ? ZIMG_RANGE_FULL : ZIMG_RANGE_LIMITED;
  // Matrix, transfer and primaries are left open: scaling happens on the coded values.
  format.chroma_location = zimg_location(frame.chroma_location);
  return format;
}

// Where colours change. Both libraries number them as ITU-T H.273 does.
void set_colours(zimg_image_format& from, const AVFrame& input, zimg_image_format& to,
                 const AVFrame& output) {
  const auto matrix = [](const AVFrame& frame) {
    return static_cast<zimg_matrix_coefficients_e>(frame.colorspace);
  };
  const bool light =
      input.color_trc != output.color_trc || input.color_primaries != output.color_primaries;
  if (input.colorspace == AVCOL_SPC_RGB || (!light && input.colorspace == output.colorspace)) {
    return;
  }
  from.matrix_coefficients = matrix(input);
  to.matrix_coefficients = matrix(output);
  if (!light) return;
  for (const auto& [format, frame] : {std::pair(&from, &input), std::pair(&to, &output)}) {
    format->transfer_characteristics =
        static_cast<zimg_transfer_characteristics_e>(frame->color_trc);
    format->color_primaries = static_cast<zimg_color_primaries_e>(frame->color_primaries);
  }
}

[[noreturn]] void fail(const char* operation) {
  std::array<char, 256> text{};
  zimg_get_last_error(text.data(), text.size());
  throw EngineError(ErrorClass::VidengineError, "encoder_failed",
                    std::string(operation) + ": " + text.data());
}

class ZimgConverter final : public Scaler::Converter {
 public:
  ZimgConverter(const AVFrame& input, const AVFrame& output, MiddlePart part, int filter)
      : staging_(input.width, input.height, static_cast<AVPixelFormat>(input.format)) {
    zimg_image_format from = describe(input);
    from.active_region.width = part.width * input.width;
    from.active_region.height = part.height * input.height;
    from.active_region.left = (input.width - from.active_region.width) / 2;
    from.active_region.top = (input.height - from.active_region.height) / 2;
    zimg_image_format to = describe(output);
    if (!planar_rgb(output)) set_colours(from, input, to, output);
    zimg_graph_builder_params parameters;
    zimg_graph_builder_params_default(&parameters, ZIMG_API_VERSION);
    if (filter == SWS_LANCZOS) {
      parameters.resample_filter = parameters.resample_filter_uv = ZIMG_RESIZE_LANCZOS;
      parameters.filter_param_a = parameters.filter_param_a_uv = 3;  // taps
    } else {
      parameters.resample_filter = parameters.resample_filter_uv = ZIMG_RESIZE_BICUBIC;
      parameters.filter_param_a = parameters.filter_param_a_uv = 0;    // B and C as swscale
      parameters.filter_param_b = parameters.filter_param_b_uv = 0.6;  // has them
    }
    parameters.dither_type = ZIMG_DITHER_ORDERED;
    if (planar_rgb(output)) {
      // For numbers, not for eyes: chroma by straight lines, and no noise.
      from.matrix_coefficients = static_cast<zimg_matrix_coefficients_e>(input.colorspace);
      parameters.resample_filter_uv = ZIMG_RESIZE_BILINEAR;
      parameters.dither_type = ZIMG_DITHER_NONE;
      rgb_ = true;
    }
    parameters.cpu_type = ZIMG_CPU_AUTO_64B;
    graph_.reset(zimg_filter_graph_build(&from, &to, &parameters));
    if (!graph_) fail("zimg_filter_graph_build");
    std::size_t bytes = 0;
    if (zimg_filter_graph_get_tmp_size(graph_.get(), &bytes) != ZIMG_ERROR_SUCCESS) {
      fail("zimg_filter_graph_get_tmp_size");
    }
    bytes = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    scratch_.reset(std::aligned_alloc(kAlignment, std::max<std::size_t>(bytes, kAlignment)));
    if (!scratch_) throw std::bad_alloc();
  }

  void convert(const AVFrame& input, AVFrame& output) override {
    if (aligned(input)) {
      process(input, output);
      return;
    }
    const av::Frame copy = staging_.get();  // a cropped picture starts anywhere
    av::check(av_frame_copy(copy.get(), &input), "av_frame_copy");
    process(*copy, output);
  }

 private:
  void process(const AVFrame& input, AVFrame& output) {
    zimg_image_buffer_const from{};
    zimg_image_buffer to{};
    from.version = to.version = ZIMG_API_VERSION;
    for (int i = 0; i < 3; ++i) {
      from.plane[i] = {input.data[i], input.linesize[i], ZIMG_BUFFER_MAX};
      const int plane = rgb_ ? (i + 2) % 3 : i;  // G, B, R there; R, G, B here
      to.plane[i] = {output.data[plane], output.linesize[plane], ZIMG_BUFFER_MAX};
    }
    if (zimg_filter_graph_process(graph_.get(), &from, &to, scratch_.get(), nullptr, nullptr,
                                  nullptr, nullptr) != ZIMG_ERROR_SUCCESS) {
      fail("zimg_filter_graph_process");
    }
  }

  bool rgb_ = false;
  FramePool staging_;
  std::unique_ptr<zimg_filter_graph, FreeGraph> graph_;
  std::unique_ptr<void, FreeAligned> scratch_;
};

}  // namespace

bool zimg_takes(const AVFrame& frame, int filter) {
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  return (filter == SWS_LANCZOS || filter == SWS_BICUBIC) && format != nullptr &&
         planar_yuv(*format) && frame.width % (1 << format->log2_chroma_w) == 0 &&
         frame.height % (1 << format->log2_chroma_h) == 0;
}

std::unique_ptr<Scaler::Converter> make_zimg_converter(const AVFrame& input, const AVFrame& output,
                                                       MiddlePart part, int filter) {
  if (!zimg_takes(input, filter)) return nullptr;
  if (!zimg_takes(output, filter) && !planar_rgb(output)) return nullptr;
  return std::make_unique<ZimgConverter>(input, output, part, filter);
}

}  // namespace videngine
