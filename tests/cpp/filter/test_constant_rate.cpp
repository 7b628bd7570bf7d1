#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "error.h"
#include "filter/constant_rate.h"
#include "fixtures/failure.h"
#include "fixtures/frames.h"

namespace videngine {
namespace {

// A stage in front of a recorder: frames are told apart by their time.
class Recorded {
 public:
  explicit Recorded(Rational rate, int64_t start_us = 0,
                    std::optional<Rational> duration_s = std::nullopt)
      : rate_(rate, start_us, duration_s) {}

  bool push(int64_t pts_us) {
    av::Frame frame = av::share(*picture_);
    frame->pts = pts_us;
    frame->quality = static_cast<int>(pts_us / 1000);
    return rate_.push(std::move(frame), take());
  }
  void push_all(const std::vector<int64_t>& times_ms) {
    for (const int64_t time_ms : times_ms) push(time_ms * 1000);
  }
  void drain(int64_t end_us) { rate_.drain(end_us, take()); }
  // The milliseconds of the frame that each slot shows.
  [[nodiscard]] const std::vector<int>& shown() const { return shown_; }
  void stop_after(std::size_t frames) { most_ = frames; }

 private:
  ConstantRate::Take take() {
    return [this](av::Frame frame) {
      EXPECT_EQ(frame->pts, static_cast<int64_t>(shown_.size())) << "slots come one by one";
      shown_.push_back(frame->quality);
      return shown_.size() < most_;
    };
  }

