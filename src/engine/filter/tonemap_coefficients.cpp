#include <algorithm>
#include <cmath>
#include <numbers>

#include "filter/polynomial.h"
#include "filter/tonemap_kernel.h"

namespace videngine {
namespace {

constexpr double kSteps = TonemapCoefficients::kCodedSteps;
// 219 codes between black and white; a coded value is amplitude^(1 / 1.2).
constexpr double kCodesOfWhite = 219;
constexpr double kCodedPower = 1 / 1.2;

// By how many codes of the output an error of amplitude shows. Above white it is what the tone
// curve leaves of it.
double codes_by_amplitude(double amplitude) {
  const double shown = std::pow(std::min(amplitude, 1.0), kCodedPower);
  return kCodesOfWhite * kCodedPower * shown / std::max(amplitude, 1e-3);
}

double amplitude_of(double nits) { return std::sqrt(nits / kSdrWhiteNits); }

double pq_amplitude(double coded) { return amplitude_of(pq_to_nits(coded)); }

// `scale`: of the argument that the polynomial is for, to that it was fitted by.
void put(const std::vector<double>& coefficients, double scale, float* out) {
  double power = 1;
  for (const double coefficient : coefficients) {
    power *= scale;
    *out++ = static_cast<float>(coefficient * power);
  }
}

// A polynomial follows PQ badly near black, and would spread that error over everything. Errors in
// the light of bright channels are also what is left in dark ones where primaries change.
std::vector<double> pq_polynomial() {
  constexpr double kDark = 0.2;
  constexpr double kWorth = 9;
  const auto weight = [](double coded) {
    return codes_by_amplitude(pq_amplitude(coded)) * (coded > kDark ? kWorth : 1);
  };
  return fitted({pq_amplitude, weight}, 8);
}

constexpr double kHlgHalf = 0.5;
constexpr double kHlgSlope = std::numbers::inv_sqrt3;

// By 0 to 1 for coded values from a half to 1.
std::vector<double> hlg_polynomial() {
  const auto above_the_slope = [](double rise) {
    const double coded = kHlgHalf * (1 + rise);
    return std::sqrt(hlg_to_scene(coded)) - kHlgSlope * coded;
  };
  return fitted({above_the_slope, [](double) { return 1.0; }}, 5);
}

}  // namespace

TonemapCoefficients::TonemapCoefficients(const HdrFormat& format) : transfer(format.transfer) {
  const auto [red, green, blue] = format.luma_weights;
  // A code of chroma is 1/896, of luma 1/876 of the range.
  const auto chroma = [](double factor) { return static_cast<float>(kSteps / 896 * factor / 8); };
  red_of_cr = chroma(2 * (1 - red));
  blue_of_cb = chroma(2 * (1 - blue));
  green_of_cr = chroma(-2 * (1 - red) * red / green);
  green_of_cb = chroma(-2 * (1 - blue) * blue / green);

  const bool hlg = transfer == HdrTransfer::kHlg;
  const std::vector<double> pq = hlg ? std::vector<double>{} : pq_polynomial();
  if (hlg) {
    amplitude[0] = static_cast<float>(kHlgSlope / kSteps);
    put(hlg_polynomial(), 1 / (kHlgHalf * kSteps), amplitude.data() + 1);
  } else {
    put(pq, 1 / kSteps, amplitude.data());
  }

  log2_display = static_cast<float>(std::log2(amplitude_of(kHlgPeakNits)));
  const auto even = [](double) { return 1.0; };
  put(fitted({[](double x) { return std::log2(1 + x); }, even}, 4, true), 1, logarithm.data());
  put(fitted({[](double x) { return std::exp2(x) - 1; }, even}, 4, true), 1, exponential.data());

  const double peak_nits =
      std::clamp(format.peak_nits, kSdrWhiteNits, hlg ? kHlgPeakNits : kPqPeakNits);
  const double knee_nits = tone_curve_knee(peak_nits);
  const double low = hlg ? amplitude_of(knee_nits) : nits_to_pq(knee_nits);
  const double high = hlg ? amplitude_of(peak_nits) : nits_to_pq(peak_nits);
  // Errors of the polynomial before it are mended here.
  const auto taken = [&](double rise) {
    const double at = low + rise * (high - low);
    const double nits = hlg ? at * at * kSdrWhiteNits : pq_to_nits(at);
    const double before = hlg ? at : evaluated(pq, at);
    return std::sqrt(tone_curve(nits, peak_nits)) / before - 1;
  };
  const auto weight = [&](double rise) { return kCodesOfWhite * kCodedPower / (1 + taken(rise)); };
  if (high - low > 1e-6) put(fitted({taken, weight}, hlg ? 8 : 6, true), 1, gain.data());
  const double unit = hlg ? 1 : kSteps;
  const double per_rise_of = 1 / std::max((high - low) * unit, 1e-6);
  knee = static_cast<float>(low * unit);
  peak = static_cast<float>(high * unit);
  per_rise = static_cast<float>(per_rise_of);
  rise_of_black = static_cast<float>(-low * unit * per_rise_of);

  put(fitted({[](double root) { return std::pow(root, 2 * kCodedPower); },
              [](double) { return kCodesOfWhite; }},
             5, true),
      1, coded.data());

  const Matrix matrix = conversion(format.primaries, kBt709);
  const std::array<double, 3> weights = luminance_weights(format.primaries);
  for (std::size_t i = 0; i < 3; ++i) {
    luminance[i] = static_cast<float>(weights[i]);
    for (std::size_t j = 0; j < 3; ++j) to_709[3 * i + j] = static_cast<float>(matrix[i][j]);
  }
}

}  // namespace videngine
