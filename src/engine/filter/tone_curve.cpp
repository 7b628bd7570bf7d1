#include "filter/tone_curve.h"

#include <algorithm>
#include <cmath>

namespace videngine {
namespace {

constexpr double kM1 = 2610.0 / 16384;
constexpr double kM2 = 2523.0 / 4096 * 128;
constexpr double kC1 = 3424.0 / 4096;
constexpr double kC2 = 2413.0 / 4096 * 32;
constexpr double kC3 = 2392.0 / 4096 * 32;

constexpr double kHlgA = 0.17883277;
constexpr double kHlgB = 1 - 4 * kHlgA;
const double kHlgC = 0.5 - kHlgA * std::log(4 * kHlgA);

constexpr double kBt1886Gamma = 2.4;
constexpr std::array<double, 2> kD65{0.3127, 0.3290};

std::array<double, 3> xyz(const std::array<double, 2>& xy) {
  return {xy[0] / xy[1], 1, (1 - xy[0] - xy[1]) / xy[1]};
}

Matrix inverse(const Matrix& m) {
  const auto cofactor = [&m](int row, int column) {
    const int r1 = (row + 1) % 3;
    const int r2 = (row + 2) % 3;
    const int c1 = (column + 1) % 3;
    const int c2 = (column + 2) % 3;
    return m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1];
  };
  const double determinant =
      m[0][0] * cofactor(0, 0) + m[0][1] * cofactor(0, 1) + m[0][2] * cofactor(0, 2);
  Matrix result{};
  for (int row = 0; row < 3; ++row) {
    for (int column = 0; column < 3; ++column) {
      result[row][column] = cofactor(column, row) / determinant;
    }
  }
  return result;
}

// SMPTE RP 177: the matrix from linear RGB to XYZ with white at a luminance of 1.
Matrix to_xyz(const Primaries& primaries) {
  const std::array columns{xyz(primaries.red), xyz(primaries.green), xyz(primaries.blue)};
  Matrix result{};
  for (int row = 0; row < 3; ++row) {
    for (int column = 0; column < 3; ++column) result[row][column] = columns[column][row];
  }
  const Matrix back = inverse(result);
  const std::array<double, 3> white = xyz(kD65);
  for (int column = 0; column < 3; ++column) {
    double scale = 0;
    for (int i = 0; i < 3; ++i) scale += back[column][i] * white[i];
    for (int row = 0; row < 3; ++row) result[row][column] *= scale;
  }
  return result;
}

}  // namespace

Matrix conversion(const Primaries& from, const Primaries& to) {
  const Matrix first = to_xyz(from);
  const Matrix second = inverse(to_xyz(to));
  Matrix result{};
  for (int row = 0; row < 3; ++row) {
    for (int column = 0; column < 3; ++column) {
      for (int i = 0; i < 3; ++i) result[row][column] += second[row][i] * first[i][column];
    }
  }
  return result;
}

std::array<double, 3> luminance_weights(const Primaries& primaries) { return to_xyz(primaries)[1]; }

double pq_to_nits(double coded) {
  const double power = std::pow(std::clamp(coded, 0.0, 1.0), 1 / kM2);
  return kPqPeakNits * std::pow(std::max(power - kC1, 0.0) / (kC2 - kC3 * power), 1 / kM1);
}

double nits_to_pq(double nits) {
  const double power = std::pow(std::max(nits, 0.0) / kPqPeakNits, kM1);
  return std::pow((kC1 + kC2 * power) / (1 + kC3 * power), kM2);
}

double hlg_to_scene(double coded) {
  const double value = std::clamp(coded, 0.0, 1.0);
  if (value <= 0.5) return value * value / 3;
  return (std::exp((value - kHlgC) / kHlgA) + kHlgB) / 12;
}

std::array<double, 3> nits_to_hlg(const std::array<double, 3>& nits) {
  const std::array<double, 3> weights = luminance_weights(kBt2020);
  double luminance = 0;
  for (std::size_t i = 0; i < 3; ++i) luminance += weights[i] * nits[i] / kHlgPeakNits;
  std::array<double, 3> coded{};
  if (luminance <= 0) return coded;
  for (std::size_t i = 0; i < 3; ++i) {
    const double scene =
        std::max(nits[i], 0.0) / kHlgPeakNits * std::pow(luminance, 1 / kHlgGamma - 1);
    coded[i] =
        scene <= 1.0 / 12 ? std::sqrt(3 * scene) : kHlgA * std::log(12 * scene - kHlgB) + kHlgC;
  }
  return coded;
}

double tone_curve_knee(double peak_nits) {
  const double peak = nits_to_pq(std::max(peak_nits, kSdrWhiteNits));
  return pq_to_nits(1.5 * nits_to_pq(kSdrWhiteNits) - 0.5 * peak);
}

double tone_curve(double nits, double peak_nits) {
  const double peak = nits_to_pq(std::max(peak_nits, kSdrWhiteNits));
  const double white = nits_to_pq(kSdrWhiteNits) / peak;
  const double knee = 1.5 * white - 0.5;
  const double input = nits_to_pq(nits) / peak;
  double output = input;
  if (input >= knee && knee < 1) {
    const double t = std::min((input - knee) / (1 - knee), 1.0);
    const double t2 = t * t;
    const double t3 = t2 * t;
    output =
        (2 * t3 - 3 * t2 + 1) * knee + (t3 - 2 * t2 + t) * (1 - knee) + (-2 * t3 + 3 * t2) * white;
  }
  return pq_to_nits(std::min(output, white) * peak) / kSdrWhiteNits;
}

double sdr_to_coded(double light) {
  return std::pow(std::clamp(light, 0.0, 1.0), 1 / kBt1886Gamma);
}

}  // namespace videngine