  ConstantRate rate_;
  av::Frame picture_ = test::picture(16, 16);
  std::vector<int> shown_;
  std::size_t most_ = std::numeric_limits<std::size_t>::max();
};

TEST(ConstantRate, FramesOnTheGridPassAsTheyAre) {
  Recorded frames({25, 1});
  frames.push_all({0, 40, 80});
  frames.drain(120'000);
  EXPECT_EQ(frames.shown(), (std::vector<int>{0, 40, 80}));
}

TEST(ConstantRate, VariableFramesAreRepeatedAndDropped) {
  Recorded frames({10, 1});
  frames.push_all({0, 30, 100, 400, 510, 520});
  frames.drain(700'000);
  EXPECT_EQ(frames.shown(), (std::vector<int>{30, 100, 100, 100, 400, 520, 520}));
}

TEST(ConstantRate, AFirstFrameThatComesLateIsShownFromTheStart) {
  Recorded frames({10, 1});
  frames.push_all({300, 400});
  frames.drain(500'000);
  EXPECT_EQ(frames.shown(), (std::vector<int>{300, 300, 300, 300, 400}));
}

TEST(ConstantRate, AGapIsFilledWithTheLastFrame) {
  Recorded frames({5, 1});
  frames.push_all({0, 2000});
  frames.drain(2'200'000);
  EXPECT_EQ(frames.shown().size(), 11U);
  EXPECT_EQ(frames.shown().at(9), 0);
  EXPECT_EQ(frames.shown().at(10), 2000);
}

TEST(ConstantRate, ADuplicateReplacesItsPredecessor) {
  Recorded frames({25, 1});
  frames.push_all({0, 40, 41, 80});
  frames.drain(120'000);
  EXPECT_EQ(frames.shown(), (std::vector<int>{0, 41, 80}));
}

TEST(ConstantRate, TimeThatStepsBackDoublesNoSlot) {
  Recorded frames({25, 1});
  frames.push_all({0, 40, 80, 40, 120});
  frames.drain(160'000);
  EXPECT_EQ(frames.shown().size(), 4U);
  EXPECT_EQ(frames.shown().back(), 120);
}

TEST(ConstantRate, RoundingOfTimestampsDropsNothing) {
  // 30000/1001 a second in whole milliseconds, as Matroska has it.
  Recorded frames({30000, 1001});
  for (int64_t n = 0; n < 3000; ++n) frames.push((n * 1001 + 15) / 30 * 1000);
  frames.drain(100'100'000);
  ASSERT_EQ(frames.shown().size(), 3000U);
  for (std::size_t n = 1; n < 3000; ++n) EXPECT_NE(frames.shown()[n], frames.shown()[n - 1]);
}

TEST(ConstantRate, HalfTheRateShowsEverySecondFrame) {
  Recorded frames({25, 1});
  for (int64_t n = 0; n < 100; ++n) frames.push(n * 20'000);
  frames.drain(2'000'000);
  ASSERT_EQ(frames.shown().size(), 50U);
  for (std::size_t n = 1; n < 50; ++n) EXPECT_EQ(frames.shown()[n] - frames.shown()[n - 1], 40);
}

TEST(ConstantRate, NothingDriftsInAnHour) {
  Recorded frames({24000, 1001});
  for (int64_t n = 0; n < 3600LL * 30; ++n) frames.push(n * 1'000'000 / 30);
  frames.drain(3600LL * 1'000'000);
  EXPECT_NEAR(static_cast<double>(frames.shown().size()), 3600 * 24000 / 1001.0, 1);
  for (std::size_t n = 0; n < frames.shown().size(); n += 1000) {
    EXPECT_NEAR(frames.shown()[n], static_cast<double>(n) * 1001 / 24, 1001 / 24.0);
  }
}

TEST(ConstantRate, WhatLiesBeforeTheStartIsLeftOut) {
  Recorded frames({10, 1}, 500'000);
  frames.push_all({0, 100, 200, 300, 400, 500, 600, 700});
  frames.drain(800'000);
  EXPECT_EQ(frames.shown(), (std::vector<int>{500, 600, 700}));
}

TEST(ConstantRate, AFrameBeforeTheStartIsStillOnScreenThere) {
  Recorded frames({10, 1}, 500'000);
  frames.push_all({300, 700});
  frames.drain(800'000);
  EXPECT_EQ(frames.shown(), (std::vector<int>{300, 300, 700}));
}

TEST(ConstantRate, ADurationIsExactWhateverComes) {
  Recorded frames({10, 1}, 0, Rational{1, 2});
  for (int64_t n = 0; n < 5; ++n) EXPECT_TRUE(frames.push(n * 100'000));
  EXPECT_FALSE(frames.push(500'000));
  EXPECT_EQ(frames.shown().size(), 5U);

  Recorded drained({10, 1}, 0, Rational{1, 2});
  drained.push(0);
  drained.drain(1'000'000'000);
  EXPECT_EQ(drained.shown().size(), 5U);
}

TEST(ConstantRate, TheLastFrameIsShownForItsDuration) {
  Recorded frames({10, 1});
  frames.push_all({0, 100});
  frames.drain(400'000);
  EXPECT_EQ(frames.shown(), (std::vector<int>{0, 100, 100, 100}));
}

TEST(ConstantRate, ASourceOfOneFrameGivesOne) {
  Recorded frames({10, 1});
  frames.push(0);
  frames.drain(1);
  EXPECT_EQ(frames.shown().size(), 1U);
}

TEST(ConstantRate, ASourceThatEndsBeforeTheStartGivesNothing) {
  Recorded frames({10, 1}, 5'000'000);
  frames.push_all({0, 100});
  frames.drain(200'000);
  EXPECT_TRUE(frames.shown().empty());
}

TEST(ConstantRate, NothingInGivesNothingOut) {
  Recorded frames({10, 1});
  frames.drain(1'000'000);
  EXPECT_TRUE(frames.shown().empty());
}

TEST(ConstantRate, StopsWhenNoMoreIsWanted) {
  Recorded frames({10, 1});
  frames.stop_after(3);
  frames.push(0);
  EXPECT_FALSE(frames.push(2'000'000));
  EXPECT_EQ(frames.shown().size(), 3U);
}

TEST(ConstantRate, AJumpOfMoreThanHalfAnHourIsAFault) {
  Recorded frames({25, 1});
  frames.push(0);
  const EngineError error = test::failure_of([&] { frames.push(1801LL * 1'000'000); });
  EXPECT_EQ(error.code, "source_corrupt");
}

}  // namespace
}  // namespace videngine
