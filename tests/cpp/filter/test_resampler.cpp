#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include <gtest/gtest.h>

#include "filter/resampler.h"
#include "fixtures/failure.h"
#include "fixtures/frames.h"

namespace videngine {
namespace {

constexpr int kRate = 48'000;
constexpr int kBlock = 960;  // 20 ms

// A resampler in front of a recorder.
class Recorded {
 public:
  explicit Recorded(int channels = 1, int64_t start_us = 0, int rate_hz = kRate)
      : resampler_(rate_hz, channels == 1 ? "mono" : "stereo", start_us),
        planes(static_cast<std::size_t>(channels)) {}

  // Samples first .. first + count of the endless tone, shown at `at_s`.
  void push_tone(double at_s, int64_t first, int count = kBlock, int rate_hz = kRate) {
    push(*test::tone(rate_hz, 1, count, first, std::llround(at_s * 1e6)));
  }
  void push(const AVFrame& frame) { resampler_.push(frame, take()); }
  void drain() { resampler_.drain(take()); }
  // Seconds of the tone from `from_s` on, at their own times.
  void push_seconds(double from_s, double seconds) {
    const int64_t begin = std::llround(from_s * kRate);
    for (int64_t n = begin; n < begin + std::llround(seconds * kRate); n += kBlock) {
      push_tone(static_cast<double>(n) / kRate, n);
    }
  }
  [[nodiscard]] std::size_t size() const { return planes[0].size(); }
  [[nodiscard]] double level(double from_s, double to_s, std::size_t channel = 0) const {
    double sum = 0;
    const auto begin = static_cast<std::size_t>(from_s * kRate);
    const auto end = std::min(static_cast<std::size_t>(to_s * kRate), planes[channel].size());
    for (std::size_t i = begin; i < end; ++i) sum += planes[channel][i] * planes[channel][i];
    return std::sqrt(sum / static_cast<double>(end - begin));
  }

 private:
  Resampler::Take take() {
    return [this](const uint8_t* const* data, int samples) {
      for (std::size_t i = 0; i < planes.size(); ++i) {
        const auto* from = reinterpret_cast<const float*>(data[i]);
        planes[i].insert(planes[i].end(), from, from + samples);
      }
      EXPECT_GT(samples, 0);
    };
  }

  Resampler resampler_;

