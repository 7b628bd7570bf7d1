// How sessions end that do not go well: cancelled, failed, abandoned.
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "fixtures/failure.h"
#include "fixtures/process.h"
#include "fixtures/source.h"
#include "session/run.h"

namespace videngine::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class Ends : public testing::Test {
 protected:
  void SetUp() override { write_source(source_, {.seconds = 10}); }

  // A plan with every kind of stage that counts for some seconds.
  [[nodiscard]] Plan long_plan() const {
    Plan plan = plain_plan(scratch_, source_);
    plan.pictures.push_back(picture_plan("large", 1280, 768));
    plan.pictures.push_back(picture_plan("child", 640, 384));
    plan.pictures.back().parent = "large";
    plan.video.push_back(video_plan(scratch_, "v-large", "large"));
    plan.video.push_back(video_plan(scratch_, "v-child", "child"));
    plan.audio.push_back(audio_plan(scratch_, "a-more", 1));
    plan.stills = {still_plan(scratch_, "still", {9, 1})};
    return plan;
  }

  Scratch scratch_;
  std::string source_ = scratch_.path("source.mp4");
};

TEST_F(Ends, ACancelAtAnyMomentJoinsSoonAndLeavesNothing) {
  const auto seed = std::random_device{}();
  std::mt19937 random(seed);
  run(plain_plan(scratch_, source_));  // whatever libraries keep for good is there from now on
  const Census before = census();
  for (int round = 0; round < 12; ++round) {
    const milliseconds delay(std::uniform_int_distribution(0, 400)(random));
    SCOPED_TRACE(testing::Message()
                 << "seed " << seed << ", cancelled after " << delay.count() << " ms");
    Session session(long_plan());
    session.start();
    std::jthread other([&] {
      std::this_thread::sleep_for(delay);
      session.cancel();
    });
    follow(session);
    other.join();
    const auto cancelled = steady_clock::now();
    try {
      session.join();  // a quick machine may have finished
    } catch (const EngineError& error) {
      EXPECT_EQ(error.kind, ErrorClass::Cancelled);
    }
    EXPECT_LT(steady_clock::now() - cancelled, std::chrono::seconds(2));
  }
  EXPECT_EQ(census(), before);
}

TEST_F(Ends, ACancelledSessionSaysSo) {
  Session session(long_plan());
  session.start();
  session.cancel();
  const Story story = follow(session);
  session.cancel();  // a second one changes nothing
  EXPECT_TRUE(story.finished.empty());
  const EngineError error = failure_of([&] { session.join(); });
  EXPECT_EQ(error.kind, ErrorClass::Cancelled);
  EXPECT_EQ(error.code, "canceled");
}

TEST_F(Ends, ACancelBeforeTheStartIsNotLost) {
  Session session(long_plan());
  session.cancel();
  const EngineError error = failure_of([&] {
    session.start();
    follow(session);
    session.join();
  });
  EXPECT_EQ(error.kind, ErrorClass::Cancelled);
}

TEST_F(Ends, ACancelDuringTheStartIsNotLost) {
  for (int round = 0; round < 20; ++round) {
    Session session(long_plan());
    const EngineError error = failure_of([&] {
      const std::jthread other([&] { session.cancel(); });
      session.start();
      follow(session);
      session.join();
    });
    EXPECT_EQ(error.kind, ErrorClass::Cancelled) << error.what();
  }
}

TEST_F(Ends, ACancelAfterTheEndChangesNothing) {
  Session session(plain_plan(scratch_, source_));
  session.start();
  follow(session);
  session.cancel();
  EXPECT_NO_THROW(session.join());
}

TEST_F(Ends, AnAbandonedSessionLeavesNothing) {
  run(plain_plan(scratch_, source_));
  const Census before = census();
  {
    Session session(long_plan());
    session.start();
    std::this_thread::sleep_for(milliseconds(50));
  }
  EXPECT_EQ(census(), before);
}

