#include <atomic>
#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "fixtures/frames.h"
#include "graph/flow.h"

namespace videngine::graph {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

bool never() { return false; }

TEST(Outlet, GivesEveryConsumerTheSameMemory) {
  Outlet outlet;
  const auto first = outlet.connect();
  const auto second = outlet.connect();
  const av::Frame frame = test::picture(32, 32);
  EXPECT_TRUE(outlet.push(*frame));
  EXPECT_EQ(first->pop().value()->data[0], frame->data[0]);
  EXPECT_EQ(second->pop().value()->data[0], frame->data[0]);
}

TEST(Outlet, AConsumerThatHasEndedDoesNotHoldUpTheOthers) {
  Outlet outlet;
  const auto ended = outlet.connect();
  const auto other = outlet.connect();
  ended->close();
  const av::Frame frame = test::picture(32, 32);
  for (std::size_t i = 0; i < 3 * kFrameQueueDepth; ++i) {
    EXPECT_TRUE(outlet.push(*frame));
    EXPECT_TRUE(other->pop());
  }
}

TEST(Outlet, TellsWhenNobodyWantsMore) {
  Outlet outlet;
  outlet.connect()->close();
  outlet.connect()->close();
  EXPECT_FALSE(outlet.push(*test::picture(32, 32)));
}

TEST(Outlet, FinishEndsEveryConsumer) {
  Outlet outlet;
  const auto first = outlet.connect();
  const auto second = outlet.connect();
  outlet.finish();
  EXPECT_FALSE(first->pop());
  EXPECT_FALSE(second->pop());
}

TEST(PictureClock, SoundWaitsUntilThePictureIsPastIt) {
  PictureClock clock;
  clock.advance(1000);
  std::atomic<bool> past = false;
  {
    const std::jthread sound([&] {
      clock.wait_past(1000, never);
      past = true;
    });
    std::this_thread::sleep_for(milliseconds(30));
    EXPECT_FALSE(past);
    clock.advance(1001);
  }
  EXPECT_TRUE(past);
}

TEST(PictureClock, NeverRunsBackwards) {
  PictureClock clock;
  clock.advance(1000);
  clock.advance(10);
  bool asked = false;
  clock.wait_past(999, [&] { return asked = true; });
  EXPECT_FALSE(asked);
}

TEST(PictureClock, TheEndOfThePictureEndsEveryWait) {
  PictureClock clock;
  {
    const std::jthread sound([&] { clock.wait_past(PictureClock::kForever, never); });
    const std::jthread tail([&] { EXPECT_EQ(clock.wait_end(never), 40'000); });
    clock.finish(40'000);
  }
  EXPECT_EQ(clock.known_end_us(), 40'000);
}

TEST(PictureClock, TheEndIsUnknownUntilItIsReached) {
  PictureClock clock;
  clock.advance(5);
  EXPECT_EQ(clock.known_end_us(), PictureClock::kForever);
  EXPECT_EQ(clock.wait_end([] { return true; }), PictureClock::kForever);
}

TEST(PictureClock, SoundInAHurryDoesNotWait) {
  PictureClock clock;
  const auto began = steady_clock::now();
  for (int i = 0; i < 500; ++i) clock.wait_past(1, [] { return true; });
  EXPECT_LT(steady_clock::now() - began, milliseconds(1000));
}

}  // namespace
}  // namespace videngine::graph