 public:
  std::vector<std::vector<float>> planes;
};

float tone_at(int64_t sample, int rate_hz = kRate) {
  return static_cast<float>(
      0.5 * std::sin(2 * std::numbers::pi * 440 * static_cast<double>(sample) / rate_hz));
}

// How loud the tone of fixtures/frames.h is.
constexpr double kToneLevel = 0.3536;

TEST(Resampler, SoundAtTheSameRateIsUntouched) {
  Recorded sound;
  sound.push_seconds(0, 2);
  sound.drain();
  ASSERT_EQ(sound.size(), 2U * kRate);
  for (std::size_t i = 0; i < sound.size(); ++i) {
    ASSERT_FLOAT_EQ(sound.planes[0][i], tone_at(static_cast<int64_t>(i)));
  }
}

TEST(Resampler, AnotherRateGivesTheSameLengthAndTone) {
  Recorded sound;
  for (int64_t n = 0; n < 2LL * 44'100; n += 882) {
    sound.push_tone(static_cast<double>(n) / 44'100, n, 882, 44'100);
  }
  sound.drain();
  EXPECT_NEAR(static_cast<double>(sound.size()), 2 * kRate, 2);
  for (std::size_t i = 1000; i < sound.size() - 1000; ++i) {
    ASSERT_NEAR(sound.planes[0][i], tone_at(static_cast<int64_t>(i)), 0.002) << i;
  }
}

TEST(Resampler, AGapBecomesSilenceOfItsLength) {
  Recorded sound;
  sound.push_seconds(0, 1);
  sound.push_seconds(3, 1);
  sound.drain();
  ASSERT_EQ(sound.size(), 4U * kRate);
  EXPECT_NEAR(sound.level(0, 1), kToneLevel, 0.001);
  EXPECT_EQ(sound.level(1, 3), 0);
  EXPECT_NEAR(sound.level(3, 4), kToneLevel, 0.001);
}

TEST(Resampler, AGapInResampledSoundLosesNothingAtItsEdges) {
  Recorded sound;
  for (const int64_t from_s : {0, 3}) {
    for (int64_t n = 0; n < 44'100; n += 882) {
      sound.push_tone(static_cast<double>(from_s) + static_cast<double>(n) / 44'100, n, 882,
                      44'100);
    }
  }
  sound.drain();
  EXPECT_NEAR(static_cast<double>(sound.size()), 4 * kRate, 3);
  EXPECT_NEAR(sound.level(0.9, 0.999), kToneLevel, 0.01);
  EXPECT_EQ(sound.level(1.01, 2.99), 0);
  EXPECT_NEAR(sound.level(3.01, 4), kToneLevel, 0.001);
}

TEST(Resampler, AnOverlapIsCut) {
  Recorded sound;
  sound.push_seconds(0, 2);
  sound.push_seconds(1, 2);
  sound.drain();
  ASSERT_EQ(sound.size(), 3U * kRate);
  for (std::size_t i = 0; i < sound.size(); ++i) {
    ASSERT_NEAR(sound.planes[0][i], tone_at(static_cast<int64_t>(i)), 1e-4) << i;
  }
}

TEST(Resampler, WhatLiesBeforeTheStartIsLeftOut) {
  Recorded sound(1, 1'500'007);  // no whole sample
  sound.push_seconds(0, 3);
  sound.drain();
  EXPECT_NEAR(static_cast<double>(sound.size()), 1.5 * kRate, 2);
  for (std::size_t i = 0; i < sound.size(); ++i) {
    ASSERT_NEAR(sound.planes[0][i], tone_at(static_cast<int64_t>(i) + 72'000), 0.06) << i;
  }
}

TEST(Resampler, TimestampsRoundedToMillisecondsMoveNoStart) {
  // Blocks of 1024 samples with Matroska's timestamps, which are now early, now late.
  Recorded sound(1, 1'000'000);
  for (int64_t n = 0; n < 3LL * kRate; n += 1024) {
    sound.push_tone(std::round(static_cast<double>(n) * 1000 / kRate) / 1000, n, 1024);
  }
  sound.drain();
  EXPECT_NEAR(static_cast<double>(sound.size()), 2 * kRate, 500);
  EXPECT_NEAR(sound.level(0, 2), kToneLevel, 0.001);
}

TEST(Resampler, SoundThatStartsLateIsPrecededBySilence) {
  Recorded sound;
  sound.push_seconds(0.5, 1);
  sound.drain();
  EXPECT_EQ(sound.size(), 1.5 * kRate);
  EXPECT_EQ(sound.level(0, 0.5), 0);
  EXPECT_NEAR(sound.level(0.5, 1.5), kToneLevel, 0.001);
}

TEST(Resampler, JitterOfTimestampsChangesNothing) {
  Recorded sound;
  for (int64_t n = 0; n < 10LL * kRate; n += kBlock) {
    const double jitter_s = (n / kBlock) % 2 == 0 ? 0.004 : -0.004;
    sound.push_tone(std::max(0.0, static_cast<double>(n) / kRate + jitter_s), n);
  }
  sound.drain();
  EXPECT_NEAR(static_cast<double>(sound.size()), 10 * kRate, 250);
}

TEST(Resampler, ADriftingClockStaysWithinAFrameForAnHour) {
  // The recorder's crystal runs 0.05 % fast or slow against the timestamps.
  for (const double error : {0.0005, -0.0005}) {
    int64_t written = 0;
    double worst_s = 0;
    Resampler resampler(kRate, "mono", 0);
    const auto count = [&](const uint8_t* const*, int samples) { written += samples; };
    const av::Frame block = test::tone(kRate, 1, 9600, 0, 0);
    for (int64_t n = 0; n < 3600LL * kRate; n += 9600) {
      const double now_s = static_cast<double>(n) / kRate * (1 + error);
      worst_s = std::max(worst_s, std::abs(static_cast<double>(written) / kRate - now_s));
      block->pts = std::llround(now_s * 1e6);
      resampler.push(*block, count);
    }
    EXPECT_LT(worst_s, 1 / 25.0) << "at " << error;
    EXPECT_NEAR(static_cast<double>(written) / kRate, 3600 * (1 + error), 1 / 25.0);
    EXPECT_EQ(written, resampler.written_samples());
  }
}

TEST(Resampler, SurroundIsMixedToStereo) {
  const AVChannelLayout surround = AV_CHANNEL_LAYOUT_5POINT1;
  Recorded sound(2);
  for (int64_t n = 0; n < kRate; n += kBlock) {
    sound.push(*test::tone(kRate, surround, kBlock, n, n * 1'000'000 / kRate));
  }
  sound.drain();
  ASSERT_EQ(sound.size(), static_cast<std::size_t>(kRate));
  // Left is twice as loud as right in the source, the centre goes to both.
  EXPECT_GT(sound.level(0.1, 0.9, 0), 1.3 * sound.level(0.1, 0.9, 1));
  EXPECT_GT(sound.level(0.1, 0.9, 1), 0.05);
  for (const float sample : sound.planes[0]) ASSERT_LE(std::abs(sample), 1);
}

TEST(Resampler, ALayoutWithoutSpeakersIsTheUsualOne) {
  AVChannelLayout unnamed{};
  unnamed.order = AV_CHANNEL_ORDER_UNSPEC;
  unnamed.nb_channels = 2;
  Recorded sound(2);
  sound.push(*test::tone(kRate, unnamed, kBlock, 0, 0));
  sound.drain();
  EXPECT_EQ(sound.size(), static_cast<std::size_t>(kBlock));
}

TEST(Resampler, AFormatThatChangesMidwayKeepsItsPlace) {
  Recorded sound(2);
  sound.push_seconds(0, 1);
  for (int64_t n = 0; n < 44'100; n += 882) {
    sound.push(*test::tone(44'100, 2, 882, n, 1'000'000 + n * 1'000'000 / 44'100));
  }
  sound.push_seconds(2, 1);
  sound.drain();
  EXPECT_NEAR(static_cast<double>(sound.size()), 3 * kRate, 3);
}

TEST(Resampler, AJumpOfMoreThanHalfAnHourIsAFault) {
  Recorded sound;
  sound.push_tone(0, 0);
  const EngineError error = test::failure_of([&] { sound.push_tone(1801, 0); });
  EXPECT_EQ(error.code, "source_corrupt");
}

TEST(Resampler, EmptyFramesArePassedOver) {
  Recorded sound;
  const av::Frame empty = test::tone(kRate, 1, kBlock, 0, 0);
  empty->nb_samples = 0;
  sound.push(*empty);
  sound.drain();
  EXPECT_EQ(sound.size(), 0U);
}

}  // namespace
}  // namespace videngine
