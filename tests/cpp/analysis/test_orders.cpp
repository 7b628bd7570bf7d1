// What an encoder is told about a frame.
#include <gtest/gtest.h>

#include "analysis/orders.h"
#include "fixtures/frames.h"

namespace videngine::analysis {
namespace {

Finding found(bool key, bool two_way) {
  auto offsets = std::make_shared<QuantOffsets>();
  offsets->columns = 2;
  offsets->rows = 1;
  offsets->values = {-4, 2};
  return {0, key, two_way, offsets};
}

TEST(Orders, TellTheTypeOfAFrame) {
  const av::Frame frame = test::picture(64, 32);
  order(*frame, found(true, false));
  EXPECT_EQ(frame->pict_type, AV_PICTURE_TYPE_I);
  order(*frame, found(false, true));
  EXPECT_EQ(frame->pict_type, AV_PICTURE_TYPE_B);
  order(*frame, found(false, false));
  EXPECT_EQ(frame->pict_type, AV_PICTURE_TYPE_P);
}

TEST(Orders, CoverThePictureWithMacroblocksBetweenTheCellsOfTheGrid) {
  const av::Frame frame = test::picture(72, 40);  // 5 x 3 macroblocks, the last ones cut
  order(*frame, found(false, false));
  const AVFrameSideData* data =
      av_frame_get_side_data(frame.get(), AV_FRAME_DATA_REGIONS_OF_INTEREST);
  ASSERT_NE(data, nullptr);
  ASSERT_EQ(data->size, 15 * sizeof(AVRegionOfInterest));
  const auto* regions = reinterpret_cast<const AVRegionOfInterest*>(data->data);
  double before = -100;
  for (int i = 0; i < 5; ++i) {
    const double offset = 51 * av_q2d(regions[i].qoffset);
    EXPECT_EQ(regions[i].left, 16 * i);
    EXPECT_EQ(regions[i].bottom, 16);
    EXPECT_GE(offset, before);
    before = offset;
  }
  EXPECT_NEAR(51 * av_q2d(regions[0].qoffset), -4, 0.01);
  EXPECT_NEAR(51 * av_q2d(regions[4].qoffset), 2, 0.01);
  EXPECT_EQ(regions[4].right, 72);
  EXPECT_EQ(regions[14].bottom, 40);
}

TEST(Orders, LeaveNothingOfTheFrameBefore) {
  const av::Frame frame = test::picture(64, 32);
  order(*frame, found(false, false));
  order(*frame, {1, false, true, nullptr});
  EXPECT_EQ(av_frame_get_side_data(frame.get(), AV_FRAME_DATA_REGIONS_OF_INTEREST), nullptr);
}

}  // namespace
}  // namespace videngine::analysis
