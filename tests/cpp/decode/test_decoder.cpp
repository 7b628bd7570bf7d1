#include <algorithm>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "decode/decoder.h"
#include "demux/input.h"
#include "fixtures/failure.h"
#include "fixtures/scratch.h"
#include "fixtures/source.h"

namespace videngine::test {
namespace {

class DecoderOfAFilm : public testing::Test {
 protected:
  // Decodes stream 0 of a made film; `change` may spoil packets by their number.
  template <typename Change>
  void decode(const Source& source, int threads, const Change& change) {
    write_source(path_, source);
    const Input input(path_);
    Decoder decoder(*input.context()->streams[0], threads);
    const auto take = [&](const av::Frame& frame) {
      pts_.push_back(frame->pts);
      return true;
    };
    const av::Packet packet = av::make_packet();
    for (int number = 0; av_read_frame(input.context(), packet.get()) >= 0; ++number) {
      change(number, *packet);
      EXPECT_TRUE(decoder.decode(packet.get(), take));
      av_packet_unref(packet.get());
    }
    decoder.decode(nullptr, take);
    frames_ = decoder.frames();
    damaged_ = decoder.damaged_packets();
  }
  static void nothing(int /*number*/, const AVPacket& /*packet*/) {}

  Scratch scratch_;
  std::string path_ = scratch_.path("film.mkv");
  std::vector<int64_t> pts_;
  int64_t frames_ = 0;
  int64_t damaged_ = 0;
};

TEST_F(DecoderOfAFilm, GivesEveryFrameInTheOrderItIsShown) {
  for (const char* codec : {"mpeg4", "libx264"}) {
    for (const int threads : {1, 3}) {
      pts_.clear();
      decode({.video_codec = codec, .sample_rate_hz = 0}, threads, nothing);
      EXPECT_EQ(frames_, 50);
      EXPECT_EQ(damaged_, 0);
      EXPECT_TRUE(std::ranges::is_sorted(pts_));
    }
  }
}

TEST_F(DecoderOfAFilm, SkipsAndCountsDamagedPackets) {
  decode({.keyframe_interval_frames = 5, .sample_rate_hz = 0}, 1, [](int number, AVPacket& packet) {
    if (number % 10 == 3) std::memset(packet.data, 0xFF, static_cast<std::size_t>(packet.size));
  });
  EXPECT_GT(damaged_, 0);
  EXPECT_GE(frames_, 45);
  EXPECT_LE(frames_, 50);
}

TEST_F(DecoderOfAFilm, GivesNoFrameOfRubbish) {
  decode({.sample_rate_hz = 0}, 1, [](int /*number*/, AVPacket& packet) {
    std::memset(packet.data, 0xFF, static_cast<std::size_t>(packet.size));
  });
  EXPECT_EQ(frames_, 0);
  EXPECT_EQ(damaged_, 50);
}

TEST_F(DecoderOfAFilm, StopsWhenNoMoreIsWanted) {
  write_source(path_, {});
  const Input input(path_);
  Decoder decoder(*input.context()->streams[0], 1);
  const av::Packet packet = av::make_packet();
  ASSERT_GE(av_read_frame(input.context(), packet.get()), 0);
  bool wanted = decoder.decode(packet.get(), [](const av::Frame&) { return false; });
  if (wanted) wanted = decoder.decode(nullptr, [](const av::Frame&) { return false; });
  EXPECT_FALSE(wanted);
}

TEST_F(DecoderOfAFilm, RefusesACodecThatIsNotThere) {
  write_source(path_, {});
  const Input input(path_);
  AVStream& stream = *input.context()->streams[0];
  stream.codecpar->codec_id = AV_CODEC_ID_FFMETADATA;
  const EngineError error = failure_of([&] { const Decoder decoder(stream, 1); });
  EXPECT_EQ(error.kind, ErrorClass::InputError);
  EXPECT_EQ(error.code, "source_unsupported_codec");
  EXPECT_EQ(error.subject, "stream 0");
}

TEST_F(DecoderOfAFilm, RefusesAPictureLargerThanEightK) {
  write_source(path_, {});
  const Input input(path_);
  AVStream& stream = *input.context()->streams[0];
  stream.codecpar->width = stream.codecpar->height = 16'000;
  const EngineError error = failure_of([&] { const Decoder decoder(stream, 1); });
  EXPECT_EQ(error.code, "source_unsupported_codec");
  EXPECT_NE(std::string(error.what()).find("16000x16000"), std::string::npos);
}

}  // namespace
}  // namespace videngine::test
