#include "filter/scaler.h"

#include <array>
#include <string_view>
#include <utility>

#include "av/side_data.h"
#include "filter/frame_pool.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace videngine {
namespace {

bool is_rgb(AVPixelFormat format) {
  const AVPixFmtDescriptor* facts = av_pix_fmt_desc_get(format);
  return facts != nullptr && (facts->flags & AV_PIX_FMT_FLAG_RGB) != 0;
}

// Players guess the matrix of untagged pictures by their size, so a small rung of an untagged HD
// film would change colour: what the source leaves open is decided here once, by the same rule they
// use (BT.709 above 576 lines).
void fill_in_colour(AVFrame& frame, int source_height_px) {
  const bool sd = source_height_px <= 576;
  if (frame.colorspace == AVCOL_SPC_UNSPECIFIED || frame.colorspace == AVCOL_SPC_RGB) {
    frame.colorspace = sd ? AVCOL_SPC_SMPTE170M : AVCOL_SPC_BT709;
  }
  if (frame.color_primaries == AVCOL_PRI_UNSPECIFIED) {
    frame.color_primaries = sd ? AVCOL_PRI_SMPTE170M : AVCOL_PRI_BT709;
  }
  if (frame.color_trc == AVCOL_TRC_UNSPECIFIED) {
    frame.color_trc = sd ? AVCOL_TRC_SMPTE170M : AVCOL_TRC_BT709;
  }
}

void tag(AVFrame& frame, const ColorTags& wanted) {
  if (wanted.matrix != AVCOL_SPC_UNSPECIFIED) frame.colorspace = wanted.matrix;
  if (wanted.primaries != AVCOL_PRI_UNSPECIFIED) frame.color_primaries = wanted.primaries;
  if (wanted.transfer != AVCOL_TRC_UNSPECIFIED) frame.color_trc = wanted.transfer;
}

// What the input leaves open, as the output has it.
av::Frame told_apart(const AVFrame& input, const AVFrame& output) {
  av::Frame told = av::share(input);
  if (told->colorspace == AVCOL_SPC_UNSPECIFIED) told->colorspace = output.colorspace;
  if (told->color_primaries == AVCOL_PRI_UNSPECIFIED) {
    told->color_primaries = output.color_primaries;
  }
  if (told->color_trc == AVCOL_TRC_UNSPECIFIED) told->color_trc = output.color_trc;
  return told;
}

bool same_colours(const AVFrame& one, const AVFrame& other) {
  return one.colorspace == other.colorspace && one.color_primaries == other.color_primaries &&
         one.color_trc == other.color_trc;
}

bool is_full_range(AVPixelFormat format) { return is_rgb(format) || format == AV_PIX_FMT_YUVJ420P; }

// Players take chroma to lie where MPEG-2 has it, and read no tag that says otherwise.
bool lies_elsewhere(AVChromaLocation location) {
  return location == AVCHROMA_LOC_TOP || location == AVCHROMA_LOC_BOTTOM ||
         location == AVCHROMA_LOC_CENTER || location == AVCHROMA_LOC_TOPLEFT;
}

}  // namespace

int scaling_filter(const std::string& name) {
  using Named = std::pair<std::string_view, int>;
  constexpr std::array<Named, 9> kFilters{{{"fast_bilinear", SWS_FAST_BILINEAR},
                                           {"bilinear", SWS_BILINEAR},
                                           {"neighbor", SWS_POINT},
                                           {"area", SWS_AREA},
                                           {"bicublin", SWS_BICUBLIN},
                                           {"gauss", SWS_GAUSS},
                                           {"sinc", SWS_SINC},
                                           {"bicubic", SWS_BICUBIC},
                                           {"spline", SWS_SPLINE}}};
  for (const auto& [known, filter] : kFilters) {
    if (known == name) return filter;
  }
  return SWS_LANCZOS;
}

struct Scaler::State {
  State(PictureFormat wanted, MiddlePart taken)
      : output(wanted), part(taken), pool(wanted.width_px, wanted.height_px, wanted.pixel_format) {}