TEST_F(Ends, ARenditionThatFailsIsGivenUpAlone) {
  run(plain_plan(scratch_, source_));
  const Census before = census();
  for (const char* id : {"v-large", "a-more", "still"}) {
    Plan plan = long_plan();
    const std::string nowhere = scratch_.path("no such folder/file.mp4");
    for (VideoRenditionPlan& video : plan.video) video.path = video.id == id ? nowhere : video.path;
    for (AudioRenditionPlan& audio : plan.audio) audio.path = audio.id == id ? nowhere : audio.path;
    for (StillPlan& still : plan.stills) still.path = still.id == id ? nowhere : still.path;
    {
      Session session(plan);
      session.start();
      const Story story = follow(session);
      session.join();
      ASSERT_EQ(story.failed.size(), 1U);
      EXPECT_EQ(story.failed[0].id, id);
      EXPECT_EQ(story.failed[0].error.subject, id);
      EXPECT_EQ(story.failed[0].error.code, "encoder_failed");
      EXPECT_EQ(story.renditions.size(), 5U);
      EXPECT_EQ(story.finished.size(), 1U);
    }
    EXPECT_EQ(census(), before);
  }
}

TEST_F(Ends, AnEncoderThatIsNotThereIsNamed) {
  Plan plan = long_plan();
  plan.video[1].codec = "libx999";
  const EngineError error = failure_of([&] { run(plan); });
  EXPECT_EQ(error.kind, ErrorClass::EncoderUnavailable);
  EXPECT_EQ(error.code, "codec_unavailable");
  EXPECT_EQ(error.subject, "v-large");
}

TEST_F(Ends, ASessionWithNothingLeftToMakeEndsSoon) {
  Plan plan = plain_plan(scratch_, source_);
  plan.audio.clear();
  plan.video[0].codec = "libx999";
  Session session(plan);
  session.start();
  const Story story = follow(session);
  session.join();
  EXPECT_EQ(story.failed.size(), 1U);
  EXPECT_LT(story.finished.at(0).frames, 100);
}

TEST_F(Ends, AFailedSessionTellsOfNoFinish) {
  const std::string path = scratch_.path("source.mkv");
  write_source(path, {.seconds = 10});
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  Session session(plain_plan(scratch_, path));
  session.start();
  EXPECT_TRUE(follow(session).finished.empty());
  EXPECT_THROW(session.join(), EngineError);
}

TEST_F(Ends, ATruncatedSourceIsCorrupt) {
  write_source(scratch_.path("source.mkv"), {.seconds = 10});
  for (const char* name : {"source.mkv", "source.mp4"}) {
    const auto whole = std::filesystem::file_size(scratch_.path(name));
    std::filesystem::resize_file(scratch_.path(name), whole / 2);
    const EngineError error = failure_of([&] { run(plain_plan(scratch_, scratch_.path(name))); });
    EXPECT_EQ(error.kind, ErrorClass::InputError);
    EXPECT_EQ(error.code, "source_corrupt");
  }
}

TEST_F(Ends, AStreamThatIsNotThereIsNamed) {
  Plan plan = plain_plan(scratch_, source_);
  plan.audio[0].stream = 7;
  Session session(plan);
  const EngineError error = failure_of([&] { session.start(); });
  EXPECT_EQ(error.code, "source_no_streams");
  EXPECT_NE(std::string(error.what()).find("stream 7"), std::string::npos);
}

TEST_F(Ends, ARangeBehindTheSourcesEndIsOutsideIt) {
  Plan plan = plain_plan(scratch_, source_);
  plan.pictures[0].start_s = plan.audio[0].start_s = Rational{50, 1};
  const EngineError error = failure_of([&] { run(plan); });
  EXPECT_EQ(error.kind, ErrorClass::InputError);
  EXPECT_EQ(error.code, "range_outside_source");
}

TEST_F(Ends, TwentySessionsLeaveFilesAndThreadsAsTheyWere) {
  write_source(scratch_.path("short.mp4"), {.seconds = 0.4});
  const Plan plan = plain_plan(scratch_, scratch_.path("short.mp4"));
  run(plan);
  const Census before = census();
  for (int round = 0; round < 20; ++round) run(plan);
  EXPECT_EQ(census(), before);
}

}  // namespace
}  // namespace videngine::test
