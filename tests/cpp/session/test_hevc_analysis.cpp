// Renditions that are made from the analysis of others: how they end, together and alone.
#include <algorithm>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "fixtures/failure.h"
#include "fixtures/measure.h"
#include "fixtures/source.h"
#include "session/run.h"

namespace videngine::test {
namespace {

class HevcAnalysisPairs : public testing::Test {
 protected:
  // Two pairs of one film, one of them with the larger picture made first.
  [[nodiscard]] Plan paired_plan(double seconds) const {
    const std::string source = scratch_.path("source.mp4");
    write_source(source, {.seconds = seconds, .width_px = 320, .height_px = 192});
    Plan plan = plain_plan(scratch_, source);
    plan.pictures = {picture_plan("p", 320, 192), picture_plan("p-half", 160, 96),
                     picture_plan("p-other", 256, 160), picture_plan("p-other-half", 128, 80)};
    plan.pictures[1].parent = "p";
    plan.video = {video_plan(scratch_, "whole", "p"), video_plan(scratch_, "half", "p-half"),
                  video_plan(scratch_, "other", "p-other"),
                  video_plan(scratch_, "other-half", "p-other-half")};
    for (VideoRenditionPlan& video : plan.video) {
      video.codec = "libx265";
      video.preset = "veryfast";
      video.gop_frames = 25;
    }
    plan.video[0].analysis_from = "half";
    plan.video[2].analysis_from = "other-half";
    return plan;
  }

  // What a session comes to whose renditions may fail.
  static Story story_of(const Plan& plan) {
    Session session(plan);
    session.start();
    Story story = follow(session);
    session.join();
    return story;
  }

  Scratch scratch_;
};

TEST_F(HevcAnalysisPairs, IsSharedByPairsOfOneSession) {
  const Plan plan = paired_plan(4);
  const Story story = run(plan);
  EXPECT_EQ(story.finished.at(0).decodes, 1);
  const Track half = measure(plan.video[1].path).at(0);
  for (const VideoRenditionPlan& video : plan.video) {
    SCOPED_TRACE(video.id);
    EXPECT_EQ(story.renditions.at(video.id).frames, 100);
    EXPECT_TRUE(story.renditions.at(video.id).codec_string.starts_with("hvc1."));
    const Track track = measure(video.path).at(0);
    EXPECT_EQ(track.brightness.size(), 100U);
    EXPECT_EQ(track.key_pts_s, half.key_pts_s);
    EXPECT_EQ(count_boxes(video.path, "moof"), 4);
  }
}

TEST_F(HevcAnalysisPairs, WhoReadsItFailsWithWhoMakesIt) {
  Plan plan = paired_plan(4);
  plan.video[1].path = scratch_.path("no/such/folder.mp4");
  const Story story = story_of(plan);
  ASSERT_EQ(story.failed.size(), 2U);
  const auto reader = std::ranges::find(story.failed, "whole", &RenditionFailed::id);
  ASSERT_NE(reader, story.failed.end());
  EXPECT_NE(std::string(reader->error.what()).find("ended early"), std::string::npos);
  EXPECT_NE(std::ranges::find(story.failed, "half", &RenditionFailed::id), story.failed.end());
  EXPECT_EQ(story.renditions.at("other").frames, 100);
  EXPECT_EQ(story.renditions.at("other-half").frames, 100);
  EXPECT_TRUE(story.renditions.contains("a"));
}

TEST_F(HevcAnalysisPairs, WhoMakesItGoesOnWithoutWhoReadsIt) {
  Plan plan = paired_plan(4);
  plan.video[0].path = scratch_.path("no/such/folder.mp4");
  const Story story = story_of(plan);
  ASSERT_EQ(story.failed.size(), 1U);
  EXPECT_EQ(story.failed[0].id, "whole");
  EXPECT_EQ(story.renditions.at("half").frames, 100);
  EXPECT_EQ(story.renditions.at("other").frames, 100);
}

TEST_F(HevcAnalysisPairs, ACancelWhileOneWaitsForTheOtherJoinsSoon) {
  const Plan plan = paired_plan(10);
  for (const int delay_ms : {0, 50, 150, 400, 800}) {
    SCOPED_TRACE(delay_ms);
    Session session(plan);
    session.start();
    std::jthread other([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms));
      session.cancel();
    });
    follow(session);
    other.join();
    const auto cancelled = std::chrono::steady_clock::now();
    try {
      session.join();  // a quick machine may have finished
    } catch (const EngineError& error) {
      EXPECT_EQ(error.kind, ErrorClass::Cancelled);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - cancelled, std::chrono::seconds(2));
  }
}

}  // namespace
}  // namespace videngine::test
