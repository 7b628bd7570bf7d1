#include <vector>

#include <gtest/gtest.h>

#include "filter/deinterlacer.h"
#include "fixtures/frames.h"

namespace videngine {
namespace {

std::vector<int64_t> times_through(const char* mode, int frames, int width_px = 80) {
  Deinterlacer deinterlacer(mode);
  std::vector<int64_t> times;
  const auto take = [&times](av::Frame frame) {
    times.push_back(frame->pts);
    return true;
  };
  for (int i = 0; i < frames; ++i) {
    av::Frame frame = test::picture(width_px, 48);
    frame->pts = 1000 + 40'000 * static_cast<int64_t>(i);
    EXPECT_TRUE(deinterlacer.push(std::move(frame), take));
  }
  EXPECT_TRUE(deinterlacer.drain(take));
  return times;
}

TEST(Deinterlacer, GivesOneFrameForEachWithItsTime) {
  for (const char* mode : {"", "all", "auto"}) {
    for (const int frames : {1, 2, 7}) {
      const std::vector<int64_t> times = times_through(mode, frames);
      ASSERT_EQ(times.size(), static_cast<std::size_t>(frames)) << mode;
      for (int i = 0; i < frames; ++i) {
        EXPECT_EQ(times[static_cast<std::size_t>(i)], 1000 + 40'000 * i) << mode;
      }
    }
  }
}

TEST(Deinterlacer, LetsThroughWhatIsTooSmall) { EXPECT_EQ(times_through("all", 3, 4).size(), 3U); }

TEST(Deinterlacer, FollowsAChangeOfSize) {
  Deinterlacer deinterlacer("all");
  std::vector<int> widths;
  const auto take = [&widths](av::Frame frame) {
    widths.push_back(frame->width);
    return true;
  };
  for (const int width_px : {80, 80, 64, 64}) {
    av::Frame frame = test::picture(width_px, 48);
    frame->pts = 40'000 * static_cast<int64_t>(widths.size());
    deinterlacer.push(std::move(frame), take);
  }
  deinterlacer.drain(take);
  EXPECT_EQ(widths, (std::vector{80, 80, 64, 64}));
}

TEST(Deinterlacer, StopsWhenNobodyWantsMore) {
  Deinterlacer deinterlacer("");
  EXPECT_FALSE(deinterlacer.push(test::picture(80, 48), [](const av::Frame&) { return false; }));
}

}  // namespace
}  // namespace videngine
