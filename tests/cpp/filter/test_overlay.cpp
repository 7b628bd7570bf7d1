#include <gtest/gtest.h>

#include "filter/overlay.h"
#include "fixtures/failure.h"
#include "fixtures/frames.h"
#include "fixtures/scratch.h"

namespace videngine {
namespace {

LogoPlan shown(int64_t first, std::optional<int64_t> end) {
  LogoPlan logo;
  logo.first_frame = first;
  logo.end_frame = end;
  return logo;
}

TEST(Overlay, KnowsWhichLogosAFrameShows) {
  const Overlay overlay({shown(0, {}), shown(3, 5), shown(5, {})});
  EXPECT_EQ(overlay.visible(0), 0b001U);
  EXPECT_EQ(overlay.visible(3), 0b011U);
  EXPECT_EQ(overlay.visible(4), 0b011U);
  EXPECT_EQ(overlay.visible(5), 0b101U);
}

TEST(Overlay, SharesThePictureWhereNothingIsToBeSeen) {
  const av::Frame picture = test::picture(80, 48);
  Overlay overlay({shown(3, 5)});
  EXPECT_EQ(overlay.over(*picture, overlay.visible(0))->data[0], picture->data[0]);
}

TEST(Overlay, NamesALogoThatIsNoImage) {
  const test::Scratch scratch;
  LogoPlan logo;
  logo.path = scratch.path("nothing.png");
  Overlay overlay({logo});
  const av::Frame picture = test::picture(80, 48);
  const EngineError error = test::failure_of([&] { overlay.over(*picture, 1); });
  EXPECT_EQ(error.code, "logo_fetch_failed");
}

}  // namespace
}  // namespace videngine
