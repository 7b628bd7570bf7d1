#pragma once

#include <memory>
#include <string>

#include "av/handles.h"

namespace videngine {

// Colour facts that pictures are brought to. Unspecified: the input's. Where the input leaves one
// open, it is taken to be what is wanted; pixels are converted where it says something else.
struct ColorTags {
  AVColorPrimaries primaries = AVCOL_PRI_UNSPECIFIED;
  AVColorTransferCharacteristic transfer = AVCOL_TRC_UNSPECIFIED;
  AVColorSpace matrix = AVCOL_SPC_UNSPECIFIED;
  AVColorRange range = AVCOL_RANGE_MPEG;  // full for JPEG's formats and RGB, whatever it says
};

// What a scaler makes: size, format and colour of its output.
struct PictureFormat {
  int width_px = 0;
  int height_px = 0;
  AVPixelFormat pixel_format = AV_PIX_FMT_YUV420P;
  AVRational sample_aspect_ratio{1, 1};
  int filter = SWS_LANCZOS;  // one of swscale's, by which it is scaled
  ColorTags color{};
};

// swscale's filter of a name as in Geometry; SWS_LANCZOS for one that it does not have.
int scaling_filter(const std::string& name);

// The part of the input that is scaled, around its middle, as fractions of its sides.
struct MiddlePart {
  double width = 1;
  double height = 1;

  [[nodiscard]] bool is_whole() const { return width >= 1 && height >= 1; }
};

// Scales and converts pictures to one format,
// chroma on the left ones of its luma columns. Makes a new converter whenever the input's size or
// format changes. Owns its buffers; not thread-safe.
class Scaler {
 public:
  explicit Scaler(PictureFormat output, MiddlePart part = {});
  ~Scaler();

  // A new frame with the input's pts, or a further reference to the input where nothing is to be
  // done.
  av::Frame scale(const AVFrame& input);

  // One way from one kind of input to the output.
  class Converter {
   public:
    virtual ~Converter() = default;
    virtual void convert(const AVFrame& input, AVFrame& output) = 0;
  };

 private:
  struct State;

  [[nodiscard]] bool needs_two_steps(const AVFrame& input) const;

  std::unique_ptr<State> state_;
};

// Whether libzimg converts frames such as this one by one of swscale's filters.
bool zimg_takes(const AVFrame& frame, int filter);

// libzimg: fastest, exact; Lanczos' and bicubic filter, planar YUV of even size only, to the same
// or to planar RGB (whose input must tell its matrix). Null where it does not apply.
std::unique_ptr<Scaler::Converter> make_zimg_converter(const AVFrame& input, const AVFrame& output,
                                                       MiddlePart part = {},
                                                       int filter = SWS_LANCZOS);
// libswscale: everything else (packed, semi-planar, palettes, RGB, odd sizes). It cuts at chroma
// samples.
std::unique_ptr<Scaler::Converter> make_sws_converter(const AVFrame& input, const AVFrame& output,
                                                      MiddlePart part = {},
                                                      int filter = SWS_LANCZOS);

}  // namespace videngine