  PictureFormat output;
  MiddlePart part;
  FramePool pool;
  std::unique_ptr<Converter> converter;
  av::Frame like;                 // what the converter was made for
  std::unique_ptr<Scaler> first;  // to the format, and then to the colours
  std::unique_ptr<Scaler> second;
};

Scaler::Scaler(PictureFormat output, MiddlePart part)
    : state_(std::make_unique<State>(output, part)) {}
Scaler::~Scaler() = default;

// RGB has no matrix, and only planar YUV changes its colours: the first half of the way is another
// scaler's.
bool Scaler::needs_two_steps(const AVFrame& input) const {
  const ColorTags& wanted = state_->output.color;
  const bool asked = wanted.matrix != AVCOL_SPC_UNSPECIFIED ||
                     wanted.primaries != AVCOL_PRI_UNSPECIFIED ||
                     wanted.transfer != AVCOL_TRC_UNSPECIFIED;
  const bool at_once = zimg_takes(input, state_->output.filter);
  return asked && !is_rgb(state_->output.pixel_format) && !at_once;
}

av::Frame Scaler::scale(const AVFrame& whole) {
  State& s = *state_;
  if (needs_two_steps(whole)) {
    if (!s.first) {
      PictureFormat as_it_is = s.output;
      as_it_is.color = {};
      s.first = std::make_unique<Scaler>(as_it_is, s.part);
      PictureFormat coloured = s.output;
      coloured.filter = SWS_LANCZOS;
      s.second = std::make_unique<Scaler>(coloured);
    }
    return s.second->scale(*s.first->scale(whole));
  }
  const auto range_of = [&](const AVFrame& frame) {
    return frame.color_range == AVCOL_RANGE_UNSPECIFIED &&
                   !is_full_range(static_cast<AVPixelFormat>(frame.format))
               ? AVCOL_RANGE_MPEG
               : frame.color_range;
  };
  const AVColorRange wanted_range =
      is_full_range(s.output.pixel_format) ? AVCOL_RANGE_JPEG : s.output.color.range;
  const av::Frame tags = av::make_frame();  // of the output
  tags->color_primaries = whole.color_primaries;
  tags->color_trc = whole.color_trc;
  tags->colorspace = whole.colorspace;
  if (!is_rgb(s.output.pixel_format)) {
    tag(*tags, s.output.color);
    fill_in_colour(*tags, whole.height);
  }
  const av::Frame told = told_apart(whole, *tags);
  const AVFrame& input = *told;
  av::Frame output;
  const bool same = input.width == s.output.width_px && input.height == s.output.height_px &&
                    input.format == s.output.pixel_format && range_of(input) == wanted_range &&
                    s.part.is_whole() && !lies_elsewhere(input.chroma_location) &&
                    same_colours(input, *tags);
  if (same) {
    output = av::share(input);
  } else {
    output = s.pool.get();
    output->pts = input.pts;
    output->chroma_location = AVCHROMA_LOC_LEFT;
    av::copy_hdr_metadata(*output, input);
  }
  output->color_primaries = tags->color_primaries;
  output->color_trc = tags->color_trc;
  output->colorspace = tags->colorspace;
  output->color_range = wanted_range;
  output->sample_aspect_ratio = s.output.sample_aspect_ratio;
  output->pict_type = AV_PICTURE_TYPE_NONE;
  if (same) return output;

  const bool fits = s.like && s.like->width == input.width && s.like->height == input.height &&
                    s.like->format == input.format && s.like->color_range == input.color_range &&
                    same_colours(*s.like, input) &&
                    s.like->chroma_location == input.chroma_location;
  if (!fits) {
    s.converter.reset();
    s.converter = make_zimg_converter(input, *output, s.part, s.output.filter);
    if (!s.converter) s.converter = make_sws_converter(input, *output, s.part, s.output.filter);
    s.like = av::make_frame();
    s.like->width = input.width;
    s.like->height = input.height;
    s.like->format = input.format;
    s.like->color_range = input.color_range;
    s.like->colorspace = input.colorspace;
    s.like->color_primaries = input.color_primaries;
    s.like->color_trc = input.color_trc;
    s.like->chroma_location = input.chroma_location;
  }
  s.converter->convert(input, *output);
  return output;
}

}  // namespace videngine
