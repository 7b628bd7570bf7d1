#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "av/handles.h"
#include "filter/tone_curve.h"
#include "plan.h"

namespace videngine {

// How HDR pictures are coded: enough to say which colour a sample means.
struct HdrFormat {
  HdrTransfer transfer = HdrTransfer::kPq;
  double peak_nits = 1000;  // the brightest that the tone curve makes room for
  Primaries primaries = kBt2020;
  std::array<double, 3> luma_weights{0.2627, 0.6780, 0.0593};  // of Y'CbCr
};

// Planes of a 4:2:0 picture of even size: Y', Cb, Cr. Strides are in samples.
template <typename Sample>
struct Planes {
  std::array<Sample*, 3> data;
  std::array<std::ptrdiff_t, 3> stride;
};

// What the kernel reads beside the pixels. The tables are fine enough that the nearest entry will
// do: against the definition in double the result is off by less than an 8-bit code for any
// input, and by 0.03 on average.
struct TonemapTables {
  explicit TonemapTables(const HdrFormat& format);

  // 10-bit limited codes to R'G'B' in steps of 1 / kCodedSteps.
  float red_of_cr, green_of_cb, green_of_cr, blue_of_cb;
  std::vector<float> light;  // by R', G' or B': 0 to 1 (of 10 000 nits, or of HLG's scene)
  // HLG's OOTF: by the fourth root of the scene's luminance, the factor to parts of 10 000 nits.
  // Empty for PQ.
  std::vector<float> ootf;
  std::array<float, 3> luminance{};
  std::vector<float> gain;  // by the fourth root of the largest of R, G, B: the tone curve
  std::array<float, 9> to_709{};
  std::vector<float> coded;  // by the square root of the light: inverse BT.1886
};

// HDR, 10 bits, limited range → SDR of BT.709, 8 bits, limited range, chroma to the left. A pure
// function of its arguments but for `scratch`, which it makes as large as it needs.
void tonemap(const TonemapTables& tables, const Planes<const uint16_t>& input,
             const Planes<uint8_t>& output, int width_px, int height_px,
             std::vector<float>& scratch);

// Frames of kInput, limited range → frames in yuv420p, tagged as what they are. Owns tables and
// buffers; not thread-safe.
class Tonemapper {
 public:
  static constexpr AVPixelFormat kInput = AV_PIX_FMT_YUV420P10LE;

  explicit Tonemapper(const TonemapPlan& plan);
  ~Tonemapper();

  av::Frame apply(const AVFrame& frame);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace videngine
