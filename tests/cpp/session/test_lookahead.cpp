// Renditions that share one look ahead.
#include <tuple>

#include <gtest/gtest.h>

#include "fixtures/measure.h"
#include "fixtures/source.h"
#include "session/run.h"

namespace videngine::test {
namespace {

class SharedLookahead : public testing::Test {
 protected:
  // Three sizes of one picture, encoded by what is found in the smallest. That of the middle is
  // made late.
  Plan plan() {
    write_source(scratch_.path("source.mp4"), {});
    Plan plan = plain_plan(scratch_, scratch_.path("source.mp4"));
    for (const auto& [picture, video, width] : {std::tuple{"small", "w", 80}, {"mid", "m", 120}}) {
      plan.pictures.push_back(picture_plan(picture, width, width * 3 / 5));
      plan.pictures.back().parent = "p";
      plan.video.push_back(video_plan(scratch_, video, picture));
    }
    LookaheadPlan lookahead;
    lookahead.id = "l";
    lookahead.picture = "small";
    lookahead.depth_frames = 10;
    lookahead.gop_frames = plan.video[0].gop_frames;
    lookahead.segment_s = plan.video[0].segment_s;
    lookahead.grid_rate = plan.video[0].grid_rate;
    plan.lookaheads = {lookahead};
    for (VideoRenditionPlan& video : plan.video) {
      video.preset = "veryfast";
      video.lookahead = "l";
    }
    return plan;
  }
  Scratch scratch_;
};

TEST_F(SharedLookahead, ServesAllSizes) {
  const Plan wanted = plan();
  const Story story = run(wanted);
  for (const VideoRenditionPlan& video : wanted.video) {
    EXPECT_EQ(story.renditions.at(video.id).frames, 50);
    const Track track = measure(video.path).at(0);
    EXPECT_EQ(track.brightness.size(), 50U);
    EXPECT_EQ(count_boxes(video.path, "moof"), 2);
  }
  EXPECT_EQ(story.finished.at(0).decodes, 1);
}

// One of them looks further than the frames of the other wait; the picture of the middle is encoded
// by what both find, or one of them.
TEST_F(SharedLookahead, IsNotHeldUpByAnotherOfTheSamePictures) {
  Plan wanted = plan();
  const std::vector<VideoRenditionPlan> videos = wanted.video;
  for (const VideoRenditionPlan& video : videos) {
    VideoRenditionPlan& again = wanted.video.emplace_back(video);
    again.id += "2";
    again.path += ".again.mp4";
    again.lookahead = "l2";
  }
  wanted.lookaheads.push_back(wanted.lookaheads[0]);
  wanted.lookaheads[0].depth_frames = 2;
  wanted.lookaheads[1].id = "l2";
  wanted.lookaheads[1].depth_frames = 20;
  for (const std::string left_out : {"", "m", "m2"}) {
    Plan some = wanted;
    std::erase_if(some.video,
                  [&](const VideoRenditionPlan& video) { return video.id == left_out; });
    const Story story = run(some);
    for (const VideoRenditionPlan& video : some.video) {
      EXPECT_EQ(story.renditions.at(video.id).frames, 50) << video.id;
    }
  }
}

TEST_F(SharedLookahead, IsNotStoppedByARenditionThatFails) {
  Plan wanted = plan();
  wanted.video[0].options = {{"no-such-option", "1"}};
  Session session(wanted);
  session.start();
  const Story story = follow(session);
  session.join();
  ASSERT_EQ(story.failed.size(), 1U);
  EXPECT_EQ(story.failed[0].id, "v");
  EXPECT_EQ(story.renditions.at("w").frames, 50);
}

TEST_F(SharedLookahead, EndsWithTheJobThatIsCancelled) {
  Session session(plan());
  session.start();
  session.cancel();
  const Story story = follow(session);
  EXPECT_THROW(session.join(), EngineError);
  EXPECT_TRUE(story.finished.empty());
}

}  // namespace
}  // namespace videngine::test
