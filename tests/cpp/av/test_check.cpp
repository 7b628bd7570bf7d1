#include <algorithm>
#include <cerrno>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "av/check.h"
#include "av/handles.h"
#include "av/log.h"
#include "fixtures/failure.h"

namespace videngine::av {
namespace {

using test::failure_of;

TEST(Check, PassesCountsOn) {
  EXPECT_EQ(check(0, "operation"), 0);
  EXPECT_EQ(check(17, "operation"), 17);
}

TEST(Check, AFailureKeepsOperationSubjectAndReason) {
  const EngineError error = failure_of([] {
    check(AVERROR_INVALIDDATA, "avcodec_open2", "video-720p", ErrorClass::EncoderUnavailable,
          "encoder_init_failed");
  });
  EXPECT_EQ(error.kind, ErrorClass::EncoderUnavailable);
  EXPECT_EQ(error.code, "encoder_init_failed");
  EXPECT_EQ(error.subject, "video-720p");
  EXPECT_STREQ(error.what(), "avcodec_open2 failed: Invalid data found when processing input.");
}

TEST(Check, AFullDiskIsItsOwnKindWhateverWasDone) {
  for (const int code : {AVERROR(ENOSPC), AVERROR(EDQUOT)}) {
    const EngineError error =
        failure_of([&] { check(code, "write", "", ErrorClass::InputError, "other"); });
    EXPECT_EQ(error.kind, ErrorClass::ResourceError);
    EXPECT_EQ(error.code, "disk_full");
  }
}

TEST(Check, NoMemoryIsItsOwnKindWhateverWasDone) {
  const EngineError error = failure_of([] { check(AVERROR(ENOMEM), "read"); });
  EXPECT_EQ(error.kind, ErrorClass::ResourceError);
  EXPECT_EQ(error.code, "out_of_memory");
}

TEST(Log, TheLastLinesComeWithTheFailure) {
  capture_log();
  for (int i = 0; i < 30; ++i) av_log(nullptr, AV_LOG_ERROR, "line %d\n", i);
  const EngineError error = failure_of([] { check(AVERROR(EIO), "read"); });
  ASSERT_EQ(error.log.size(), 20U);
  EXPECT_EQ(error.log.front(), "line 10");
  EXPECT_EQ(error.log.back(), "line 29");
}

TEST(Log, RepeatedAndIdleLinesAreLeftOut) {
  capture_log();
  av_log(nullptr, AV_LOG_WARNING, "once\n");
  av_log(nullptr, AV_LOG_WARNING, "once\n");
  av_log(nullptr, AV_LOG_INFO, "chatter\n");
  const std::vector<std::string> lines = recent_log_lines();
  EXPECT_EQ(std::ranges::count(lines, "once"), 1);
  EXPECT_EQ(std::ranges::count(lines, "chatter"), 0);
}

TEST(Log, MayBeWrittenByManyThreads) {
  capture_log();
  {
    std::vector<std::jthread> writers;
    for (int thread = 0; thread < 4; ++thread) {
      writers.emplace_back([thread] {
        for (int i = 0; i < 200; ++i) av_log(nullptr, AV_LOG_ERROR, "%d %d\n", thread, i);
      });
    }
    for (int i = 0; i < 50; ++i) EXPECT_LE(recent_log_lines().size(), 20U);
  }
  EXPECT_EQ(recent_log_lines().size(), 20U);
}

TEST(Dictionary, NamesTheFirstOptionThatNobodyTook) {
  Dictionary options;
  EXPECT_EQ(options.left_over(), nullptr);
  options.set("key", "value");
  options.set("number", int64_t{7});
  EXPECT_STREQ(options.left_over(), "key");
}

}  // namespace
}  // namespace videngine::av
