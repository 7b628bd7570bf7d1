#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "fixtures/failure.h"
#include "fixtures/frames.h"
#include "fixtures/measure.h"
#include "fixtures/nothing.h"
#include "fixtures/scratch.h"
#include "frames/reader.h"
#include "frames/writer.h"

namespace videngine::test {
namespace {

using namespace std::chrono_literals;

class Writing : public testing::Test {
 protected:
  [[nodiscard]] frames::WriterPlan plan(Rational time_base = {1, 25}) const {
    PicturePlan picture;
    picture.id = "p";
    picture.width_px = 64;
    picture.height_px = 48;
    picture.frame_rate = {25, 1};
    VideoRenditionPlan video;
    video.id = "v";
    video.picture = "p";
    video.codec = "libx264";
    video.preset = "ultrafast";
    video.crf = 0;
    video.gop_frames = 10;
    video.threads = 2;
    video.path = path_;
    return {std::move(picture), std::move(video), time_base, "matroska"};
  }

  // Luma of the first sample of each frame.
  [[nodiscard]] std::vector<int> corners() const {
    frames::Reader reader(path_, {});
    const auto feed = reader.play(4);
    std::vector<int> found;
    while (!feed->ended()) {
      for (const av::Frame& frame : feed->take(1, 8, 50ms)) found.push_back(*frame->data[0]);
    }
    return found;
  }

  Scratch scratch_;
  std::string path_ = scratch_.path("film.mkv");
};

TEST_F(Writing, EncodesPicturesWhereTheyLie) {
  frames::Writer writer(plan());
  std::vector<int> expected;
  for (int n = 0; n < 20; ++n) {
    const av::Frame frame = picture(64, 48, n);
    expected.push_back(*frame->data[0]);
    writer.write(*frame, n, false);
  }
  EXPECT_EQ(writer.pictures(), 20);
  EXPECT_EQ(writer.in_place(), 20);
  EXPECT_GT(writer.finish(nothing), 0);
  EXPECT_EQ(corners(), expected);
  const Track track = measure(path_).front();
  EXPECT_EQ(track.key_pts_s.size(), 2U);
}

TEST_F(Writing, TakesPicturesThatAreUpsideDown) {
  frames::Writer writer(plan());
  const av::Frame frame = picture(64, 48, 3);
  const int last = frame->data[0][static_cast<std::ptrdiff_t>(frame->linesize[0]) * 47];
  const av::Frame flipped = av::share(*frame);
  for (const int plane : {0, 1, 2}) {
    const int rows = plane == 0 ? 48 : 24;
    flipped->data[plane] += static_cast<std::ptrdiff_t>(flipped->linesize[plane]) * (rows - 1);
    flipped->linesize[plane] = -flipped->linesize[plane];
  }
  writer.write(*flipped, 0, false);
  EXPECT_EQ(writer.in_place(), 0);
  writer.finish(nothing);
  EXPECT_EQ(corners(), std::vector<int>{last});
}

TEST_F(Writing, RefusesAnOrderThatCannotBe) {
  frames::Writer writer(plan({1, 1000}));
  const av::Frame frame = picture(64, 48);
  writer.write(*frame, 40, false);
  EXPECT_THROW(writer.write(*frame, 40, false), std::invalid_argument);
  writer.write(*frame, 41, true);
  writer.finish(nothing);
  EXPECT_EQ(corners().size(), 2U);
}

TEST_F(Writing, ReadsNoFurtherThanItsRgb) {
  const std::vector<uint8_t> rgb(static_cast<std::size_t>(3 * 64 * 48), 255);
  frames::Writer writer(plan());
  writer.write_rgb({rgb.data(), std::ptrdiff_t{3} * 64, false}, 0, false);
  writer.finish(nothing);
  EXPECT_EQ(corners(), std::vector<int>{235});
}

TEST_F(Writing, IsWhatManyThreadsWaitFor) {
  frames::Writer writer(plan());
  std::atomic<int> refused = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int n = 0; n < 10; ++n) {
          try {
            writer.write(*picture(64, 48, n), 4 * n + t, false);
          } catch (const std::invalid_argument&) {
            ++refused;
          }
        }
      });
    }
  }
  EXPECT_EQ(writer.pictures() + refused, 40);
  writer.finish(nothing);
}

TEST_F(Writing, AnAbandonedWriterLeavesItsFileOpenToNobody) {
  {
    frames::Writer writer(plan());
    writer.write(*picture(64, 48), 0, false);
  }
  frames::WriterPlan wrong = plan();
  wrong.video.path = scratch_.path("none/film.mkv");
  frames::Writer writer(wrong);
  EXPECT_EQ(failure_of([&] { writer.write(*picture(64, 48), 0, false); }).code, "encoder_failed");
}

}  // namespace
}  // namespace videngine::test
