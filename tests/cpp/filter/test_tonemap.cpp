#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include "filter/frame_pool.h"
#include "filter/polynomial.h"
#include "filter/tonemap.h"
#include "filter/tonemap_kernel.h"

namespace videngine {
namespace {

// One colour as R'G'B' of BT.2100, and what the definition makes of it: codes of BT.709, not
// rounded.
std::array<double, 3> by_definition(const HdrFormat& format, std::array<double, 3> codes) {
  const auto& weights = format.luma_weights;
  const double y = (codes[0] - 64) / 876;
  const double cb = (codes[1] - 512) / 896;
  const double cr = (codes[2] - 512) / 896;
  std::array<double, 3> rgb{y + 2 * (1 - weights[0]) * cr, 0, y + 2 * (1 - weights[2]) * cb};
  rgb[1] = (y - weights[0] * rgb[0] - weights[2] * rgb[2]) / weights[1];
  const bool hlg = format.transfer == HdrTransfer::kHlg;
  for (double& value : rgb) {
    value = std::clamp(value, 0.0, 1.0);
    value = hlg ? hlg_to_scene(value) : pq_to_nits(value);
  }
  if (hlg) {
    const auto luminance = luminance_weights(format.primaries);
    double scene = 1e-30;
    for (std::size_t i = 0; i < 3; ++i) scene += luminance[i] * rgb[i];
    for (double& value : rgb) value *= kHlgPeakNits * std::pow(scene, kHlgGamma - 1);
  }
  const double largest = std::max(*std::ranges::max_element(rgb), 1e-9);
  const double gain = tone_curve(largest, format.peak_nits) / largest;
  const Matrix matrix = conversion(format.primaries, kBt709);
  std::array<double, 3> light{};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) light[i] += matrix[i][j] * rgb[j] * gain;
  }
  const double grey = std::min(0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2], 1.0);
  double kept = 1;
  for (const double value : light) {
    if (value < 0) kept = std::min(kept, grey / (grey - value));
    if (value > 1) kept = std::min(kept, (1 - grey) / (value - grey));
  }
  for (double& value : light) value = sdr_to_coded(grey + kept * (value - grey));
  const double luma = 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2];
  return {16 + 219 * luma, 128 + 224 * (light[2] - luma) / 1.8556,
          128 + 224 * (light[0] - luma) / 1.5748};
}

// The mean of a flat picture of 16x16: the dither covers every step once.
std::array<double, 3> by_kernel(const TonemapCoefficients& tables, std::array<uint16_t, 3> codes) {
  constexpr int kSide = 16;
  std::array<std::vector<uint16_t>, 3> input;
  std::array<std::vector<uint8_t>, 3> output;
  Planes<const uint16_t> from{};
  Planes<uint8_t> to{};
  for (std::size_t plane = 0; plane < 3; ++plane) {
    const std::size_t side = plane == 0 ? kSide : kSide / 2;
    input[plane].assign(side * side, codes[plane]);
    output[plane].resize(side * side);
    from.data[plane] = input[plane].data();
    to.data[plane] = output[plane].data();
    from.stride[plane] = to.stride[plane] = static_cast<std::ptrdiff_t>(side);
  }
  TonemapScratch scratch;
  tonemap(tables, from, to, kSide, kSide, scratch);
  std::array<double, 3> means{};
  for (std::size_t plane = 0; plane < 3; ++plane) {
    for (const uint8_t value : output[plane]) means[plane] += value;
    means[plane] /= static_cast<double>(output[plane].size());
  }
  return means;
}

constexpr std::array<std::array<int, 8>, 8> kBayer{{{0, 32, 8, 40, 2, 34, 10, 42},
                                                    {48, 16, 56, 24, 50, 18, 58, 26},
                                                    {12, 44, 4, 36, 14, 46, 6, 38},
                                                    {60, 28, 52, 20, 62, 30, 54, 22},
                                                    {3, 35, 11, 43, 1, 33, 9, 41},
                                                    {51, 19, 59, 27, 49, 17, 57, 25},
                                                    {15, 47, 7, 39, 13, 45, 5, 37},
                                                    {63, 31, 55, 23, 61, 29, 53, 21}}};

