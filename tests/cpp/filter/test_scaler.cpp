#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

extern "C" {
#include <libavutil/mastering_display_metadata.h>
}

#include "filter/frame_pool.h"
#include "filter/scaler.h"
#include "fixtures/failure.h"
#include "fixtures/frames.h"

namespace videngine {
namespace {

using test::mean;
using test::picture;
using test::plain_picture;

constexpr PictureFormat kSmall{80, 48, AV_PIX_FMT_YUV420P};

av::Frame ten_bit_picture(int width_px, int height_px, uint16_t luma) {
  av::Frame frame = FramePool(width_px, height_px, AV_PIX_FMT_YUV420P10LE).get();
  for (int plane = 0; plane < 3; ++plane) {
    const int rows = plane == 0 ? height_px : height_px / 2;
    auto* samples = reinterpret_cast<uint16_t*>(frame->data[plane]);
    std::fill_n(samples, rows * frame->linesize[plane] / 2, plane == 0 ? luma : 512);
  }
  return frame;
}

void expect_colour(const AVFrame& frame, double y, double cb, double cr) {
  EXPECT_NEAR(mean(frame, 0), y, 1.5);
  EXPECT_NEAR(mean(frame, 1), cb, 1.5);
  EXPECT_NEAR(mean(frame, 2), cr, 1.5);
}

TEST(Scaler, TheSameSizeSharesTheMemory) {
  const av::Frame input = picture(80, 48);
  input->pts = 9;
  const av::Frame output = Scaler(kSmall).scale(*input);
  EXPECT_EQ(output->data[0], input->data[0]);
  EXPECT_EQ(output->pts, 9);
}

TEST(Scaler, PlanarPicturesAreScaledByZimg) {
  const av::Frame input = picture(160, 96);
  input->pts = 9;
  ASSERT_TRUE(make_zimg_converter(*input, *picture(80, 48)));
  const av::Frame output = Scaler(kSmall).scale(*input);
  EXPECT_EQ(output->width, 80);
  EXPECT_EQ(output->height, 48);
  EXPECT_EQ(output->pts, 9);
  expect_colour(*output, mean(*input), 110, 150);
}

TEST(Scaler, BothWaysShowTheSamePicture) {
  const av::Frame input = picture(320, 192);
  input->color_range = AVCOL_RANGE_MPEG;
  const av::Frame zimg = picture(160, 96);
  const av::Frame sws = picture(160, 96);
  zimg->color_range = sws->color_range = AVCOL_RANGE_MPEG;
  make_zimg_converter(*input, *zimg)->convert(*input, *zimg);
  make_sws_converter(*input, *sws)->convert(*input, *sws);
  double squares = 0;
  for (int y = 0; y < 96; ++y) {
    for (int x = 0; x < 160; ++x) {
      squares += std::pow(
          zimg->data[0][y * zimg->linesize[0] + x] - sws->data[0][y * sws->linesize[0] + x], 2);
    }
  }
  EXPECT_LT(squares / (96 * 160), 4);
}

TEST(Scaler, FiltersThatZimgHasNotAreSwscales) {
  const av::Frame input = picture(160, 96);
  EXPECT_TRUE(make_zimg_converter(*input, *picture(80, 48), {}, SWS_BICUBIC));
  EXPECT_FALSE(make_zimg_converter(*input, *picture(80, 48), {}, SWS_SPLINE));
}

TEST(Scaler, OddSizesAreScaledBySwscale) {
  const av::Frame input = picture(853, 479);
  EXPECT_FALSE(make_zimg_converter(*input, *picture(80, 48)));
  const av::Frame output = Scaler(kSmall).scale(*input);
  expect_colour(*output, mean(*input), 110, 150);
}

TEST(Scaler, AnOddSizeCanBeMade) {
  const av::Frame output = Scaler({41, 23, AV_PIX_FMT_RGB24}).scale(*picture(160, 96));
  EXPECT_EQ(output->width, 41);
  EXPECT_EQ(output->height, 23);
}

TEST(Scaler, SemiPlanarAndPackedPicturesAreConverted) {
  // 75 % red of BT.601, limited range.
  const av::Frame rgb = plain_picture(160, 96, AV_PIX_FMT_RGB24, 191, 0, 0);
  rgb->colorspace = AVCOL_SPC_RGB;
  expect_colour(*Scaler(kSmall).scale(*rgb), 65, 100, 212);
  const av::Frame yuv422 = plain_picture(160, 96, AV_PIX_FMT_YUV422P, 65, 100, 212);
  expect_colour(*Scaler(kSmall).scale(*yuv422), 65, 100, 212);
}

TEST(Scaler, FullRangeBecomesLimited) {
  for (const auto& [format, range] : {std::pair(AV_PIX_FMT_YUVJ420P, AVCOL_RANGE_UNSPECIFIED),
                                      std::pair(AV_PIX_FMT_YUV420P, AVCOL_RANGE_JPEG)}) {
    for (const int size_px : {160, 161}) {  // zimg, swscale
      const av::Frame white = plain_picture(size_px, size_px, format, 255, 128, 128);
      white->color_range = range;
      const av::Frame output = Scaler(kSmall).scale(*white);
      expect_colour(*output, 235, 128, 128);
      EXPECT_EQ(output->color_range, AVCOL_RANGE_MPEG);
    }
  }
}

TEST(Scaler, FullRangeOfTheSameSizeIsConvertedAllTheSame) {
  const av::Frame black = plain_picture(80, 48, AV_PIX_FMT_YUV420P, 0, 128, 128);
  black->color_range = AVCOL_RANGE_JPEG;
  expect_colour(*Scaler(kSmall).scale(*black), 16, 128, 128);
}

TEST(Scaler, LimitedRangeBecomesFullForJpeg) {
  const av::Frame white = plain_picture(160, 96, AV_PIX_FMT_YUV420P, 235, 128, 128);
  const av::Frame output = Scaler({80, 48, AV_PIX_FMT_YUVJ420P}).scale(*white);
  expect_colour(*output, 255, 128, 128);
  EXPECT_EQ(output->color_range, AVCOL_RANGE_JPEG);
}

TEST(Scaler, ACropThatStartsAnywhereIsScaled) {
  const av::Frame input = picture(200, 120);
  for (int i = 0; i < 3; ++i) input->data[i] += i == 0 ? 14 : 7;
  input->width = 160;
  input->height = 96;
  const av::Frame output = Scaler(kSmall).scale(*input);
  expect_colour(*output, mean(*input), 110, 150);
}

TEST(Scaler, APictureUpsideDownInMemoryIsScaled) {
  // What libavfilter's vflip gives: the last line first, negative strides.
  const av::Frame whole = picture(320, 192);
  const av::Frame input = av::share(*whole);
  for (int i = 0; i < 3; ++i) {
    input->data[i] += static_cast<ptrdiff_t>(input->linesize[i]) * ((i == 0 ? 192 : 96) - 1);
    input->linesize[i] = -input->linesize[i];
  }
  const av::Frame upright = Scaler(kSmall).scale(*whole);
  const av::Frame flipped = Scaler(kSmall).scale(*input);
  for (int y = 0; y < 48; ++y) {
    for (int x = 0; x < 80; ++x) {
      ASSERT_NEAR(flipped->data[0][y * flipped->linesize[0] + x],
                  upright->data[0][(47 - y) * upright->linesize[0] + x], 2)
          << x << "," << y;
    }
  }
}

TEST(Scaler, AnInputThatChangesIsFollowed) {
  Scaler scaler(kSmall);
  for (const int width_px : {160, 320, 81, 160}) {
    const av::Frame input = picture(width_px, 96);
    expect_colour(*scaler.scale(*input), mean(*input), 110, 150);
  }
  const av::Frame rgb = plain_picture(160, 96, AV_PIX_FMT_RGB24, 255, 255, 255);
  expect_colour(*scaler.scale(*rgb), 235, 128, 128);
}

TEST(Scaler, ColourThatTheSourceLeavesOpenIsFilledInByItsSize) {
  const av::Frame sd = Scaler(kSmall).scale(*picture(160, 96));
  EXPECT_EQ(sd->colorspace, AVCOL_SPC_SMPTE170M);
  EXPECT_EQ(sd->color_primaries, AVCOL_PRI_SMPTE170M);
  EXPECT_EQ(sd->color_trc, AVCOL_TRC_SMPTE170M);
  const av::Frame hd = Scaler(kSmall).scale(*picture(1280, 720));
  EXPECT_EQ(hd->colorspace, AVCOL_SPC_BT709);
  EXPECT_EQ(hd->color_primaries, AVCOL_PRI_BT709);
  EXPECT_EQ(hd->color_trc, AVCOL_TRC_BT709);
}

TEST(Scaler, ColourThatTheSourceNamesIsKept) {
  const av::Frame input = picture(160, 96);
  input->colorspace = AVCOL_SPC_BT2020_NCL;
  input->color_primaries = AVCOL_PRI_BT2020;
  input->color_trc = AVCOL_TRC_SMPTE2084;
  const av::Frame output = Scaler(kSmall).scale(*input);
  EXPECT_EQ(output->colorspace, AVCOL_SPC_BT2020_NCL);
  EXPECT_EQ(output->color_primaries, AVCOL_PRI_BT2020);
  EXPECT_EQ(output->color_trc, AVCOL_TRC_SMPTE2084);
}

TEST(Scaler, TenBitsStayTenBits) {
  const av::Frame input = ten_bit_picture(160, 96, 643);
  input->color_range = AVCOL_RANGE_MPEG;
  const av::Frame output = Scaler({80, 48, AV_PIX_FMT_YUV420P10LE}).scale(*input);
  EXPECT_EQ(output->format, AV_PIX_FMT_YUV420P10LE);
  EXPECT_EQ(reinterpret_cast<const uint16_t*>(output->data[0])[40], 643);
}

TEST(Scaler, MetadataOfHdrGoesWithThePicture) {
  const av::Frame input = ten_bit_picture(160, 96, 643);
  AVContentLightMetadata* light = av_content_light_metadata_create_side_data(input.get());
  light->MaxCLL = 777;
  AVMasteringDisplayMetadata* display = av_mastering_display_metadata_create_side_data(input.get());
  display->max_luminance = {1000, 1};
  for (const int width_px : {160, 80}) {
    const av::Frame output = Scaler({width_px, 96, AV_PIX_FMT_YUV420P10LE}).scale(*input);
    const auto* found = av_frame_get_side_data(output.get(), AV_FRAME_DATA_CONTENT_LIGHT_LEVEL);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(reinterpret_cast<const AVContentLightMetadata*>(found->data)->MaxCLL, 777U);
    EXPECT_NE(av_frame_get_side_data(output.get(), AV_FRAME_DATA_MASTERING_DISPLAY_METADATA),
              nullptr);
  }
}

TEST(Scaler, PixelsComeOutSquare) {
  const av::Frame input = picture(160, 96);
  input->sample_aspect_ratio = {4, 3};
  EXPECT_EQ(Scaler(kSmall).scale(*input)->sample_aspect_ratio.num, 1);
  EXPECT_EQ(Scaler({160, 96}).scale(*input)->sample_aspect_ratio.num, 1);
}

TEST(Scaler, AFormatThatNobodyConvertsIsNamed) {
  const av::Frame input = picture(160, 96);
  const av::Frame hardware = av::share(*input);
  hardware->format = AV_PIX_FMT_VAAPI;
  const EngineError error = test::failure_of([&] { Scaler(kSmall).scale(*hardware); });
  EXPECT_EQ(error.code, "source_unsupported_codec");
  EXPECT_NE(std::string(error.what()).find("vaapi"), std::string::npos);
}

}  // namespace
}  // namespace videngine
