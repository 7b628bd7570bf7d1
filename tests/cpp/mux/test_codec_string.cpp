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

TEST(CodecString, OfOthersIsEmpty) { EXPECT_EQ(codec_string_of(AV_CODEC_ID_MPEG4, {}), ""); }

}  // namespace
}  // namespace videngine