double dither(int x, int y) {
  return (2 * kBayer[static_cast<std::size_t>(y % 8)][static_cast<std::size_t>(x % 8)] + 1) / 128.0;
}

// A 4:2:0 picture in memory of its own, whose lines are longer than it is wide and begin anywhere.
template <typename Sample>
struct Picture {
  static constexpr int kBefore = 3;
  static constexpr int kBehind = 5;

  Picture(int width_px, int height_px, Sample fill) : width(width_px), height(height_px) {
    for (int plane = 0; plane < 3; ++plane) {
      samples[static_cast<std::size_t>(plane)].assign(
          static_cast<std::size_t>(stride(plane) * (plane == 0 ? height : height / 2)), fill);
    }
  }
  [[nodiscard]] int stride(int plane) const {
    return (plane == 0 ? width : width / 2) + kBefore + kBehind;
  }
  Sample& at(int plane, int x, int y) {
    return samples[static_cast<std::size_t>(plane)]
                  [static_cast<std::size_t>(y * stride(plane) + kBefore + x)];
  }
  template <typename As = Sample>
  Planes<As> planes() {
    return {{&at(0, 0, 0), &at(1, 0, 0), &at(2, 0, 0)}, {stride(0), stride(1), stride(2)}};
  }

  int width, height;
  std::array<std::vector<Sample>, 3> samples;
};

// The whole way of one picture, pixel by pixel: chroma spread, the definition, chroma joined,
// dither.
Picture<uint8_t> picture_by_definition(const HdrFormat& format, Picture<uint16_t>& input) {
  const int width = input.width;
  const int height = input.height;
  const auto chroma = [&](int plane, int x, int y) {
    const int beside = std::clamp(y / 2 + (y % 2 == 0 ? -1 : 1), 0, height / 2 - 1);
    const auto at = [&](int column) {
      column = std::min(column, width / 2 - 1);
      return 0.75 * input.at(plane, column, y / 2) + 0.25 * input.at(plane, column, beside);
    };
    return x % 2 == 0 ? at(x / 2) : 0.5 * (at(x / 2) + at(x / 2 + 1));
  };
  std::vector<std::array<double, 3>> pixels;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      pixels.push_back(
          by_definition(format, {double(input.at(0, x, y)), chroma(1, x, y), chroma(2, x, y)}));
    }
  }
  const auto pixel = [&](int x, int y) {
    return pixels[static_cast<std::size_t>(y * width + std::max(x, 0))];
  };
  Picture<uint8_t> output(width, height, 0);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      output.at(0, x, y) = static_cast<uint8_t>(pixel(x, y)[0] + dither(x, y));
      if (x % 2 != 0 || y % 2 != 0) continue;
      for (int plane = 1; plane < 3; ++plane) {
        double sum = 0;
        for (const int row : {y, y + 1}) {
          const auto channel = static_cast<std::size_t>(plane);
          sum +=
              pixel(x - 1, row)[channel] + 2 * pixel(x, row)[channel] + pixel(x + 1, row)[channel];
        }
        output.at(plane, x / 2, y / 2) = static_cast<uint8_t>(sum / 8 + dither(x / 2, y / 2));
      }
    }
  }
  return output;
}

// The kinds of vectors that this machine has, one at a time: what tonemap() is compiled for.
class EachTarget {
 public:
  template <typename Work>
  static void run(const Work& work) {
    const int64_t supported = hwy::SupportedTargets();
    for (int64_t rest = supported; rest != 0; rest &= rest - 1) {
      const int64_t target = rest & -rest;
      SCOPED_TRACE(hwy::TargetName(target));
      hwy::SetSupportedTargetsForTest(target);
      hwy::GetChosenTarget().DeInit();
      work();
    }
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().DeInit();
  }
};

class Tonemap : public ::testing::TestWithParam<HdrTransfer> {};

