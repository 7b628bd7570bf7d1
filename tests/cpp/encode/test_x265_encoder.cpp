// One analysis for two sizes: what an encoder finds out is enough for one of twice the size.
#include <algorithm>
#include <cstring>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "encode/hevc_analysis.h"
#include "encode/video_encoder.h"
#include "fixtures/failure.h"
#include "fixtures/frames.h"
#include "fixtures/rubbish.h"
#include "session/run.h"

namespace videngine::test {
namespace {

constexpr int kFrames = 70;

// A rendition's coded pictures, in the order of coding.
struct Coded {
  std::vector<int64_t> pts;
  std::vector<int64_t> dts;
  std::vector<int64_t> keys;
  std::vector<uint8_t> bytes;  // with the headers in front
};

class X265Encoder : public testing::Test {
 protected:
  void SetUp() override {
    for (VideoRenditionPlan* plan : {&half_, &whole_}) {
      plan->codec = "libx265";
      plan->preset = "veryfast";
      plan->gop_frames = 40;
    }
  }

  // `frames` pictures at the given size, with key frames where the plan has them.
  static Coded encode(const VideoRenditionPlan& plan, const AnalysisLinks& links, int width_px,
                      int height_px, AVPixelFormat format = AV_PIX_FMT_YUV420P,
                      int frames = kFrames) {
    const std::unique_ptr<const AnalysisLinks, EndLinks> ends(&links);
    Coded coded;
    const auto encoder =
        make_video_encoder(plan, {25, 1}, *picture(width_px, height_px, 0, format), links);
    const AVCodecContext& context = encoder->context();
    coded.bytes.assign(context.extradata, context.extradata + context.extradata_size);
    const auto take = [&coded](const av::Packet& packet) {
      coded.pts.push_back(packet->pts);
      coded.dts.push_back(packet->dts);
      if ((packet->flags & AV_PKT_FLAG_KEY) != 0) coded.keys.push_back(packet->pts);
      coded.bytes.insert(coded.bytes.end(), packet->data, packet->data + packet->size);
    };
    for (int n = 0; n < frames; ++n) {
      const av::Frame frame = picture(width_px, height_px, n, format);
      frame->pts = n;
      encoder->encode(frame.get(), n % plan.gop_frames == 0, take);
    }
    encoder->encode(nullptr, false, take);
    return coded;
  }

  // Both at once, as a session has them.
  std::pair<Coded, Coded> encode_both(int width_px, int height_px,
                                      AVPixelFormat format = AV_PIX_FMT_YUV420P,
                                      int frames = kFrames) {
    const auto queue = std::make_shared<AnalysisQueue>(kAnalysisQueueDepth);
    std::pair<Coded, Coded> both;
    std::jthread half([&] {
      both.first = encode(half_, {.reads = nullptr, .writes = {queue}}, width_px / 2, height_px / 2,
                          format, frames);
    });
    both.second =
        encode(whole_, {.reads = queue, .writes = {}}, width_px, height_px, format, frames);
    return both;
  }

  // The mean luma of every picture that a decoder makes of it.
  static std::vector<double> decode(const Coded& coded, int width_px, int height_px) {
    av::CodecContext decoder(avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_HEVC)));
    decoder->err_recognition = AV_EF_EXPLODE;
    EXPECT_EQ(avcodec_open2(decoder.get(), nullptr, nullptr), 0);
    const std::unique_ptr<AVCodecParserContext, void (*)(AVCodecParserContext*)> parser(
        av_parser_init(AV_CODEC_ID_HEVC), av_parser_close);
    std::vector<double> shown;
    const auto send = [&](const AVPacket* packet) {
      EXPECT_EQ(avcodec_send_packet(decoder.get(), packet), 0);
      const av::Frame frame = av::make_frame();
      while (avcodec_receive_frame(decoder.get(), frame.get()) == 0) {
        EXPECT_EQ(frame->width, width_px);
        EXPECT_EQ(frame->height, height_px);
        EXPECT_EQ(frame->decode_error_flags, 0);
        shown.push_back(frame->format == AV_PIX_FMT_YUV420P ? mean(*frame) : 0);
      }
    };
    const uint8_t* at = coded.bytes.data();
    auto left = static_cast<int>(coded.bytes.size());
    const av::Packet packet = av::make_packet();
    for (bool more = true; more;) {
      more = left > 0;
      const int used = av_parser_parse2(parser.get(), decoder.get(), &packet->data, &packet->size,
                                        at, left, AV_NOPTS_VALUE, AV_NOPTS_VALUE, 0);
      at += used;
      left -= used;
      if (packet->size > 0) send(packet.get());
    }
    send(nullptr);
    return shown;
  }

