#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "graph/queue.h"

namespace videngine::graph {
namespace {

// Gives another thread the time to come to a wait; what the tests claim does not depend on it.
void let_others_wait() { std::this_thread::sleep_for(std::chrono::milliseconds(20)); }

TEST(BoundedQueue, GivesItemsInTheirOrder) {
  BoundedQueue<int> queue(3);
  for (const int item : {1, 2, 3}) EXPECT_TRUE(queue.push(item));
  for (const int item : {1, 2, 3}) EXPECT_EQ(queue.pop(), item);
}

TEST(BoundedQueue, WhatWasPushedBeforeTheFinishIsStillTaken) {
  BoundedQueue<int> queue(2);
  queue.push(7);
  queue.finish();
  EXPECT_EQ(queue.pop(), 7);
  EXPECT_EQ(queue.pop(), std::nullopt);
  EXPECT_EQ(queue.pop(), std::nullopt);
}

TEST(BoundedQueue, FinishWakesEveryWaitingConsumer) {
  BoundedQueue<int> queue(1);
  std::atomic<int> ended = 0;
  {
    std::vector<std::jthread> consumers;
    for (int i = 0; i < 3; ++i) {
      consumers.emplace_back([&] { ended += queue.pop() ? 0 : 1; });
    }
    let_others_wait();
    queue.finish();
  }
  EXPECT_EQ(ended, 3);
}

TEST(BoundedQueue, CloseWakesAWaitingProducerAndTellsItSo) {
  BoundedQueue<int> queue(1);
  queue.push(1);
  bool wanted = true;
  {
    const std::jthread producer([&] { wanted = queue.push(2); });
    let_others_wait();
    queue.close();
  }
  EXPECT_FALSE(wanted);
}

TEST(BoundedQueue, CloseWakesAWaitingConsumer) {
  BoundedQueue<int> queue(1);
  std::optional<int> got = 1;
  {
    const std::jthread consumer([&] { got = queue.pop(); });
    let_others_wait();
    queue.close();
  }
  EXPECT_EQ(got, std::nullopt);
}

TEST(BoundedQueue, CloseDropsWhatIsQueuedAtOnce) {
  const auto item = std::make_shared<int>(1);
  BoundedQueue<std::shared_ptr<int>> queue(2);
  queue.push(item);
  queue.push(item);
  EXPECT_EQ(item.use_count(), 3);
  queue.close();
  EXPECT_EQ(item.use_count(), 1);
  EXPECT_FALSE(queue.push(item));
  EXPECT_EQ(item.use_count(), 1);
  EXPECT_TRUE(queue.closed());
}

TEST(BoundedQueue, TellsWhenAProducerSoonIsHeldUp) {
  BoundedQueue<int> queue(8);
  for (int item = 0; item < 5; ++item) queue.push(item);
  EXPECT_FALSE(queue.nearly_full());
  queue.push(5);
  EXPECT_TRUE(queue.nearly_full());
  queue.pop();
  EXPECT_FALSE(queue.nearly_full());
}

TEST(BoundedQueue, AQueueOfOneIsNearlyFullWhenItIsFull) {
  BoundedQueue<int> queue(1);
  EXPECT_FALSE(queue.nearly_full());
  queue.push(1);
  EXPECT_TRUE(queue.nearly_full());
}

TEST(BoundedQueue, AClosedQueueHoldsNobodyUp) {
  BoundedQueue<int> queue(1);
  queue.push(1);
  queue.close();
  queue.push(2);
  EXPECT_FALSE(queue.nearly_full());
}

TEST(BoundedQueue, ManyThreadsLoseAndDoubleNothing) {
  constexpr int kThreads = 4;
  constexpr int kItems = 2000;
  BoundedQueue<int> queue(3);
  std::atomic<int64_t> sum = 0;
  std::atomic<int> taken = 0;
  {
    std::vector<std::jthread> consumers;
    for (int i = 0; i < kThreads; ++i) {
      consumers.emplace_back([&] {
        while (const std::optional<int> item = queue.pop()) {
          sum += *item;
          ++taken;
        }
      });
    }
    {
      std::vector<std::jthread> producers;
      for (int i = 0; i < kThreads; ++i) {
        producers.emplace_back([&] {
          for (int item = 1; item <= kItems; ++item) queue.push(item);
        });
      }
    }
    queue.finish();
  }
  EXPECT_EQ(taken, kThreads * kItems);
  EXPECT_EQ(sum, static_cast<int64_t>(kThreads) * kItems * (kItems + 1) / 2);
}

}  // namespace
}  // namespace videngine::graph
