#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "graph/queue.h"
#include "graph/stages.h"

namespace videngine::graph {
namespace {

// What join throws, or "" when all went well.
std::string outcome(Stages& stages) {
  try {
    stages.join();
  } catch (const std::exception& failure) {
    return failure.what();
  }
  return "";
}

TEST(Stages, RunEveryBodyAndCallIdleOnceAfterTheLast) {
  std::atomic<int> runs = 0;
  std::atomic<int> idle = 0;
  std::atomic<int> runs_at_idle = 0;
  Stages stages;
  stages.on_idle([&] {
    ++idle;
    runs_at_idle = runs.load();
  });
  std::vector<Stages::Stage> all;
  for (int i = 0; i < 5; ++i) all.emplace_back("stage", [&] { ++runs; });
  stages.spawn_all(std::move(all));
  EXPECT_EQ(outcome(stages), "");
  EXPECT_EQ(runs, 5);
  EXPECT_EQ(idle, 1);
  EXPECT_EQ(runs_at_idle, 5);
  EXPECT_FALSE(stages.stopped());
}

TEST(Stages, TheFirstFailureWins) {
  BoundedQueue<int> queue(1);
  Stages stages;
  stages.on_stop([&] { queue.close(); });
  stages.spawn_all({{"second",
                     [&] {
                       queue.pop();
                       throw std::runtime_error("second");
                     }},
                    {"first", [] { throw std::runtime_error("first"); }}});
  EXPECT_EQ(outcome(stages), "first");
  EXPECT_TRUE(stages.stopped());
}

TEST(Stages, OfManyFailuresAtOnceExactlyOneIsKept) {
  std::atomic<int> idle = 0;
  Stages stages;
  stages.on_idle([&] { ++idle; });
  std::vector<Stages::Stage> all;
  for (int i = 0; i < 8; ++i) {
    all.emplace_back("stage", [i] { throw std::runtime_error(std::to_string(i)); });
  }
  stages.spawn_all(std::move(all));
  EXPECT_EQ(outcome(stages).size(), 1U);
  EXPECT_EQ(idle, 1);
}

TEST(Stages, AStopWithoutAFailureJoinsWithoutOne) {
  BoundedQueue<int> queue(1);
  Stages stages;
  stages.on_stop([&] { queue.close(); });
  stages.spawn_all({{"waits", [&] { queue.pop(); }}});
  stages.stop();
  EXPECT_EQ(outcome(stages), "");
}

TEST(Stages, AFailureBecauseOfTheStopIsNotReported) {
  BoundedQueue<int> queue(1);
  Stages stages;
  stages.on_stop([&] { queue.close(); });
  stages.spawn_all({{"waits", [&] {
                       queue.pop();
                       throw std::runtime_error("was interrupted");
                     }}});
  stages.stop();
  EXPECT_EQ(outcome(stages), "");
}

TEST(Stages, AStopBeforeTheStartReachesWhatIsRegisteredAfterIt) {
  BoundedQueue<int> queue(1);
  Stages stages;
  stages.stop();
  stages.on_stop([&] { queue.close(); });
  stages.spawn_all({{"waits", [&] { queue.pop(); }}});
  EXPECT_EQ(outcome(stages), "");
}

TEST(Stages, MayBeStoppedWhileTheyAreBeingRegistered) {
  std::vector<std::unique_ptr<BoundedQueue<int>>> queues;
  for (int i = 0; i < 50; ++i) queues.push_back(std::make_unique<BoundedQueue<int>>(1));
  Stages stages;
  {
    const std::jthread other([&] { stages.stop(); });
    for (const auto& queue : queues) stages.on_stop([&queue] { queue->close(); });
  }
  for (const auto& queue : queues) EXPECT_TRUE(queue->closed());
}

TEST(Stages, TheDestructorEndsWhatRuns) {
  BoundedQueue<int> queue(1);
  std::atomic<bool> returned = false;
  {
    Stages stages;
    stages.on_stop([&] { queue.close(); });
    stages.spawn_all({{"waits", [&] {
                         queue.pop();
                         returned = true;
                       }}});
  }
  EXPECT_TRUE(returned);
}

TEST(Stages, ThreadsCarryTheStagesNames) {
  std::string name;
  Stages stages;
  stages.spawn_all({{"a name longer than the kernel keeps",
                     [&] { std::getline(std::ifstream("/proc/thread-self/comm"), name); }}});
  stages.join();
  EXPECT_EQ(name, "a name longer t");
}

TEST(Stages, GiveWayAsFarAsTheyAreToldAndNoOtherThreadDoes) {
  const auto now = [] { return getpriority(PRIO_PROCESS, 0); };
  const int before = now();
  int plain = 0;
  int nice = 0;
  int of_its_thread = 0;
  Stages stages;
  stages.spawn_all({{"plain", [&] { plain = now(); }},
                    {"nice",
                     [&] {
                       nice = now();
                       const std::jthread own([&] { of_its_thread = now(); });
                     },
                     4}});
  stages.join();
  EXPECT_EQ(plain, before);
  EXPECT_EQ(nice, before + 4);
  EXPECT_EQ(of_its_thread, before + 4);
  EXPECT_EQ(now(), before);
}

}  // namespace
}  // namespace videngine::graph