  Scratch scratch_;
  VideoRenditionPlan half_ = video_plan(scratch_, "half", "p");
  VideoRenditionPlan whole_ = video_plan(scratch_, "whole", "p");
};

void expect_whole(const Coded& coded, int frames = kFrames) {
  std::vector<int64_t> shown = coded.pts;
  std::ranges::sort(shown);
  ASSERT_EQ(shown.size(), static_cast<std::size_t>(frames));
  for (int n = 0; n < frames; ++n) EXPECT_EQ(shown[static_cast<std::size_t>(n)], n);
  EXPECT_TRUE(std::ranges::is_sorted(coded.dts));
  for (std::size_t n = 0; n < coded.pts.size(); ++n) EXPECT_LE(coded.dts[n], coded.pts[n]);
}

TEST_F(X265Encoder, ReadsAnAnalysisAndCodesTheSamePicturesInTheSameOrder) {
  for (const char* preset : {"ultrafast", "medium"}) {
    SCOPED_TRACE(preset);
    half_.preset = whole_.preset = preset;
    const auto [half, whole] = encode_both(320, 192);
    expect_whole(half);
    expect_whole(whole);
    EXPECT_EQ(half.pts, whole.pts);
    EXPECT_EQ(half.keys, (std::vector<int64_t>{0, 40}));
    EXPECT_EQ(whole.keys, half.keys);
    const std::vector<double> shown = decode(whole, 320, 192);
    ASSERT_EQ(shown.size(), static_cast<std::size_t>(kFrames));
    for (int n = 0; n < kFrames; ++n) {
      EXPECT_NEAR(shown[static_cast<std::size_t>(n)], mean(*picture(320, 192, n)), 2) << n;
    }
  }
}

TEST_F(X265Encoder, FewPicturesHaveDecodingTimesToo) {
  const Rubbish fresh_memory;
  for (int frames = 1; frames <= 4; ++frames) {
    SCOPED_TRACE(frames);
    const auto [half, whole] = encode_both(320, 192, AV_PIX_FMT_YUV420P, frames);
    expect_whole(half, frames);
    expect_whole(whole, frames);
    EXPECT_EQ(half.dts, whole.dts);
    EXPECT_GE(half.dts.front(), -2);  // a pyramid of B-frames
  }
}

// Neither is a multiple of a block, which libx265 extends them to.
TEST_F(X265Encoder, SizesNeedNotBeWholeBlocks) {
  const auto [half, whole] = encode_both(2 * 150, 2 * 82);
  expect_whole(whole);
  EXPECT_EQ(decode(whole, 300, 164).size(), static_cast<std::size_t>(kFrames));
  EXPECT_EQ(decode(half, 150, 82).size(), static_cast<std::size_t>(kFrames));
}

TEST_F(X265Encoder, TenBitsAndABufferAreSharedToo) {
  for (VideoRenditionPlan* plan : {&half_, &whole_}) {
    plan->crf.reset();
    plan->bitrate_bps = 300'000;
    plan->max_bitrate_bps = 450'000;
    plan->buffer_size_bits = 600'000;
  }
  const auto [half, whole] = encode_both(320, 192, AV_PIX_FMT_YUV420P10LE);
  expect_whole(whole);
  EXPECT_EQ(decode(whole, 320, 192).size(), static_cast<std::size_t>(kFrames));
}

