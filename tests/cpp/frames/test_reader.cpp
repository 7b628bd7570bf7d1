#include <algorithm>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "av/check.h"
#include "fixtures/nothing.h"
#include "fixtures/scratch.h"
#include "fixtures/source.h"
#include "frames/damage.h"
#include "frames/planes.h"
#include "frames/reader.h"
#include "frames/rgb.h"

namespace videngine::test {
namespace {

using namespace std::chrono_literals;

class ReaderOfAFilm : public testing::Test {
 protected:
  ReaderOfAFilm() {
    write_source(path_, {.seconds = 2, .video_codec = "libx264", .sample_rate_hz = 0});
  }

  static std::vector<av::Frame> pick(frames::Reader& reader, const std::vector<int64_t>& numbers) {
    std::vector<av::Frame> picked(numbers.size());
    reader.pick(
        numbers, [&](std::size_t place, av::Frame frame) { picked[place] = std::move(frame); },
        nothing);
    return picked;
  }

  static std::vector<av::Frame> all(frames::Feed& feed) {
    std::vector<av::Frame> frames;
    while (!feed.ended()) {
      for (av::Frame& frame : feed.take(1, 8, 50ms)) frames.push_back(std::move(frame));
    }
    return frames;
  }

  static uint8_t corner(const av::Frame& frame) { return *frames::planes(*frame).front().data; }

  Scratch scratch_;
  std::string path_ = scratch_.path("film.mkv");
};

TEST_F(ReaderOfAFilm, GivesTheSameFramesInTurnAndByNumber) {
  frames::Reader reader(path_, {});
  const std::vector<av::Frame> in_turn = all(*reader.play(4));
  ASSERT_EQ(in_turn.size(), 50U);
  ASSERT_EQ(reader.index(nothing)->shown().size(), 50U);
  for (const std::vector<int64_t>& numbers :
       {std::vector<int64_t>{0}, {49}, {3, 4, 5}, {1, 20, 48}, {21}, {22}, {2}}) {
    const std::vector<av::Frame> picked = pick(reader, numbers);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const av::Frame& expected = in_turn[static_cast<std::size_t>(numbers[i])];
      EXPECT_EQ(picked[i]->pts, expected->pts);
      EXPECT_EQ(corner(picked[i]), corner(expected));
    }
  }
  EXPECT_THROW(pick(reader, {50}), std::out_of_range);
}

TEST_F(ReaderOfAFilm, FramesOutliveWhatMadeThem) {
  std::vector<av::Frame> kept;
  std::vector<uint8_t> corners;
  {
    frames::Reader reader(path_, {});
    kept = pick(reader, {0, 10, 40});
    for (const av::Frame& frame : kept) corners.push_back(corner(frame));
    const auto feed = reader.play(3);
    for (av::Frame& frame : feed->take(1, 8, 5s)) {
      corners.push_back(corner(frame));
      kept.push_back(std::move(frame));
    }
  }
  for (std::size_t i = 0; i < kept.size(); ++i) EXPECT_EQ(corner(kept[i]), corners[i]);
}

TEST_F(ReaderOfAFilm, ItsMemoryOutlivesTheFramesToo) {
  struct Kept {
    AVBufferRef* buffer;
    std::ptrdiff_t offset;
    uint8_t code;
  };
  std::vector<Kept> kept;
  {
    frames::Reader reader(path_, {});
    for (const av::Frame& frame : pick(reader, {4, 30})) {
      AVBufferRef* buffer = av_buffer_ref(av_frame_get_plane_buffer(frame.get(), 0));
      kept.push_back({buffer, frame->data[0] - buffer->data, corner(frame)});
    }
    unlink(path_.c_str());
  }
  for (auto& [buffer, offset, code] : kept) {
    EXPECT_EQ(buffer->data[offset], code);
    av_buffer_unref(&buffer);
  }
}

TEST_F(ReaderOfAFilm, DecodesGroupsOfPicturesBesideEachOther) {
  frames::Reader reader(path_, {.threads = 3});
  std::mutex mutex;
  std::set<std::thread::id> threads;
  const std::vector<int64_t> numbers{1, 14, 15, 27, 40, 49};
  for (int round = 0; round < 3; ++round) {
    std::vector<av::Frame> picked(numbers.size());
    reader.pick(
        numbers,
        [&](std::size_t place, av::Frame frame) {
          picked[place] = std::move(frame);
          const std::scoped_lock lock(mutex);
          threads.insert(std::this_thread::get_id());
        },
        nothing);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      EXPECT_EQ(picked[i]->pts, reader.index(nothing)->shown()[numbers[i]].pts);
      EXPECT_EQ(corner(picked[i]), corner(pick(reader, {numbers[i]}).front()));
    }
  }
  EXPECT_FALSE(threads.contains(std::this_thread::get_id()));
}

TEST_F(ReaderOfAFilm, WhatEndsAPickIsThrownToWhoPicks) {
  frames::Reader reader(path_, {.threads = 2});
  struct Full {};
  struct Interrupted {};
  const std::vector<int64_t> numbers{3, 20, 45};
  const frames::Take refuse = [](std::size_t, const av::Frame&) { throw Full(); };
  EXPECT_THROW(reader.pick(numbers, refuse, nothing), Full);
  const frames::Take linger = [](std::size_t, const av::Frame&) {
    std::this_thread::sleep_for(80ms);
  };
  const frames::Check interrupt = [] { throw Interrupted(); };
  reader.index(nothing);
  EXPECT_THROW(reader.pick(numbers, linger, interrupt), Interrupted);
  EXPECT_EQ(pick(reader, numbers).size(), 3U);  // it is of use all the same
}

TEST_F(ReaderOfAFilm, IsSharedByThreads) {
  frames::Reader reader(path_, {.threads = 2});
  std::vector<std::thread> threads;
  for (int64_t n = 0; n < 4; ++n) {
    threads.emplace_back([&, n] {
      for (int64_t i = 0; i < 4; ++i) EXPECT_EQ(pick(reader, {(n * 13 + i * 29) % 50}).size(), 1U);
      EXPECT_EQ(pick(reader, {n, 20 + n, 45 + n}).size(), 3U);
      if (n % 2 == 0) {
        EXPECT_EQ(all(*reader.play(2)).size(), 50U);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(ReaderOfAFilm, AFeedThatIsLeftEndsAtOnce) {
  frames::Reader reader(path_, {});
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(reader.play(2)->take(1, 1, 5s).empty());
}

TEST_F(ReaderOfAFilm, RgbWritesNoFurtherThanItsPicture) {
  for (const auto& [width, height] : {std::pair(1, 1), {2, 3}, {17, 5}, {33, 2}, {160, 90}}) {
    av::Frame frame = av::make_frame();
    frame->width = width;
    frame->height = height;
    frame->format = AV_PIX_FMT_YUV420P;
    av::check(av_frame_get_buffer(frame.get(), 1), "av_frame_get_buffer");
    for (const frames::Plane& plane : frames::planes(*frame)) {
      const auto grey = static_cast<uint8_t>(plane.data == frame->data[0] ? 235 : 128);
      for (int64_t y = 0; y < plane.shape[0]; ++y) {
        std::fill_n(plane.data + y * plane.strides[0], plane.shape[1], grey);
      }
    }
    for (const bool planar : {false, true}) {
      std::vector<uint8_t> out(static_cast<std::size_t>(3 * width * height), 7);
      frames::RgbConverter({.planar = planar}).convert(*frame, out.data());
      EXPECT_TRUE(std::ranges::all_of(out, [](uint8_t code) { return code == 255; }));
    }
  }
}

}  // namespace
}  // namespace videngine::test