TEST_P(Tonemap, ThePolynomialsAreTheDefinition) {
  HdrFormat format;
  format.transfer = GetParam();
  constexpr int kColours = 2000;
  const TonemapCoefficients coefficients(format);
  std::mt19937 random(7);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same colours every time
  std::uniform_int_distribution<int> luma(64, 940);
  std::uniform_int_distribution<int> chroma(64, 960);
  std::vector<std::array<uint16_t, 3>> colours;
  std::vector<std::array<double, 3>> expected;
  for (int i = 0; i < kColours; ++i) {
    const auto& codes = colours.emplace_back(std::array<uint16_t, 3>{
        static_cast<uint16_t>(luma(random)), static_cast<uint16_t>(chroma(random)),
        static_cast<uint16_t>(chroma(random))});
    expected.push_back(
        by_definition(format, {double(codes[0]), double(codes[1]), double(codes[2])}));
  }
  EachTarget::run([&] {
    double errors = 0;
    int far_off = 0;
    for (std::size_t i = 0; i < kColours; ++i) {
      const auto found = by_kernel(coefficients, colours[i]);
      for (std::size_t plane = 0; plane < 3; ++plane) {
        const double error = std::abs(found[plane] - expected[i][plane]);
        errors += error;
        far_off += error > 1 ? 1 : 0;
        ASSERT_LT(error, 2) << "colour " << i << " plane " << plane;
      }
    }
    EXPECT_LT(errors / (3 * kColours), 0.05);
    EXPECT_LE(far_off, 3);
  });
}

TEST_P(Tonemap, EveryPixelIsWithinACodeOfTheDefinitionWhateverTheSize) {
  HdrFormat format;
  format.transfer = GetParam();
  const TonemapCoefficients coefficients(format);
  std::mt19937 random(11);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same pictures every time
  std::uniform_int_distribution<int> noise(-40, 40);
  TonemapScratch scratch;
  for (const auto& [width, height] :
       {std::pair{2, 2}, {6, 4}, {16, 2}, {30, 6}, {34, 4}, {62, 2}, {66, 6}, {130, 4}, {190, 2}}) {
    Picture<uint16_t> input(width, height, 0);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const int ramp = 100 + 800 * x / width + noise(random);
        input.at(0, x, y) = static_cast<uint16_t>(std::clamp(ramp, 64, 940));
        input.at(1, x / 2, y / 2) = static_cast<uint16_t>(512 + noise(random));
        input.at(2, x / 2, y / 2) = static_cast<uint16_t>(512 + noise(random));
      }
    }
    Picture<uint8_t> expected = picture_by_definition(format, input);
    EachTarget::run([&, width = width, height = height] {
      SCOPED_TRACE(std::to_string(width) + "x" + std::to_string(height));
      constexpr uint8_t kUntouched = 77;
      Picture<uint8_t> found(width, height, kUntouched);
      tonemap(coefficients, input.planes<const uint16_t>(), found.planes(), width, height, scratch);
      for (int plane = 0; plane < 3; ++plane) {
        const int columns = plane == 0 ? width : width / 2;
        for (int y = 0; y < (plane == 0 ? height : height / 2); ++y) {
          for (int x = -found.kBefore; x < columns + found.kBehind; ++x) {
            const int code = found.at(plane, x, y);
            if (x < 0 || x >= columns) {
              ASSERT_EQ(code, kUntouched) << plane << " " << x << " " << y;
            } else {
              ASSERT_NEAR(code, expected.at(plane, x, y), 1) << plane << " " << x << " " << y;
            }
          }
        }
      }
    });
  }
}

TEST_P(Tonemap, GreysStayGrey) {
  HdrFormat format;
  format.transfer = GetParam();
  const TonemapCoefficients coefficients(format);
  EachTarget::run([&] {
    double before = 0;
    for (uint16_t code = 0; code < 1024; ++code) {
      const auto found = by_kernel(coefficients, {code, 512, 512});
      EXPECT_EQ(found[1], 128) << code;
      EXPECT_EQ(found[2], 128) << code;
      EXPECT_GE(found[0], before - 0.05) << code;  // a step of the dither is 0.016
      if (code <= 64) {
        EXPECT_EQ(found[0], 16) << code;
      }
      before = found[0];
    }
    EXPECT_EQ(before, 235);
  });
}

