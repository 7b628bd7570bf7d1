// Runs of pictures that are encoded beside each other, as one stream.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <random>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/orders.h"
#include "av/check.h"
#include "encode/chunk_rate.h"
#include "encode/video_encoder.h"
#include "fixtures/failure.h"
#include "fixtures/frames.h"
#include "session/run.h"

namespace videngine::test {
namespace {

constexpr int kWidth = 160;
constexpr int kHeight = 96;
constexpr int kGop = 30;
constexpr Rational kRate{25, 1};

// A moving ramp under so much noise, with the orders of a look ahead: two B frames between others.
av::Frame noisy_picture(int number, int noise) {
  av::Frame frame = picture(kWidth, kHeight, number);
  std::minstd_rand random(static_cast<unsigned>(number) + 1);
  for (int y = 0; noise > 0 && y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      uint8_t& pixel = frame->data[0][y * frame->linesize[0] + x];
      const int offset = static_cast<int>(random() % static_cast<unsigned>(2 * noise)) - noise;
      pixel = static_cast<uint8_t>(std::clamp(pixel + offset, 16, 235));
    }
  }
  frame->pts = number;
  analysis::Finding found;
  found.key = number % kGop == 0;
  found.two_way = number % kGop % 3 != 0 && number % kGop != kGop - 1;
  found.cost = 1000 * (1 + noise) * (found.key ? 3 : 1);
  analysis::order(*frame, found);
  return frame;
}

class ChunkedEncoder : public testing::Test {
 protected:
  ChunkedEncoder() {
    plan_.preset = "veryfast";
    plan_.lookahead = "l";
    plan_.gop_frames = kGop;
    plan_.chunk_encoders = 3;
  }

  // The picture's number → how much noise is on it.
  std::vector<av::Packet> encode(int pictures, const std::function<int(int)>& noise) {
    const av::Frame like = noisy_picture(0, 0);
    const auto encoder = make_video_encoder(plan_, kRate, *like);
    std::vector<av::Packet> packets;
    const auto take = [&packets](av::Packet packet) { packets.push_back(std::move(packet)); };
    for (int n = 0; n < pictures; ++n) {
      encoder->encode(noisy_picture(n, noise(n)).get(), n % kGop == 0, take);
    }
    encoder->encode(nullptr, false, take);
    chunks_ = encoder->chunk_cpu_s();
    extradata_.assign(encoder->context().extradata,
                      encoder->context().extradata + encoder->context().extradata_size);
    return packets;
  }

  // Luma of all pictures, in the order in which they are shown.
  [[nodiscard]] std::vector<std::vector<uint8_t>> decode(
      const std::vector<av::Packet>& packets) const {
    const av::CodecContext decoder(avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_H264)));
    decoder->extradata =
        static_cast<uint8_t*>(av_mallocz(extradata_.size() + AV_INPUT_BUFFER_PADDING_SIZE));
    std::ranges::copy(extradata_, decoder->extradata);
    decoder->extradata_size = static_cast<int>(extradata_.size());
    decoder->err_recognition = AV_EF_EXPLODE;
    av::check(avcodec_open2(decoder.get(), nullptr, nullptr), "avcodec_open2");
    std::vector<std::vector<uint8_t>> pictures;
    const auto send = [&](const AVPacket* packet) {
      av::check(avcodec_send_packet(decoder.get(), packet), "avcodec_send_packet");
      const av::Frame frame = av::make_frame();
      while (avcodec_receive_frame(decoder.get(), frame.get()) == 0) {
        EXPECT_EQ(frame->pts, static_cast<int64_t>(pictures.size()));
        std::vector<uint8_t>& luma = pictures.emplace_back();
        for (int y = 0; y < frame->height; ++y) {
          const uint8_t* row = frame->data[0] + static_cast<std::ptrdiff_t>(y) * frame->linesize[0];
          luma.insert(luma.end(), row, row + frame->width);
        }
      }
    };
    for (const av::Packet& packet : packets) send(packet.get());
    send(nullptr);
    return pictures;
  }

  static int64_t bits(std::span<const av::Packet> packets) {
    int64_t sum = 0;
    for (const av::Packet& packet : packets) sum += 8LL * packet->size;
    return sum;
  }

  [[nodiscard]] int64_t late(const std::vector<av::Packet>& packets) const {
    DecoderBuffer buffer(plan_, kRate);
    return std::ranges::count_if(
        packets, [&](const av::Packet& packet) { return !buffer.take(8LL * packet->size); });
  }

  Scratch scratch_;
  VideoRenditionPlan plan_ = video_plan(scratch_, "v", "p");
  std::vector<double> chunks_;
  std::vector<uint8_t> extradata_;
};

