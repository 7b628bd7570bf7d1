#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "filter/frame_pool.h"
#include "filter/tonemap.h"

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
std::array<double, 3> by_kernel(const TonemapTables& tables, std::array<uint16_t, 3> codes) {
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
  std::vector<float> scratch;
  tonemap(tables, from, to, kSide, kSide, scratch);
  std::array<double, 3> means{};
  for (std::size_t plane = 0; plane < 3; ++plane) {
    for (const uint8_t value : output[plane]) means[plane] += value;
    means[plane] /= static_cast<double>(output[plane].size());
  }
  return means;
}

class Tonemap : public ::testing::TestWithParam<HdrTransfer> {};

TEST_P(Tonemap, TheTablesAreTheDefinitionToACode) {
  HdrFormat format;
  format.transfer = GetParam();
  const TonemapTables tables(format);
  std::mt19937 random(7);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same colours every time
  std::uniform_int_distribution<int> luma(64, 940);
  std::uniform_int_distribution<int> chroma(64, 960);
  double errors = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::array<uint16_t, 3> codes{static_cast<uint16_t>(luma(random)),
                                        static_cast<uint16_t>(chroma(random)),
                                        static_cast<uint16_t>(chroma(random))};
    const auto expected =
        by_definition(format, {double(codes[0]), double(codes[1]), double(codes[2])});
    const auto found = by_kernel(tables, codes);
    for (std::size_t plane = 0; plane < 3; ++plane) {
      errors += std::abs(found[plane] - expected[plane]);
      ASSERT_NEAR(found[plane], expected[plane], 0.8)
          << codes[0] << " " << codes[1] << " " << codes[2] << " plane " << plane;
    }
  }
  EXPECT_LT(errors / 6000, 0.03);
}

TEST_P(Tonemap, GreysStayGrey) {
  HdrFormat format;
  format.transfer = GetParam();
  const TonemapTables tables(format);
  double before = 0;
  for (uint16_t code = 0; code < 1024; ++code) {
    const auto found = by_kernel(tables, {code, 512, 512});
    EXPECT_EQ(found[1], 128) << code;
    EXPECT_EQ(found[2], 128) << code;
    EXPECT_GE(found[0], before - 0.05) << code;  // a step of the dither is 0.016
    before = found[0];
  }
  EXPECT_NEAR(before, 235, 0.05);
}

INSTANTIATE_TEST_SUITE_P(Transfers, Tonemap,
                         ::testing::Values(HdrTransfer::kPq, HdrTransfer::kHlg));

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
