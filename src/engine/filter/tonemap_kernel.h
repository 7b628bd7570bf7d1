#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "filter/tone_curve.h"

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

// What the kernel computes with: tone_curve.h's functions as polynomials. "Amplitude" is the square
// root of light whose 1 is the white of SDR, 203 nits: polynomials are good at it. Against the
// definition in double the result is off by 0.04 of an 8-bit code on average, and by more than one
// only at the very edge of what BT.709 can show (one random colour in 3000).
struct TonemapCoefficients {
  explicit TonemapCoefficients(const HdrFormat& format);

  static constexpr int kCodedSteps = 876;  // of R', G' and B', from black to white

  HdrTransfer transfer;
  // What an eighth of a code of chroma adds to R'G'B'.
  float red_of_cr, green_of_cb, green_of_cr, blue_of_cb;
  // R', G' or B' to amplitude: powers 1 to 8 for PQ. For HLG the slope of its lower half, then
  // powers 1 to 5 of what exceeds the half; the light is that of the scene.
  std::array<float, 8> amplitude{};
  // HLG's OOTF: the weights of luminance, and log2 of the amplitude of its display's white.
  std::array<float, 3> luminance{};
  float log2_display;
  std::array<float, 4> logarithm{};    // log2(1 + x), 0 to 1: powers 1 to 4
  std::array<float, 4> exponential{};  // 2^x - 1, 0 to 1: likewise
  // What the tone curve takes from an amplitude, by the largest of the three (for PQ: of R'G'B'),
  // which is brought to 0 at the knee and 1 at the peak: powers 1 to 6 for PQ, 1 to 8 for HLG.
  float knee, peak, per_rise, rise_of_black;
  std::array<float, 8> gain{};
  std::array<float, 9> to_709{};
  // Fourth root of light to coded value: powers 1 to 5.
  std::array<float, 5> coded{};
};

// Rows on their way; as large as tonemap() makes it.
struct TonemapScratch {
  std::vector<float> differences;  // B' - Y' and R' - Y' of two rows together
  std::vector<int16_t> chroma;     // of two rows of luma
};

// HDR, 10 bits, limited range → SDR of BT.709, 8 bits, limited range, chroma to the left. A pure
// function of its arguments but for `scratch`. Runs on the widest vectors that the machine has.
void tonemap(const TonemapCoefficients& coefficients, const Planes<const uint16_t>& input,
             const Planes<uint8_t>& output, int width_px, int height_px, TonemapScratch& scratch);

}  // namespace videngine
