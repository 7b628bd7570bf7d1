#include <atomic>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "fixtures/nothing.h"
#include "fixtures/scratch.h"
#include "fixtures/source.h"
#include "frames/damage.h"
#include "frames/feed.h"
#include "frames/planes.h"
#include "frames/reader.h"

namespace videngine::test {
namespace {

using namespace std::chrono_literals;

class FeedOfAFilm : public testing::Test {
 protected:
  static constexpr std::size_t kFrames = 100;
  static constexpr int kGop = 12;

  FeedOfAFilm() {
    write_source(path_, {.seconds = 4,
                         .video_codec = "libx264",
                         .keyframe_interval_frames = kGop,
                         .sample_rate_hz = 0});
  }

  // What came out, and where it broke off.
  struct Run {
    std::vector<std::pair<int64_t, uint8_t>> frames;  // pts, a sample
    std::optional<int64_t> damage_pts;
    int hired = 0;
  };

  // Decoders begin when `crew` are hired: one that a busy machine starts late finds nothing left.
  [[nodiscard]] Run play(int threads, std::size_t most_ahead, int crew = 0,
                         std::size_t capacity = 4) const {
    Run run;
    std::atomic<int> hired = 0;
    {
      const auto open = [this](int each) {
        return std::make_unique<frames::Cursor>(path_, "v:0", each);
      };
      frames::Feed feed({.source = open(threads),
                         .hire =
                             [&](int each) {
                               ++hired;
                               const auto end = std::chrono::steady_clock::now() + 10s;
                               while (hired < crew && std::chrono::steady_clock::now() < end) {
                                 std::this_thread::sleep_for(1ms);
                               }
                               return open(each);
                             },
                         .threads = threads,
                         .most_ahead = most_ahead},
                        capacity);
      try {
        while (!feed.ended()) {
          for (const av::Frame& frame : feed.take(2, 8, 50ms)) {
            run.frames.emplace_back(frame->pts, *frames::planes(*frame).front().data);
          }
        }
      } catch (const frames::Damage& damage) {
        run.damage_pts = damage.pts;
      }
    }
    run.hired = hired;
    return run;
  }

  // Makes the first unit of a frame longer than the frame.
  void spoil(std::size_t number) const {
    const auto index = frames::Reader(path_, {}).index(nothing);
    const frames::PacketFacts& packet = index->packets()[index->shown()[number].packet];
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(packet.pos);
    file.write("\xff\xff\xff\xff", 4);
  }

  Scratch scratch_;
  std::string path_ = scratch_.path("film.mp4");
};

TEST_F(FeedOfAFilm, DecodesGroupsOfPicturesBesideEachOther) {
  const Run alone = play(1, 0);
  EXPECT_EQ(alone.frames.size(), kFrames);
  EXPECT_EQ(alone.hired, 0);
  const Run beside = play(3, kFrames, 3);
  EXPECT_EQ(beside.frames, alone.frames);
  EXPECT_EQ(beside.hired, 3);
}

TEST_F(FeedOfAFilm, HasAsManyDecodersAsFramesMayWait) {
  EXPECT_EQ(play(8, 2 * kGop, 3).hired, 3);
  EXPECT_EQ(play(8, kGop, 2).hired, 2);
  EXPECT_EQ(play(8, kGop - 1).hired, 0);  // a group is longer
  for (const std::size_t most_ahead : {kGop - 1, kGop, 2 * kGop}) {
    EXPECT_EQ(play(8, most_ahead, 0, 1).frames.size(), kFrames);
  }
}

TEST_F(FeedOfAFilm, DamageIsWhereOneDecoderFindsIt) {
  for (const std::size_t number : {95U, 40U, 3U}) {
    spoil(number);
    const Run alone = play(1, 0);
    ASSERT_TRUE(alone.damage_pts);
    EXPECT_LE(alone.frames.size(), number);
    for (int round = 0; round < 3; ++round) {
      const Run beside = play(4, kFrames);
      EXPECT_EQ(beside.frames, alone.frames);
      EXPECT_EQ(beside.damage_pts, alone.damage_pts);
    }
  }
}

TEST_F(FeedOfAFilm, IsLeftInTheMiddleOfAnyGroup) {
  for (int n = 0; n < 10; ++n) {
    const auto open = [this](int each) {
      return std::make_unique<frames::Cursor>(path_, "v:0", each);
    };
    frames::Feed feed({.source = open(1), .hire = open, .threads = 3, .most_ahead = kFrames}, 2);
    for (int taken = 0; taken < 5 * n;) taken += static_cast<int>(feed.take(1, 3, 5s).size());
  }
}

}  // namespace
}  // namespace videngine::test
