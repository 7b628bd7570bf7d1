#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "mux/codec_string.h"

namespace videngine {
namespace {

std::string codec_string_of(AVCodecID codec, const std::vector<uint8_t>& extradata) {
  const av::CodecContext context(avcodec_alloc_context3(nullptr));
  context->codec_id = codec;
  context->extradata_size = static_cast<int>(extradata.size());
  context->extradata =
      static_cast<uint8_t*>(av_mallocz(extradata.size() + AV_INPUT_BUFFER_PADDING_SIZE));
  std::ranges::copy(extradata, context->extradata);
  // Without a codec nobody else frees it.
  std::string text = codec_string(*context);
  av_freep(static_cast<void*>(&context->extradata));
  return text;
}

TEST(CodecString, OfH264ComesFromTheSequenceParameters) {
  // High profile, level 3.1, behind a long and a short start code.
  EXPECT_EQ(codec_string_of(AV_CODEC_ID_H264, {0, 0, 0, 1, 0x67, 0x64, 0x00, 0x1f, 0xac}),
            "avc1.64001f");
  EXPECT_EQ(codec_string_of(AV_CODEC_ID_H264, {0, 0, 1, 0x67, 0x42, 0xc0, 0x0a, 0xda}),
            "avc1.42c00a");
}

TEST(CodecString, OfH264PassesOverWhatComesBeforeTheSequenceParameters) {
  EXPECT_EQ(codec_string_of(AV_CODEC_ID_H264,
                            {0, 0, 0, 1, 0x09, 0xf0, 0, 0, 0, 1, 0x67, 0x4d, 0x40, 0x28}),
            "avc1.4d4028");
}

TEST(CodecString, OfH264ReadsTheConfigurationRecordToo) {
  EXPECT_EQ(codec_string_of(AV_CODEC_ID_H264, {1, 0x64, 0x00, 0x28, 0xff, 0xe1}), "avc1.640028");
}

TEST(CodecString, OfH264WithoutParametersIsEmpty) {
  EXPECT_EQ(codec_string_of(AV_CODEC_ID_H264, {}), "");
  EXPECT_EQ(codec_string_of(AV_CODEC_ID_H264, {0, 0, 1, 0x67, 0x64}), "");
}

TEST(CodecString, OfAacIsLowComplexity) {
  EXPECT_EQ(codec_string_of(AV_CODEC_ID_AAC, {0x12, 0x10}), "mp4a.40.2");
}

TEST(CodecString, OfHevcIsItsProfileTierAndLevel) {
  // Main, level 3.1, as x265 writes it: emulation prevention bytes among the constraints.
  EXPECT_EQ(codec_string_of(AV_CODEC_ID_HEVC, {0,    0,    0,    1,    0x42, 0x01, 0x01, 0x01,
                                               0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00,
                                               0x03, 0x00, 0x00, 0x03, 0x00, 0x5d, 0xa0, 0x02}),
            "hvc1.1.6.L93.90");
  // Main 10, high tier, level 5.1, in the form of a configuration record.
  EXPECT_EQ(codec_string_of(AV_CODEC_ID_HEVC,
                            {1, 0x22, 0x20, 0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 153, 0xf0, 0}),
            "hvc1.2.4.H153.B0");
  EXPECT_EQ(codec_string_of(AV_CODEC_ID_HEVC, {0, 0, 1, 0x42, 0x01, 0x01, 0x01}), "");
}

TEST(CodecString, OfAv1IsItsProfileLevelAndTier) {
  EXPECT_EQ(codec_string_of(AV_CODEC_ID_AV1, {0x81, 0x0d, 0x8c, 0x00}), "av01.0.13H.08");
  // A sequence header of SVT-AV1: profile 0, one operating point, level index 8, main tier.
  EXPECT_EQ(codec_string_of(AV_CODEC_ID_AV1, {0x0a, 0x0b, 0x00, 0x00, 0x00, 0x40, 0x00, 0x00}),
            "av01.0.08M.08");
  EXPECT_EQ(codec_string_of(AV_CODEC_ID_AV1, {0x0a}), "");
}

TEST(CodecString, OfVp9HasTheLevelThatTakesTheSize) {
  const av::CodecContext context(avcodec_alloc_context3(nullptr));
  context->codec_id = AV_CODEC_ID_VP9;
  context->width = 1280;
  context->height = 720;
  context->framerate = {30, 1};
  context->pix_fmt = AV_PIX_FMT_YUV420P;
  EXPECT_EQ(codec_string(*context), "vp09.00.31.08");
  context->pix_fmt = AV_PIX_FMT_YUV420P10;
  context->framerate = {60, 1};
  EXPECT_EQ(codec_string(*context), "vp09.02.40.10");
}

TEST(CodecString, OfOthersIsEmpty) { EXPECT_EQ(codec_string_of(AV_CODEC_ID_MPEG4, {}), ""); }

}  // namespace
}  // namespace videngine