// 200 pictures: six groups and a part of one. 181: the last chunk is one picture.
TEST_F(ChunkedEncoder, GivesThePicturesOfOneEncoderAtAConstantQuality) {
  for (const int pictures : {200, 181, 31, 1}) {
    SCOPED_TRACE(pictures);
    const auto noise = [](int n) { return n % 50; };
    plan_.chunk_encoders = 3;
    const std::vector<av::Packet> packets = encode(pictures, noise);
    EXPECT_EQ(chunks_.size(), static_cast<std::size_t>((pictures + kGop - 1) / kGop));
    EXPECT_TRUE(std::ranges::all_of(chunks_, [](double s) { return s > 0; }));
    ASSERT_EQ(packets.size(), static_cast<std::size_t>(pictures));
    for (std::size_t i = 1; i < packets.size(); ++i) {
      EXPECT_LT(packets[i - 1]->dts, packets[i]->dts);
      EXPECT_LE(packets[i]->dts, packets[i]->pts);
      EXPECT_EQ((packets[i]->flags & AV_PKT_FLAG_KEY) != 0, packets[i]->pts % kGop == 0);
    }
    const std::vector<std::vector<uint8_t>> beside = decode(packets);
    plan_.chunk_encoders = 1;
    EXPECT_TRUE(beside == decode(encode(pictures, noise)));
    EXPECT_TRUE(chunks_.empty());
  }
}

// Three minutes; what pictures cost changes within chunks, at their ends and over many of them.
TEST_F(ChunkedEncoder, ComesToTheBitRate) {
  plan_.crf.reset();
  plan_.bitrate_bps = 200'000;
  constexpr int kPictures = 180 * 25;
  const auto noise = [](int n) { return n / 400 % 2 == 0 ? 8 : n / 400 % 3 == 0 ? 14 : 8 + n % 5; };
  const std::vector<av::Packet> packets = encode(kPictures, noise);
  EXPECT_NEAR(static_cast<double>(bits(packets)) / 180, 200'000, 0.03 * 200'000);
}

TEST_F(ChunkedEncoder, NeverOverdrawsTheBufferWhereOneEncoderDoesNot) {
  plan_.crf = 18;
  plan_.max_bitrate_bps = 300'000;
  plan_.buffer_size_bits = 300'000;
  const auto noise = [](int n) { return n / 75 % 2 == 0 ? 1 : 24; };
  const std::vector<av::Packet> packets = encode(450, noise);
  EXPECT_EQ(late(packets), 0);
  EXPECT_GT(bits(packets), 300'000 * 9);  // it is full of use
  plan_.chunk_encoders = 1;
  EXPECT_EQ(late(encode(450, noise)), 0);
}

TEST_F(ChunkedEncoder, EndsInTheMiddle) {
  const av::Frame like = noisy_picture(0, 0);
  plan_.crf.reset();
  plan_.bitrate_bps = 200'000;
  const auto encoder = make_video_encoder(plan_, kRate, *like);
  int packets = 0;
  const auto take = [&packets](const av::Packet&) { ++packets; };
  for (int n = 0; n < 70; ++n) encoder->encode(noisy_picture(n, 9).get(), n % kGop == 0, take);
  EXPECT_LT(packets, 70);
}

TEST_F(ChunkedEncoder, RefusesWhatItsEncodersRefuse) {
  plan_.options = {{"no-such-option", "1"}};
  EXPECT_EQ(failure_of([&] { encode(1, [](int) { return 0; }); }).code, "encoder_init_failed");
}

// Ten pictures of 10 kbit each at CRF 30: 250 kb/s.
class Rate : public testing::Test {
 protected:
  Rate() {
    plan_.bitrate_bps = 250'000;
    chunk_.pictures = 10;
    chunk_.cost = {.keys = 500, .others = 900};
    chunk_.crf = 30;
  }

  VideoRenditionPlan plan_;
  ChunkRate::Chunk chunk_;
  const ChunkRate::Amount bits_{.keys = 55'000, .others = 45'000};
};

TEST_F(Rate, FollowsFromATrial) {
  ChunkRate rate(plan_, kRate);
  rate.tried(chunk_, bits_);
  rate.begin(chunk_);
  EXPECT_NEAR(chunk_.crf, 30, 1e-9);
  EXPECT_NEAR(chunk_.promised_bits, 100'000, 1e-3);
}

TEST_F(Rate, GivesAChunkThatCostsTwiceAsMuchAPartOfThat) {
  ChunkRate rate(plan_, kRate);
  for (int n = 0; n < 100; ++n) rate.tried(chunk_, bits_);
  chunk_.cost = {.keys = 1000, .others = 1800};
  rate.begin(chunk_);
  EXPECT_GT(chunk_.crf, 32);
  EXPECT_LT(chunk_.crf, 35);
  EXPECT_GT(chunk_.promised_bits, 120'000);
}

TEST_F(Rate, PaysBackWhatWasSpent) {
  ChunkRate rate(plan_, kRate);
  rate.tried(chunk_, bits_);
  ChunkRate::Chunk first = chunk_;
  rate.begin(first);
  const ChunkRate::Amount more{.keys = 110'000, .others = 90'000};
  rate.end(first, more);
  ChunkRate::Chunk second = chunk_;
  rate.begin(second);
  EXPECT_GT(second.crf, 32);
  rate.take_back(first, more);
  rate.end(second, {.keys = second.promised_bits, .others = 0});
  EXPECT_NEAR(second.promised_bits, 100'000, 20'000);
}

}  // namespace
}  // namespace videngine::test
