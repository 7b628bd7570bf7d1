#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "fixtures/frames.h"
#include "graph/flow.h"
#include "graph/tap.h"

namespace videngine::graph {
namespace {

using namespace std::chrono_literals;

std::vector<int64_t> numbers(Tap& tap) {
  std::vector<int64_t> found;
  while (!tap.ended()) {
    if (const auto frame = tap.take(50ms)) found.push_back((*frame)->pts);
  }
  return found;
}

void offer(Tap& tap, int64_t from, int64_t to) {
  for (int64_t n = from; n < to; ++n) {
    const av::Frame frame = test::picture(16, 16, static_cast<int>(n));
    frame->pts = n;
    tap.offer(*frame);
  }
}

TEST(Tap, GivesEveryNthFrameToAThreadThatIsSlow) {
  Tap tap(3, 2, Tap::WhenFull::kBlock);
  std::jthread producer([&] {
    offer(tap, 0, 20);
    tap.finish();
  });
  EXPECT_EQ(numbers(tap), (std::vector<int64_t>{0, 3, 6, 9, 12, 15, 18}));
  EXPECT_EQ(tap.dropped(), 0);
}

TEST(Tap, DropsWhatFindsItFull) {
  Tap tap(1, 2, Tap::WhenFull::kDrop);
  offer(tap, 0, 5);
  tap.finish();
  EXPECT_EQ(tap.dropped(), 3);
  EXPECT_EQ(numbers(tap), (std::vector<int64_t>{0, 1}));
}

TEST(Tap, LetsAProducerGoThatWaitsWhenItIsClosed) {
  Tap tap(1, 1, Tap::WhenFull::kBlock);
  std::jthread producer([&] { offer(tap, 0, 100); });
  EXPECT_TRUE(tap.take(5s).has_value());
  tap.close();
  producer.join();
  EXPECT_TRUE(tap.ended());
}

TEST(Tap, KeepsNoStageAlive) {
  Outlet outlet;
  const auto consumer = outlet.connect();
  const auto tap = std::make_shared<Tap>(1, 8, Tap::WhenFull::kBlock);
  outlet.add(tap);
  const av::Frame frame = test::picture(16, 16);
  EXPECT_TRUE(outlet.push(*frame));
  consumer->close();
  EXPECT_FALSE(outlet.push(*frame));
  outlet.finish();
  EXPECT_EQ(numbers(*tap).size(), 2U);
}

}  // namespace
}  // namespace videngine::graph