// The caller's thread alone: a reader that waited for more than it may would hang here.
TEST_F(X265Encoder, HoldsNoMoreFramesThanAnEncoderSwallows) {
  const auto queue = std::make_shared<AnalysisQueue>(kFrames);
  half_.preset = whole_.preset = "medium";
  const auto half = make_video_encoder(half_, {25, 1}, *picture(160, 96), {nullptr, {queue}});
  const auto whole = make_video_encoder(whole_, {25, 1}, *picture(320, 192), {queue, {}});
  int packets = 0;
  const auto count = [&packets](const av::Packet&) { ++packets; };
  const auto drop = [](const av::Packet&) {};
  for (int n = 0; n < kFrames; ++n) {
    for (const auto& [encoder, take, scale] :
         {std::tuple{half.get(), VideoEncoder::Take(drop), 1},
          std::tuple{whole.get(), VideoEncoder::Take(count), 2}}) {
      const av::Frame frame = picture(160 * scale, 96 * scale, n);
      frame->pts = n;
      encoder->encode(frame.get(), n % 40 == 0, take);
    }
  }
  EXPECT_GT(packets, kFrames / 3);
  half->encode(nullptr, false, drop);
  queue->finish();
  whole->encode(nullptr, false, count);
  EXPECT_EQ(packets, kFrames);
}

TEST_F(X265Encoder, AnAnalysisThatEndsEarlyIsAFailure) {
  const auto queue = std::make_shared<AnalysisQueue>(kFrames);
  encode(half_, {.reads = nullptr, .writes = {queue}}, 160, 96, AV_PIX_FMT_YUV420P, 30);
  const EngineError error =
      failure_of([&] { encode(whole_, {.reads = queue, .writes = {}}, 320, 192); });
  EXPECT_EQ(error.code, "encoder_failed");
  EXPECT_EQ(error.subject, "whole");
  EXPECT_NE(std::string(error.what()).find("ended early"), std::string::npos) << error.what();
}

TEST_F(X265Encoder, AReaderThatIsGivenUpHoldsNobodyUp) {
  const auto queue = std::make_shared<AnalysisQueue>(1);
  queue->close();
  expect_whole(encode(half_, {.reads = nullptr, .writes = {queue}}, 160, 96));
}

TEST_F(X265Encoder, KeyFramesThatDifferAreAFailure) {
  whole_.gop_frames = 35;
  const auto queue = std::make_shared<AnalysisQueue>(kFrames);
  encode(half_, {.reads = nullptr, .writes = {queue}}, 160, 96);
  EXPECT_EQ(failure_of([&] { encode(whole_, {.reads = queue, .writes = {}}, 320, 192); }).code,
            "encoder_failed");
}

TEST_F(X265Encoder, RefusesWhatItDoesNotKnow) {
  const AnalysisLinks links{.reads = nullptr, .writes = {std::make_shared<AnalysisQueue>(kFrames)}};
  const auto refused = [&] {
    return failure_of([&] { encode(half_, links, 160, 96, AV_PIX_FMT_YUV420P, 1); });
  };
  half_.preset = "warp";
  EXPECT_EQ(refused().code, "encoder_init_failed");
  half_.preset = "medium";
  half_.options = {{"x265-params", "no-such-parameter=1"}};
  EXPECT_EQ(refused().code, "encoder_init_failed");
  half_.options = {{"no-such-option", "1"}};
  EXPECT_EQ(refused().code, "encoder_init_failed");
}

// What is told about the picture is what libavcodec's wrapper tells.
TEST_F(X265Encoder, HasTheHeadersThatItHasAlone) {
  const auto parameter_sets = [&](const AnalysisLinks& links) {
    const av::Frame like = picture(160, 96);
    like->colorspace = AVCOL_SPC_BT2020_NCL;
    like->color_primaries = AVCOL_PRI_BT2020;
    like->color_trc = AVCOL_TRC_ARIB_STD_B67;
    like->color_range = AVCOL_RANGE_MPEG;
    like->sample_aspect_ratio = {4, 3};
    const auto encoder = make_video_encoder(half_, {30000, 1001}, *like, links);
    const AVCodecContext& c = encoder->context();
    // Behind them is a text with all parameters.
    const std::vector<uint8_t> all(c.extradata, c.extradata + c.extradata_size);
    const std::vector<uint8_t> text{0, 0, 1, 0x4e};
    const auto end = std::ranges::search(all, text).begin();
    return std::vector<uint8_t>(all.begin(), end);
  };
  half_.crf.reset();
  half_.bitrate_bps = 300'000;
  half_.max_bitrate_bps = 450'000;
  half_.buffer_size_bits = 600'000;
  half_.options = {{"profile", "main"}};
  EXPECT_EQ(parameter_sets({nullptr, {std::make_shared<AnalysisQueue>(1)}}), parameter_sets({}));
}

}  // namespace
}  // namespace videngine::test