TEST_P(Tonemap, WhateverTheSamplesAreTheCodesAreOfVideo) {
  HdrFormat format;
  format.transfer = GetParam();
  const TonemapCoefficients coefficients(format);
  EachTarget::run([&] {
    for (const int luma : {0, 64, 512, 940, 1023}) {
      for (const int cb : {0, 512, 1023}) {
        for (const int cr : {0, 512, 1023}) {
          const auto found = by_kernel(
              coefficients,
              {static_cast<uint16_t>(luma), static_cast<uint16_t>(cb), static_cast<uint16_t>(cr)});
          EXPECT_GE(found[0], 16);
          EXPECT_LE(found[0], 235);
          for (const std::size_t plane : {1, 2}) {
            EXPECT_GE(found[plane], 16);
            EXPECT_LE(found[plane], 240);
          }
        }
      }
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Transfers, Tonemap,
                         ::testing::Values(HdrTransfer::kPq, HdrTransfer::kHlg));

TEST(Polynomial, ComesAsNearAsItsDegreeAllows) {
  const Weighted cube{[](double x) { return x * x * x - 2 * x; }, [](double) { return 1.0; }};
  const std::vector<double> found = fitted(cube, 3);
  EXPECT_NEAR(found[0], -2, 1e-9);
  EXPECT_NEAR(found[1], 0, 1e-9);
  EXPECT_NEAR(found[2], 1, 1e-9);
  // Of all lines through 0 this is nearest to a parabola: as far above it as below at its end.
  const Weighted square{[](double x) { return x * x; }, [](double) { return 1.0; }};
  const std::vector<double> line = fitted(square, 1);
  EXPECT_NEAR(line[0], 2 * (std::sqrt(2.0) - 1), 0.01);
  const Weighted root{[](double x) { return std::sqrt(x); }, [](double) { return 1.0; }};
  EXPECT_NEAR(evaluated(fitted(root, 5, true), 1), 1, 1e-12);
}

TEST(ToneCurve, KeepsWhatIsBelowItsKneeAndReachesWhiteAtThePeak) {
  EXPECT_NEAR(tone_curve(10, 1000) * kSdrWhiteNits, 10, 1e-9);
  EXPECT_NEAR(tone_curve(1000, 1000), 1, 1e-12);
  EXPECT_NEAR(tone_curve(4000, 1000), 1, 1e-12);
  EXPECT_NEAR(tone_curve(100, 203) * kSdrWhiteNits, 100, 1e-9);
  EXPECT_LT(tone_curve(203, 4000), tone_curve(203, 1000));
}

TEST(ToneCurve, HasTheValuesOfTheStandards) {
  EXPECT_NEAR(pq_to_nits(1), 10'000, 1e-6);
  EXPECT_NEAR(nits_to_pq(100), 0.5081, 5e-5);      // ST 2084
  EXPECT_NEAR(hlg_to_scene(0.5), 1.0 / 12, 1e-9);  // BT.2100
  EXPECT_NEAR(hlg_to_scene(1), 1, 1e-6);
  const Matrix matrix = conversion(kBt2020, kBt709);  // BT.2087
  EXPECT_NEAR(matrix[0][0], 1.6605, 5e-5);
  EXPECT_NEAR(matrix[0][1], -0.5876, 5e-5);
  EXPECT_NEAR(matrix[2][2], 1.1187, 5e-5);
}

TEST(Tonemapper, TagsItsFramesAndLeavesTheMetadataOfHdrBehind) {
  const av::Frame input = FramePool(32, 16, Tonemapper::kInput).get();
  for (int plane = 0; plane < 3; ++plane) {
    auto* samples = reinterpret_cast<uint16_t*>(input->data[plane]);
    std::fill_n(samples, input->linesize[plane] / 2 * (plane == 0 ? 16 : 8), uint16_t{512});
  }
  input->pts = 5;
  input->color_trc = AVCOL_TRC_SMPTE2084;
  av_frame_new_side_data(input.get(), AV_FRAME_DATA_CONTENT_LIGHT_LEVEL, 8);
  const av::Frame output = Tonemapper({"pq", 1000}).apply(*input);
  EXPECT_EQ(output->pts, 5);
  EXPECT_EQ(output->format, AV_PIX_FMT_YUV420P);
  EXPECT_EQ(output->color_trc, AVCOL_TRC_BT709);
  EXPECT_EQ(output->colorspace, AVCOL_SPC_BT709);
  EXPECT_EQ(output->color_range, AVCOL_RANGE_MPEG);
  EXPECT_EQ(output->nb_side_data, 0);
}

}  // namespace
}  // namespace videngine
