#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sched.h>

#include "encode/audio_encoder.h"
#include "encode/video_encoder.h"
#include "fixtures/failure.h"
#include "fixtures/frames.h"
#include "fixtures/rubbish.h"
#include "session/run.h"

namespace videngine::test {
namespace {

class VideoEncoders : public testing::Test {
 protected:
  // Encodes `frames` pictures with key frames at `keys`; the packets' pts that are key frames.
  std::vector<int64_t> encode(int frames, const std::vector<int>& keys) {
    const auto encoder = make_video_encoder(plan_, {25, 1}, *picture(160, 96));
    std::vector<int64_t> found;
    const auto take = [&](const av::Packet& packet) {
      ++packets_;
      EXPECT_LE(packet->dts, packet->pts);
      dts_.push_back(packet->dts);
      if ((packet->flags & AV_PKT_FLAG_KEY) != 0) found.push_back(packet->pts);
    };
    for (int n = 0; n < frames; ++n) {
      const av::Frame frame = picture(160, 96, n);
      frame->pts = n;
      encoder->encode(frame.get(), std::ranges::count(keys, n) > 0, take);
    }
    encoder->encode(nullptr, false, take);
    return found;
  }

  Scratch scratch_;
  VideoRenditionPlan plan_ = video_plan(scratch_, "v", "p");
  int packets_ = 0;
  std::vector<int64_t> dts_;
};

TEST_F(VideoEncoders, KeyFramesStandWhereTheyAreAskedForAndNowhereElse) {
  plan_.gop_frames = 100;
  for (const char* preset : {"ultrafast", "medium"}) {  // without and with B-frames
    plan_.preset = preset;
    packets_ = 0;
    EXPECT_EQ(encode(60, {0, 17, 44}), (std::vector<int64_t>{0, 17, 44}));
    EXPECT_EQ(packets_, 60);
  }
}

// SVT-AV1 as root makes itself the most urgent of the machine; whatever starts afterwards inherits
// it.
TEST_F(VideoEncoders, NoEncoderTakesRealTimePriority) {
  plan_.preset = "12";
  plan_.codec = "libsvtav1";
  const av::Frame frame = picture(160, 96);
  frame->pts = 0;
  const auto encoder = make_video_encoder(plan_, {25, 1}, *frame);
  const auto drop = [](const av::Packet&) {};
  encoder->encode(frame.get(), true, drop);
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    const int id = std::stoi(thread.path().filename().string());
    EXPECT_EQ(sched_getscheduler(id), SCHED_OTHER) << "thread " << id;
  }
  encoder->encode(nullptr, false, drop);
}

// Every family, on a grid that is no multiple of the GOP.
TEST_F(VideoEncoders, KeyFramesOfEveryFamilyStandOnTheGrid) {
  struct Family {
    const char* codec;
    const char* preset;
    std::vector<std::pair<std::string, std::string>> options;
  };
  const std::vector<std::pair<std::string, std::string>> quick{{"deadline", "realtime"},
                                                               {"cpu-used", "8"}};
  plan_.gop_frames = 20;
  for (const auto& [codec, preset, options] :
       {Family{"libx265", "ultrafast", {}}, Family{"libsvtav1", "12", {}},
        Family{"libvpx-vp9", "", quick}, Family{"libvpx", "", quick}}) {
    SCOPED_TRACE(codec);
    plan_.codec = codec;
    plan_.preset = preset;
    plan_.options = options;
    packets_ = 0;
    EXPECT_EQ(encode(60, {0, 17, 37, 44}), (std::vector<int64_t>{0, 17, 37, 44}));
    EXPECT_EQ(packets_, 60);
  }
}

// libx265 takes them from what happens to be in memory where it gets less than it would delay.
TEST_F(VideoEncoders, FewPicturesHaveDecodingTimesToo) {
  const Rubbish fresh_memory;
  for (const char* codec : {"libx264", "libx265"}) {
    for (const char* preset : {"ultrafast", "medium"}) {
      for (int frames = 1; frames <= 5; ++frames) {
        SCOPED_TRACE(testing::Message() << codec << ' ' << preset << ' ' << frames);
        plan_.codec = codec;
        plan_.preset = preset;
        dts_.clear();
        EXPECT_EQ(encode(frames, {0}), (std::vector<int64_t>{0}));
        ASSERT_EQ(dts_.size(), static_cast<std::size_t>(frames));
        EXPECT_GE(dts_.front(), -2);  // a pyramid of B-frames
        EXPECT_EQ(dts_.back() - dts_.front(), frames - 1);
        EXPECT_TRUE(std::ranges::is_sorted(dts_));
      }
    }
  }
}

TEST_F(VideoEncoders, AnOptionThatNobodyKnowsIsRefused) {
  plan_.options = {{"no-such-option", "1"}};
  EXPECT_EQ(failure_of([&] { encode(1, {}); }).code, "encoder_init_failed");
}

TEST_F(VideoEncoders, TheSecondPassReadsWhatTheFirstOneLeft) {
  plan_.crf.reset();
  plan_.bitrate_bps = 200'000;
  plan_.gop_frames = 100;
  const std::vector<std::pair<std::string, std::string>> quick{{"deadline", "good"},
                                                               {"cpu-used", "5"}};
  for (const char* codec : {"libx264", "libx265", "libvpx-vp9", "libvpx"}) {
    SCOPED_TRACE(codec);
    plan_.codec = codec;
    plan_.statistics_path = scratch_.path(std::string(codec) + ".stats");
    if (plan_.codec.starts_with("libvpx")) plan_.options = quick;
    plan_.pass_number = 2;
    EXPECT_THROW(encode(1, {0}), EngineError);
    for (plan_.pass_number = 1; plan_.pass_number <= 2; ++plan_.pass_number) {
      EXPECT_EQ(encode(40, {0, 17}), (plan_.pass_number == 1 && plan_.codec.starts_with("libvpx")
                                          ? std::vector<int64_t>{}
                                          : std::vector<int64_t>{0, 17}));
      EXPECT_GT(std::filesystem::file_size(plan_.statistics_path), 100U);
    }
  }
}

TEST_F(VideoEncoders, NoGopIsLongerThanAskedFor) {
  plan_.gop_frames = 10;
  EXPECT_EQ(encode(25, {0}), (std::vector<int64_t>{0, 10, 20}));
}

TEST_F(VideoEncoders, CarriesTheColourOfItsFirstFrame) {
  const av::Frame like = picture(160, 96);
  like->colorspace = AVCOL_SPC_BT709;
  like->color_primaries = AVCOL_PRI_BT709;
  like->color_trc = AVCOL_TRC_BT709;
  like->color_range = AVCOL_RANGE_MPEG;
  const auto encoder = make_video_encoder(plan_, {25, 1}, *like);
  EXPECT_EQ(encoder->context().colorspace, AVCOL_SPC_BT709);
  EXPECT_EQ(encoder->context().color_range, AVCOL_RANGE_MPEG);
  EXPECT_GT(encoder->context().extradata_size, 0);
}

TEST_F(VideoEncoders, RefusesWhatItDoesNotKnowByTheRenditionsName) {
  plan_.preset = "warp";
  const EngineError preset = failure_of([&] { encode(1, {}); });
  EXPECT_EQ(preset.kind, ErrorClass::EncoderUnavailable);
  EXPECT_EQ(preset.code, "encoder_init_failed");
  EXPECT_EQ(preset.subject, "v");
  plan_.codec = "libx999";
  EXPECT_EQ(failure_of([&] { encode(1, {}); }).code, "codec_unavailable");
}

class Aac : public testing::Test {
 protected:
  std::vector<int64_t> encode(int samples) {
    AudioEncoder encoder(plan_);
    std::vector<int64_t> pts;
    const auto take = [&](const av::Packet& packet) { pts.push_back(packet->pts); };
    const av::Frame sound = tone(48'000, 2, samples, 0, 0);
    for (int at = 0; at < samples; at += 700) {  // blocks that are no whole packets
      const uint8_t* planes[] = {sound->data[0] + sizeof(float) * static_cast<std::size_t>(at),
                                 sound->data[1] + sizeof(float) * static_cast<std::size_t>(at)};
      encoder.encode(planes, std::min(700, samples - at), take);
    }
    encoder.drain(take);
    return pts;
  }

  Scratch scratch_;
  AudioRenditionPlan plan_ = audio_plan(scratch_, "a", 1);
};

TEST_F(Aac, PacketsFollowEachOtherFromThePrimingOn) {
  const std::vector<int64_t> pts = encode(48'000);
  ASSERT_GE(pts.size(), 48U);
  for (std::size_t i = 0; i < pts.size(); ++i) {
    EXPECT_EQ(pts[i], static_cast<int64_t>(i) * 1024 - 1024);
  }
}

TEST_F(Aac, NothingInGivesNothingButPriming) {
  AudioEncoder encoder(plan_);
  encoder.drain([](const av::Packet& packet) { EXPECT_LE(packet->pts, 0); });
}

TEST_F(Aac, RefusesWhatItDoesNotKnowByTheRenditionsName) {
  plan_.sample_rate_hz = 12'345;
  const EngineError rate = failure_of([&] { const AudioEncoder encoder(plan_); });
  EXPECT_EQ(rate.code, "encoder_init_failed");
  EXPECT_EQ(rate.subject, "a");
  plan_.codec = "none";
  EXPECT_EQ(failure_of([&] { const AudioEncoder encoder(plan_); }).code, "codec_unavailable");
}

}  // namespace
}  // namespace videngine::test
