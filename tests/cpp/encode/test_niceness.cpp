#include <gtest/gtest.h>

#include "encode/niceness.h"
#include "session/run.h"

namespace videngine::test {
namespace {

// A plan with an encoder for every picture, named alike.
Plan ladder_plan(const std::vector<PicturePlan>& pictures) {
  Plan plan;
  plan.pictures = pictures;
  for (const PicturePlan& picture : pictures) {
    VideoRenditionPlan& video = plan.video.emplace_back();
    video.id = picture.id;
    video.picture = picture.id;
  }
  return plan;
}

TEST(Niceness, GivesPartsOfACoreInProportionToPixels) {
  const Plan plan = ladder_plan({picture_plan("540", 960, 540), picture_plan("1080", 1920, 1080),
                                 picture_plan("720", 1280, 720), picture_plan("again", 1920, 1080),
                                 picture_plan("tiny", 64, 36)});
  // 1.25^6 is 3.8, of four times the pixels; 1.25^4 is 2.4, of 2.25 times.
  EXPECT_EQ(encoder_niceness(plan), (std::vector{6, 0, 4, 0, 10}));
}

TEST(Niceness, CountsPicturesASecond) {
  PicturePlan slow = picture_plan("slow", 1920, 1080);
  const PicturePlan fast = picture_plan("fast", 1920, 1080);
  slow.frame_rate = Rational{fast.frame_rate.num, 2 * fast.frame_rate.den};
  EXPECT_EQ(encoder_niceness(ladder_plan({slow, fast})), (std::vector{3, 0}));
}

TEST(Niceness, IsThatOfWhoeverWaitsForItsAnalysis) {
  Plan plan = ladder_plan({picture_plan("540", 960, 540), picture_plan("1080", 1920, 1080)});
  plan.video[1].analysis_from = "540";
  EXPECT_EQ(encoder_niceness(plan), (std::vector{0, 0}));
}

TEST(Niceness, OfNoEncoderIsNone) { EXPECT_TRUE(encoder_niceness(Plan{}).empty()); }

}  // namespace
}  // namespace videngine::test
