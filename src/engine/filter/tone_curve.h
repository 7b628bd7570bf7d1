#pragma once

#include <array>
#include <cstdint>

namespace videngine {

// The colours of HDR as its pictures carry them, and how they become SDR. Everything here is plain
// arithmetic in double: the definition that Tonemapper's tables are made from.

enum class HdrTransfer : uint8_t { kPq, kHlg };

// x and y of the primaries; white is D65.
struct Primaries {
  std::array<double, 2> red;
  std::array<double, 2> green;
  std::array<double, 2> blue;
};
inline constexpr Primaries kBt2020{{0.708, 0.292}, {0.170, 0.797}, {0.131, 0.046}};
inline constexpr Primaries kBt709{{0.640, 0.330}, {0.300, 0.600}, {0.150, 0.060}};
inline constexpr Primaries kDisplayP3{{0.680, 0.320}, {0.265, 0.690}, {0.150, 0.060}};

using Matrix = std::array<std::array<double, 3>, 3>;

// Linear light of one set of primaries to that of another.
Matrix conversion(const Primaries& from, const Primaries& to);
// The weights of red, green and blue in luminance.
std::array<double, 3> luminance_weights(const Primaries& primaries);

inline constexpr double kPqPeakNits = 10'000;
// BT.2408: HDR's reference white, which becomes the white of SDR.
inline constexpr double kSdrWhiteNits = 203;
// BT.2100: the display that HLG is defined on. Its system gamma is 1.2.
inline constexpr double kHlgPeakNits = 1000;
inline constexpr double kHlgGamma = 1.2;

// SMPTE ST 2084: a coded value, 0 to 1, to nits and back.
double pq_to_nits(double coded);
double nits_to_pq(double nits);
// BT.2100's inverse OETF of HLG: a coded value to the light of the scene, 0 to 1.
double hlg_to_scene(double coded);
// Linear light of BT.2020 on HLG's display, in nits, to coded values.
std::array<double, 3> nits_to_hlg(const std::array<double, 3>& nits);
// BT.2390's EETF, section 5.4.1, without lift of black: nits of a picture whose brightest are
// `peak_nits` to the light of SDR, 0 to 1. Straight up to the knee, a Hermite spline above it.
double tone_curve(double nits, double peak_nits);
// Up to here, in nits, the curve is straight.
double tone_curve_knee(double peak_nits);
// The inverse of BT.1886 with a black of 0: light to coded value.
double sdr_to_coded(double light);

}  // namespace videngine
