#include <algorithm>

#include <gtest/gtest.h>

#include "fixtures/failure.h"
#include "fixtures/measure.h"
#include "fixtures/scratch.h"
#include "fixtures/source.h"
#include "mux/repack.h"

namespace videngine::test {
namespace {

class Repack : public testing::Test {
 protected:
  RepackPlan plan(const std::string& from, const std::string& to, const std::string& container) {
    write_source(scratch_.path(from), {.first_timestamp_s = 1.5});
    RepackPlan wanted;
    wanted.source_path = scratch_.path(from);
    wanted.target = scratch_.path(to);
    wanted.container = container;
    wanted.streams = {0, 1};
    return wanted;
  }

  Scratch scratch_;
};

TEST_F(Repack, KeepsEveryFrameAndStartsAtZero) {
  const auto [start_s, length_s] = repack(plan("source.ts", "film.mkv", "matroska"));
  EXPECT_EQ(start_s, Rational{});
  EXPECT_NEAR(length_s.to_double(), 2, 0.1);
  const std::vector<Track> made = measure(scratch_.path("film.mkv"));
  ASSERT_EQ(made.size(), 2U);
  EXPECT_EQ(made[0].decoded_s.size(), 50U);
  EXPECT_NEAR(std::min(made[0].decoded_s.at(0), made[1].decoded_s.at(0)), 0, 0.03);
}

TEST_F(Repack, CutsAtTheKeyFrameBefore) {
  RepackPlan wanted = plan("source.mp4", "film.mp4", "mp4");
  wanted.start_s = {7, 10};  // key frames are 12 frames of 40 ms apart
  wanted.duration_s = {1, 2};
  const auto [start_s, length_s] = repack(wanted);
  EXPECT_NEAR(start_s.to_double(), 0.48, 1e-6);
  EXPECT_NEAR(length_s.to_double(), 0.72, 0.1);
  EXPECT_NEAR(static_cast<double>(measure(wanted.target).at(0).decoded_s.size()), 18, 1);
}

TEST_F(Repack, LeavesOutWhatIsNotAskedFor) {
  RepackPlan wanted = plan("source.mp4", "film.mov", "mov");
  wanted.streams = {1};
  repack(wanted);
  EXPECT_EQ(measure(wanted.target).size(), 1U);
}

TEST_F(Repack, RefusesAStreamThatIsNotThere) {
  RepackPlan wanted = plan("source.mp4", "film.mp4", "mp4");
  wanted.streams = {7};
  EXPECT_EQ(failure_of([&] { repack(wanted); }).code, "source_no_streams");
}

TEST_F(Repack, SaysThatTheDiskIsFull) {
  RepackPlan wanted = plan("source.mp4", "film.mp4", "mpegts");
  wanted.target = "/dev/full";
  EXPECT_EQ(failure_of([&] { repack(wanted); }).code, "disk_full");
}

}  // namespace
}  // namespace videngine::test
