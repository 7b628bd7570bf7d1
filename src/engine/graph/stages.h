#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace videngine::graph {

// The threads of one session, one per stage. The first failure wins: it is kept, every queue is
// closed, the other stages see their queues end and return. Stages are spawned downstream first, so
// that a consumer always stands ready. spawn_all() and join() belong to the owning thread; stop()
// may come from any.
class Stages {
 public:
  Stages() = default;
  Stages(const Stages&) = delete;
  Stages& operator=(const Stages&) = delete;
  ~Stages();

  struct Stage {
    std::string name;
    std::function<void()> body;
    int niceness = 0;  // how far its threads give way to others that want to run; relative to ours
  };

  // Registers how to wake a stage that waits (usually a queue's close); woken at once if all has
  // been stopped already. Before spawn_all.
  void on_stop(std::function<void()> wake);
  // Starts one thread per stage, in this order. Once.
  void spawn_all(std::vector<Stage> stages);
  // Ends all work soon. Without a failure this is a cancellation.
  void stop(std::exception_ptr failure = nullptr) noexcept;
  // A stage whose input has ended asks this before it calls its output complete.
  [[nodiscard]] bool stopped() const { return stopped_; }
  // Called once on the last stage's thread when all have returned.
  void on_idle(std::function<void()> idle) { idle_ = std::move(idle); }
  // Waits for all stages and rethrows the first failure.
  void join();

 private:
  void run(const Stage& stage) noexcept;

  std::vector<std::function<void()>> wakes_;
  std::function<void()> idle_;
  std::atomic<bool> stopped_ = false;
  std::atomic<int> running_ = 0;
  std::mutex mutex_;
  std::exception_ptr failure_;
  std::vector<std::jthread> threads_;
};

}  // namespace videngine::graph
