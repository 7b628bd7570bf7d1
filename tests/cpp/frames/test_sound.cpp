#include <atomic>
#include <cmath>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "fixtures/failure.h"
#include "fixtures/nothing.h"
#include "fixtures/scratch.h"
#include "fixtures/source.h"
#include "frames/reader.h"
#include "frames/sound.h"

namespace videngine::test {
namespace {

class SoundOfAFilm : public testing::Test {
 protected:
  SoundOfAFilm() { write_source(path_, {.seconds = 3, .video_codec = "libx264"}); }

  Scratch scratch_;
  std::string path_ = scratch_.path("film.mkv");
};

TEST_F(SoundOfAFilm, HasEverySampleAtItsPlace) {
  const frames::SoundWanted whole{.sample_rate_hz = 16000, .channels = 1};
  const frames::Sound all = frames::read_sound(path_, whole, nothing);
  ASSERT_GT(all.samples.size(), 40000U);
  frames::SoundWanted wanted = whole;
  wanted.first_sample = 20000;
  wanted.samples = 1000;
  const frames::Sound part = frames::read_sound(path_, wanted, nothing);
  ASSERT_EQ(part.samples.size(), 1000U);
  for (std::size_t i = 0; i < 1000; ++i) {
    EXPECT_NEAR(part.samples[i], all.samples[20000 + i], 1e-3) << i;
  }
}

TEST_F(SoundOfAFilm, IsReadBesideItsPictures) {
  frames::Reader reader(path_, {});
  std::atomic<int> heard = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        const frames::SoundWanted wanted{.sample_rate_hz = 8000, .samples = 800};
        heard += static_cast<int>(frames::read_sound(path_, wanted, nothing).samples.size());
      });
    }
    reader.pick(std::vector<int64_t>{5, 30}, [](std::size_t, const av::Frame&) {}, nothing);
  }
  EXPECT_GE(heard, 3 * 800);
}

TEST_F(SoundOfAFilm, EndsWhenItIsInterrupted) {
  struct Interrupted {};
  const frames::SoundWanted wanted{.sample_rate_hz = 16000};
  EXPECT_THROW(frames::read_sound(path_, wanted, [] { throw Interrupted(); }), Interrupted);
  const frames::SoundWanted none{.stream = "a:5", .sample_rate_hz = 16000};
  EXPECT_EQ(failure_of([&] { frames::read_sound(path_, none, nothing); }).code,
            "source_no_streams");
}

}  // namespace
}  // namespace videngine::test
