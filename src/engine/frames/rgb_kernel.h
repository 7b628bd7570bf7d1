#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace videngine::frames {

// How 8-bit Y'CbCr becomes R'G'B' of full range: coefficients of ITU-T H.273, 8.3, as fixed point.
struct RgbCoefficients {
  // By the weights of red and blue in luma.
  RgbCoefficients(double red_weight, double blue_weight, bool full_range);

  uint16_t luma;  // times 2^15
  int16_t black;  // what to take off luma that was multiplied, times 2^7
  int16_t red_v;  // times 2^14, as all that follow
  int16_t green_u;
  int16_t green_v;
  int16_t half_blue_u;
};

// Where chroma lies between the luma samples of 4:2:0, in quarters: the share of the nearer chroma
// sample in what even and odd luma samples get; the rest is of the one before or behind it.
struct ChromaSite {
  int even = 3;  // 4: on it
  int odd = 3;
};

// A picture of yuv420p, of any size; strides in bytes.
struct Yuv420 {
  std::array<const uint8_t*, 3> data{};
  std::array<std::ptrdiff_t, 3> stride{};
  int width_px = 0;
  int height_px = 0;
  ChromaSite across;
  ChromaSite down;
};

// To R, G, B side by side, or to three planes of `width_px * height_px` one behind the other.
// Chroma is interpolated by straight lines; results are off by at most one code from exact
// arithmetic. A pure function but for `scratch`, which it makes as large as it needs. Runs on the
// widest vectors that the machine has.
void to_rgb24(const Yuv420& picture, const RgbCoefficients& coefficients, uint8_t* out, bool planar,
              std::vector<int16_t>& scratch);

}  // namespace videngine::frames
