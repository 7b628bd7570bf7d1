// No filter allocates a picture once its pools are full: from then on libav's allocator gives
// nothing as large as one.
#include <climits>
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "encode/image.h"
#include "filter/deinterlacer.h"
#include "filter/overlay.h"
#include "filter/picture_chain.h"
#include "fixtures/frames.h"
#include "fixtures/scratch.h"

extern "C" {
#include <libavutil/mem.h>
}

namespace videngine {
namespace {

constexpr int kWidthPx = 320;
constexpr int kHeightPx = 192;
constexpr int kWarmUp = 12;
constexpr int kFrames = 60;
constexpr std::size_t kLessThanAPlane = std::size_t{12} << 10;

class SteadyState : public testing::Test {
 protected:
  void TearDown() override { av_max_alloc(INT_MAX); }

  // `work` gets frames that are all different, as from a decoder.
  static void expect_none(const std::function<void(av::Frame)>& work,
                          AVPixelFormat format = AV_PIX_FMT_YUV420P) {
    std::vector<av::Frame> frames;
    for (int i = 0; i < kFrames; ++i) {
      frames.push_back(test::picture(kWidthPx, kHeightPx, i, format));
      frames.back()->pts = 40'000 * static_cast<int64_t>(i);
    }
    int done = 0;
    for (av::Frame& frame : frames) {
      if (done == kWarmUp) {
        av_max_alloc(kLessThanAPlane);
        ASSERT_EQ(av_malloc(std::size_t{kWidthPx} * kHeightPx / 4), nullptr);
      }
      ASSERT_NO_THROW(work(std::move(frame))) << "frame " << done;
      ++done;
    }
  }

  static void expect_none(const Geometry& geometry, const Look& look, int width_px, int height_px,
                          AVPixelFormat from = AV_PIX_FMT_YUV420P) {
    PictureChain chain(width_px, height_px, AV_PIX_FMT_YUV420P, geometry, look);
    expect_none([&](const av::Frame& frame) { EXPECT_NE(chain.apply(*frame), nullptr); }, from);
  }
};

TEST_F(SteadyState, OfScaling) {
  expect_none({}, {}, 256, 144);
  av_max_alloc(INT_MAX);
  Geometry lanczos;
  lanczos.filter = "lanczos";
  expect_none(lanczos, {}, 256, 144);
}

TEST_F(SteadyState, OfToneMapping) {
  Look look;
  look.tonemap = TonemapPlan{"pq", 1000};
  expect_none({}, look, kWidthPx, kHeightPx, AV_PIX_FMT_YUV420P10LE);
  av_max_alloc(INT_MAX);
  expect_none({}, look, 256, 144, AV_PIX_FMT_YUV420P10LE);
}

TEST_F(SteadyState, OfBarsAndTurns) {
  Geometry geometry;
  geometry.bars_x_px = 32;
  geometry.bars_y_px = 16;
  expect_none(geometry, {}, 320, 256);
  av_max_alloc(INT_MAX);
  geometry = {};
  geometry.rotation_deg = 90;
  expect_none(geometry, {}, 192, 320);
}

TEST_F(SteadyState, OfDeinterlacing) {
  for (const char* mode : {"all", "auto"}) {
    av_max_alloc(INT_MAX);
    Deinterlacer deinterlacer(mode);
    expect_none([&](av::Frame frame) {
      deinterlacer.push(std::move(frame), [](const av::Frame&) { return true; });
    });
  }
}

TEST_F(SteadyState, OfLogos) {
  const test::Scratch scratch;
  const ImageFormat png{"png", 100};
  LogoPlan logo;
  logo.path = scratch.path("logo.png");
  write_image(*test::plain_picture(64, 64, png.pixel_format(), 200, 100, 50), png, logo.path, "");
  Overlay overlay({logo});
  expect_none([&](const av::Frame& frame) { EXPECT_NE(overlay.over(*frame, 1), nullptr); });
}

}  // namespace
}  // namespace videngine
