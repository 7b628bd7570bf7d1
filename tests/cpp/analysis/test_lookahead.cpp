// What the shared look ahead finds in pictures whose motion and noise are known.
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/lookahead.h"
#include "analysis/lookahead_stage.h"
#include "fixtures/frames.h"

namespace videngine::analysis {
namespace {

constexpr int kWidth = 160;
constexpr int kHeight = 96;

// Luma of a texture that never repeats, shifted; the left part of `noisy_px` is new in every frame.
av::Frame texture(int shift_x, int shift_y, int noisy_px = 0, unsigned frame = 0) {
  av::Frame made = test::plain_picture(kWidth, kHeight, AV_PIX_FMT_YUV420P, 128, 128, 128);
  std::mt19937 noise(frame + 1);
  for (int y = 0; y < kHeight; ++y) {
    uint8_t* row = made->data[0] + static_cast<std::ptrdiff_t>(y) * made->linesize[0];
    for (int x = 0; x < kWidth; ++x) {
      // Blotches of four pixels: what a small picture of a large one looks like.
      unsigned cell =
          static_cast<unsigned>((x + shift_x + 400) / 4 * 7919 + (y + shift_y + 400) / 4 * 104729);
      cell = (cell ^ cell >> 11) * 2654435761U;
      cell = (cell ^ cell >> 15) * 2246822519U;
      row[x] = static_cast<uint8_t>(64 + (cell >> 25));
      if (x < noisy_px) row[x] = static_cast<uint8_t>(noise() >> 24);
    }
  }
  return made;
}

struct Findings {
  std::vector<Finding> frames;
  std::size_t longest_wait = 0;
};

template <typename Make>
Findings look(int frames, int depth, int gop, const Make& make) {
  Findings findings;
  Lookahead lookahead(depth);
  const auto take = [&](Finding found) { findings.frames.push_back(std::move(found)); };
  std::optional<FirstLook> last;
  for (int i = 0; i < frames; ++i) {
    FirstLook look = look_first(*make(i), last ? &*last : nullptr);
    last = look;
    lookahead.push(std::move(look), i % gop == 0, take);
    findings.longest_wait =
        std::max(findings.longest_wait, static_cast<std::size_t>(i) + 1 - findings.frames.size());
  }
  lookahead.drain(take);
  return findings;
}

double mean(const QuantOffsets& offsets, int first_column, int end_column) {
  double sum = 0;
  for (int row = 0; row < offsets.rows; ++row) {
    for (int column = first_column; column < end_column; ++column) {
      sum += offsets.values[static_cast<std::size_t>(row) * offsets.columns + column];
    }
  }
  return sum / (static_cast<double>(offsets.rows) * (end_column - first_column));
}

TEST(Motion, FindsHowFarAPictureMoved) {
  const SmallPicture before(*texture(0, 0));
  const SmallPicture now(*texture(3, -2));
  const Motion motion = find_motion(now, before, nullptr, 1);
  int right = 0;
  for (const Vector& v : motion.vectors) right += v == Vector{12, -8} ? 1 : 0;
  EXPECT_GT(right, static_cast<int>(now.blocks() * 3 / 4));
}

TEST(Motion, CostsNextToNothingWhereAPictureIsTheSame) {
  const SmallPicture one(*texture(0, 0));
  const Motion motion = find_motion(one, one, nullptr, 1);
  for (std::size_t i = 0; i < one.blocks(); ++i) {
    EXPECT_EQ(motion.vectors[i], Vector{});
    EXPECT_LE(motion.costs[i], 2);
    EXPECT_GT(one.intra()[i], 100);
  }
}

TEST(Motion, TakesTheMeanOfBothSidesWhereThatIsBest) {
  const av::Frame dark = test::plain_picture(kWidth, kHeight, AV_PIX_FMT_YUV420P, 100, 128, 128);
  const av::Frame grey = test::plain_picture(kWidth, kHeight, AV_PIX_FMT_YUV420P, 120, 128, 128);
  const av::Frame light = test::plain_picture(kWidth, kHeight, AV_PIX_FMT_YUV420P, 140, 128, 128);
  const SmallPicture past(*dark);
  const SmallPicture now(*grey);
  const SmallPicture future(*light);
  const Motion to_past = find_motion(now, past, nullptr, 1);
  const Motion to_future = find_motion(now, future, nullptr, -1);
  const TwoWay both = find_two_way(now, past, to_past, future, to_future);
  for (std::size_t i = 0; i < now.blocks(); ++i) {
    EXPECT_EQ(both.from[i], TwoWay::From::both);
    EXPECT_LT(both.costs[i], to_past.costs[i]);
  }
}

TEST(Lookahead, TellsOfEveryFrameOnceInOrder) {
  for (const int frames : {1, 2, 3, 5, 17, 40}) {
    for (const int depth : {1, 10, 60}) {
      const Findings found = look(frames, depth, 12, [](int i) { return texture(i, 0); });
      ASSERT_EQ(found.frames.size(), static_cast<std::size_t>(frames));
      for (int i = 0; i < frames; ++i) {
        const Finding& frame = found.frames[static_cast<std::size_t>(i)];
        EXPECT_EQ(frame.number, i);
        EXPECT_EQ(frame.key, i % 12 == 0);
        EXPECT_FALSE(frame.key && frame.two_way);
      }
      EXPECT_FALSE(found.frames.back().two_way);
    }
  }
}

TEST(Lookahead, ClosesGroupsInFrontOfKeyFrames) {
  const Findings found = look(50, 10, 7, [](int i) { return texture(i, i); });
  int in_a_row = 0;
  for (std::size_t i = 0; i < found.frames.size(); ++i) {
    in_a_row = found.frames[i].two_way ? in_a_row + 1 : 0;
    EXPECT_LE(in_a_row, Lookahead::kMostBFrames);
    if (found.frames[i].key && i > 0) {
      EXPECT_FALSE(found.frames[i - 1].two_way) << i;
    }
  }
}

TEST(Lookahead, MakesBFramesOfSteadyMotion) {
  const Findings found = look(40, 10, 40, [](int i) { return texture(i, 0); });
  EXPECT_GT(std::ranges::count_if(found.frames, &Finding::two_way), 15);
}

TEST(Lookahead, GivesMoreBitsToWhatStays) {
  // The left half is new in every frame, the right half is always the same.
  const Findings found =
      look(30, 20, 30, [](int i) { return texture(0, 0, kWidth / 2, static_cast<unsigned>(i)); });
  const QuantOffsets& first = *found.frames.front().offsets;
  EXPECT_EQ(first.columns, kWidth / kBlock);
  EXPECT_EQ(first.rows, kHeight / kBlock);
  EXPECT_NEAR(mean(first, 0, first.columns / 2 - 1), 0, 0.3);
  EXPECT_LT(mean(first, first.columns / 2 + 1, first.columns), -5);
}

TEST(Lookahead, CountsWhatLiesWithinItsDepth) {
  const auto still = [](int) { return texture(0, 0); };
  const auto worth = [&](int depth) {
    const Findings found = look(60, depth, 60, still);
    const QuantOffsets& first = *found.frames.front().offsets;
    return -mean(first, 0, first.columns);
  };
  EXPECT_GT(worth(10), 5);
  EXPECT_GT(worth(40), worth(10) + 2);
}

// Which of so many pictures begin scenes.
template <typename Make>
std::vector<int> cuts(int frames, const Make& make) {
  std::vector<int> found;
  std::optional<FirstLook> last;
  for (int i = 0; i < frames; ++i) {
    last = look_first(*make(i), last ? &*last : nullptr);
    if (last->cut) found.push_back(i);
  }
  return found;
}

TEST(FirstLook, SeesWhereScenesBegin) {
  const auto other_scene = [](int i) {
    return texture(3 * i + (i < 7 ? 0 : 250), i < 7 ? 0 : 170);
  };
  EXPECT_EQ(cuts(12, other_scene), std::vector<int>{7});
}

TEST(FirstLook, TakesNoMotionForACut) {
  EXPECT_TRUE(cuts(12, [](int i) { return texture(5 * i, 2 * i); }).empty());
}

// Each picture's motion is looked for where that of the one before was found.
TEST(FirstLook, KeepsUpWithAPanThatGathersSpeed) {
  std::optional<FirstLook> last;
  int at_px = 0;
  int speed_px = 0;
  for (; speed_px <= 24; speed_px += 2) {
    at_px += speed_px;
    last = look_first(*texture(at_px, 0), last ? &*last : nullptr);
  }
  const Vector wanted{static_cast<int16_t>(4 * (speed_px - 2)), 0};
  const std::vector<Vector>& found = last->from_last->vectors;
  EXPECT_GT(std::ranges::count(found, wanted), std::ssize(found) / 2);
}

// What fits better elsewhere by chance must be worth saying where it comes from.
TEST(FirstLook, FollowsAFaintPictureAndNotItsGrain) {
  const auto grainy = [](int number) {
    av::Frame made = texture(0, 0);
    std::mt19937 grain(static_cast<unsigned>(number));
    for (int y = 0; y < kHeight; ++y) {
      uint8_t* row = made->data[0] + static_cast<std::ptrdiff_t>(y) * made->linesize[0];
      for (int x = 0; x < kWidth; ++x) row[x] = static_cast<uint8_t>(row[x] / 32 + grain() % 15);
    }
    return made;
  };
  std::optional<FirstLook> last;
  for (int i = 0; i < 30; ++i) last = look_first(*grainy(i), last ? &*last : nullptr);
  const std::vector<Vector>& found = last->from_last->vectors;
  const auto far = [](Vector v) { return std::max(std::abs(v.x), std::abs(v.y)) > kBlock; };
  EXPECT_LT(std::ranges::count_if(found, far), std::ssize(found) / 5);
}

TEST(Lookahead, MakesFewerBFramesOfFastMotion) {
  const auto two_way = [](int speed_px) {
    const auto pan = [=](int i) { return texture(speed_px * i, 0, 40, static_cast<unsigned>(i)); };
    return std::ranges::count_if(look(40, 10, 40, pan).frames, &Finding::two_way);
  };
  EXPECT_LT(two_way(12), two_way(2));
}

TEST(FirstLook, TakesNoGrainForACut) {
  const auto grain = [](int i) { return texture(0, 0, kWidth, static_cast<unsigned>(i)); };
  EXPECT_TRUE(cuts(12, grain).empty());
}

TEST(Lookahead, WaitsNoLongerThanItSays) {
  LookaheadPlan plan;
  plan.depth_frames = 10;
  const Findings found = look(80, plan.depth_frames, 25, [](int i) { return texture(i, 0); });
  EXPECT_LE(found.longest_wait, LookaheadStage::delay_frames(plan));
  EXPECT_GT(found.longest_wait, static_cast<std::size_t>(plan.depth_frames));
}

TEST(Lookahead, TakesPicturesThatAreNoWholeBlocks) {
  const Findings found = look(5, 4, 5, [](int i) { return test::picture(86, 50, i); });
  ASSERT_EQ(found.frames.size(), 5U);
  EXPECT_EQ(found.frames[0].offsets->columns, 11);
  EXPECT_EQ(found.frames[0].offsets->rows, 7);
}

}  // namespace
}  // namespace videngine::analysis
