#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "encode/segment_grid.h"

namespace videngine {
namespace {

const Rational kFilm{24000, 1001};
const Rational kHalfFilm{12000, 1001};
const Rational kNtsc{30000, 1001};

// The frames of a rendition of `rate` that start a segment, among its first `frames`.
std::vector<int64_t> starts(const SegmentGrid& grid, Rational rate, int64_t frames) {
  std::vector<int64_t> found;
  for (int64_t n = 0; n < frames; ++n) {
    if (grid.starts_segment(n, rate)) found.push_back(n);
  }
  return found;
}

TEST(SegmentGrid, TheFirstFrameStartsASegment) {
  EXPECT_TRUE(SegmentGrid({6, 1}, {30, 1}).starts_segment(0, {30, 1}));
}

TEST(SegmentGrid, WholeRatesCutAtWholeSegments) {
  const SegmentGrid grid({6, 1}, {30, 1});
  EXPECT_EQ(starts(grid, {30, 1}, 600), (std::vector<int64_t>{0, 180, 360, 540}));
  EXPECT_EQ(starts(SegmentGrid({6, 1}, {12, 1}), {12, 1}, 240),
            (std::vector<int64_t>{0, 72, 144, 216}));
}

TEST(SegmentGrid, FilmRateCutsAtTheFirstFrameNotBeforeTheBoundary) {
  // 6 s are 143.86 frames: 144, 288, ... until the rounding has gathered a whole frame.
  const SegmentGrid grid({6, 1}, kFilm);
  EXPECT_EQ(starts(grid, kFilm, 600), (std::vector<int64_t>{0, 144, 288, 432, 576}));
  EXPECT_FALSE(grid.starts_segment(144LL * 7, kFilm));  // 1006.99 frames: 1007
  EXPECT_TRUE(grid.starts_segment(1007, kFilm));
}

TEST(SegmentGrid, HalfTheRateCutsAtTheSameInstants) {
  const SegmentGrid grid({6, 1}, kHalfFilm);
  const std::vector<int64_t> half = starts(grid, kHalfFilm, 3000);
  const std::vector<int64_t> whole = starts(grid, kFilm, 6000);
  ASSERT_EQ(half.size(), whole.size());
  for (std::size_t i = 0; i < half.size(); ++i) EXPECT_EQ(2 * half[i], whole[i]);
}

TEST(SegmentGrid, MixedRatesOfOneGridCutAtTheSameInstants) {
  const SegmentGrid grid({6, 1}, {6, 1});  // common to 30 and 12
  const std::vector<int64_t> thirty = starts(grid, {30, 1}, 3600);
  const std::vector<int64_t> twelve = starts(grid, {12, 1}, 1440);
  ASSERT_EQ(thirty.size(), twelve.size());
  for (std::size_t i = 0; i < thirty.size(); ++i) EXPECT_EQ(2 * thirty[i], 5 * twelve[i]);
}

TEST(SegmentGrid, SoundPacketsFollowThePicturesGrid) {
  const SegmentGrid grid({6, 1}, kFilm);
  const Rational packets{48000, 1024};
  const std::vector<int64_t> sound = starts(grid, packets, 5000);
  const std::vector<int64_t> picture = starts(grid, kFilm, 2557);
  ASSERT_EQ(sound.size(), picture.size());
  for (std::size_t i = 0; i < sound.size(); ++i) {
    const double late_s = static_cast<double>(sound[i]) / packets.to_double() -
                          static_cast<double>(picture[i]) / kFilm.to_double();
    EXPECT_GE(late_s, -1e-9);
    EXPECT_LT(late_s, 1024.0 / 48000);
  }
}

// The key frames among the first frames at 25 a second, scenes beginning where `cuts` say.
std::vector<int64_t> keys(Rational segment_s, int gop_frames, int64_t frames,
                          const std::vector<int64_t>& cuts) {
  Keyframes keyframes(SegmentGrid(segment_s, {25, 1}), gop_frames, {25, 1});
  std::vector<int64_t> found;
  for (int64_t n = 0; n < frames; ++n) {
    if (keyframes.next(std::ranges::find(cuts, n) != cuts.end())) found.push_back(n);
  }
  return found;
}

TEST(Keyframes, BeginSegmentsAndGops) {
  EXPECT_EQ(keys({4, 1}, 40, 210, {}), (std::vector<int64_t>{0, 40, 80, 100, 140, 180, 200}));
}

TEST(Keyframes, BeginScenesAndAreCountedFromThere) {
  EXPECT_EQ(keys({4, 1}, 40, 210, {20, 170}),
            (std::vector<int64_t>{0, 20, 60, 100, 140, 170, 200}));
}

TEST(Keyframes, OfScenesAreNoneNearThoseThatMustBe) {
  EXPECT_EQ(keys({4, 1}, 100, 210, {11, 12, 88}), (std::vector<int64_t>{0, 12, 88, 100, 200}));
  EXPECT_EQ(keys({4, 1}, 100, 210, {89, 111}), (std::vector<int64_t>{0, 100, 200}));
}

struct Rates {
  const char* name;
  Rational segment_s;
  Rational grid;
  Rational rendition;
};
void PrintTo(const Rates& rates, std::ostream* out) { *out << rates.name; }
class SegmentGridLaw : public testing::TestWithParam<Rates> {};

// Boundary k lies at ceil(k * S * G) / G. Counted here one by one.
TEST_P(SegmentGridLaw, ASegmentStartsAtTheFirstFrameNotBeforeItsBoundary) {
  const Rates& rates = GetParam();
  const SegmentGrid grid(rates.segment_s, rates.grid);
  int64_t segment = 0;
  const Wide step_num = static_cast<Wide>(rates.segment_s.num) * rates.grid.num;
  const Wide step_den = static_cast<Wide>(rates.segment_s.den) * rates.grid.den;
  // Whether the boundary behind the present segment is at or before frame n.
  const auto reached = [&](int64_t n) {
    const Wide boundary = ((segment + 1) * step_num + step_den - 1) / step_den;  // in grid frames
    return static_cast<Wide>(n) * rates.rendition.den * rates.grid.num >=
           boundary * rates.grid.den * rates.rendition.num;
  };
  for (int64_t n = 0; n < 20'000; ++n) {
    while (reached(n)) ++segment;
    ASSERT_EQ(grid.segment_of(n, rates.rendition), segment) << "frame " << n;
  }
}

INSTANTIATE_TEST_SUITE_P(, SegmentGridLaw,
                         testing::Values(Rates{"Film", {6, 1}, kFilm, kFilm},
                                         Rates{"FilmShownAt24", {6, 1}, kFilm, {24, 1}},
                                         Rates{"Ntsc", {6, 1}, kNtsc, kNtsc},
                                         Rates{"FilmOnHalfTheGrid", {2, 1}, kHalfFilm, kFilm},
                                         Rates{"BrokenSegment", {7, 2}, {25, 1}, {50, 1}},
                                         Rates{"ThirtyOnTwelve", {6, 1}, {12, 1}, {30, 1}},
                                         Rates{"SoundOnFilm", {4, 1}, kFilm, {48000, 1024}},
                                         Rates{"NtscSegment", {1001, 500}, {60000, 1001}, {15, 1}}),
                         [](const auto& rates) { return std::string(rates.param.name); });

}  // namespace
}  // namespace videngine
