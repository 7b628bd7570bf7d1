#include <gtest/gtest.h>

#include "filter/late_pictures.h"
#include "session/run.h"

namespace videngine::test {
namespace {

// 1080p and, of it, 720p and 360p, which is looked at; 720p has 180p. All are encoded.
Plan late_plan() {
  Plan plan;
  const auto add = [&plan](const std::string& id, std::optional<std::string> parent) {
    PicturePlan& picture = plan.pictures.emplace_back();
    picture.id = id;
    picture.parent = std::move(parent);
    VideoRenditionPlan& video = plan.video.emplace_back();
    video.id = "v" + id;
    video.picture = id;
    video.lookahead = "l";
  };
  add("1080", std::nullopt);
  add("720", "1080");
  add("360", "1080");
  add("180", "720");
  LookaheadPlan& look = plan.lookaheads.emplace_back();
  look.id = "l";
  look.picture = "360";
  return plan;
}

using Late = std::map<std::string, std::string>;

TEST(LatePictures, AreMadeOfWhatWaitsAnyway) {
  EXPECT_EQ(late_pictures(late_plan(), {}), (Late{{"720", "l"}, {"180", "l"}}));
}

TEST(LatePictures, AreNotThoseThatSomebodyLooksAt) {
  EXPECT_EQ(late_pictures(late_plan(), {"720"}), (Late{{"180", "l"}}));
  EXPECT_EQ(late_pictures(late_plan(), {"180"}), Late{});
}

TEST(LatePictures, AreNotThoseOfAnEncoderThatLooksAheadByItself) {
  Plan plan = late_plan();
  plan.video[3].lookahead.reset();
  EXPECT_EQ(late_pictures(plan, {}), Late{});
}

TEST(LatePictures, AreNotThoseOfAnotherLookAhead) {
  Plan plan = late_plan();
  plan.lookaheads.push_back(plan.lookaheads[0]);
  plan.lookaheads[1].id = "m";
  plan.video[3].lookahead = "m";
  EXPECT_EQ(late_pictures(plan, {}), (Late{{"720", "l"}}));
  plan.video.push_back(plan.video[1]);
  plan.video.back().lookahead = "m";  // 720p waits for both
  EXPECT_EQ(late_pictures(plan, {}), (Late{{"180", "m"}}));
}

TEST(LatePictures, AreNotMadeOfThoseThatDoNotWait) {
  Plan plan = late_plan();
  plan.video[0].lookahead.reset();
  EXPECT_EQ(late_pictures(plan, {}),
            (Late{{"180", "l"}}));  // 720p waits: 180p can be made behind it
  for (PicturePlan& picture : plan.pictures) picture.parent.reset();
  EXPECT_EQ(late_pictures(plan, {}), Late{});
}

TEST(LatePictures, AreNoneWithoutALookAhead) {
  Plan plan = late_plan();
  plan.lookaheads.clear();
  for (VideoRenditionPlan& video : plan.video) video.lookahead.reset();
  EXPECT_EQ(late_pictures(plan, {}), Late{});
}

}  // namespace
}  // namespace videngine::test
