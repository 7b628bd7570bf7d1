#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <vector>

#include "av/handles.h"
#include "graph/queue.h"
#include "graph/tap.h"

namespace videngine::graph {

using PacketQueue = BoundedQueue<av::Packet>;
using FrameQueue = BoundedQueue<av::Frame>;

// Frames between two stages: enough to even out a slow frame, few enough that 4K pictures stay
// within the memory budget.
inline constexpr std::size_t kFrameQueueDepth = 6;

// One stage's output, given to every consumer as a further reference. Belongs to the producing
// thread.
class Outlet {
 public:
  std::shared_ptr<FrameQueue> connect(std::size_t depth = kFrameQueueDepth) {
    return consumers_.emplace_back(std::make_shared<FrameQueue>(depth));
  }
  void add(std::shared_ptr<Tap> tap) { taps_.push_back(std::move(tap)); }
  // False: no consumer wants more; taps do not count.
  bool push(const AVFrame& frame) {
    for (const auto& tap : taps_) tap->offer(frame);
    bool wanted = false;
    for (const auto& queue : consumers_) {
      if (!queue->closed()) wanted |= queue->push(av::share(frame));
    }
    return wanted;
  }
  void finish() {
    for (const auto& queue : consumers_) queue->finish();
    for (const auto& tap : taps_) tap->finish();
  }
  [[nodiscard]] const std::vector<std::shared_ptr<FrameQueue>>& consumers() const {
    return consumers_;
  }

 private:
  std::vector<std::shared_ptr<FrameQueue>> consumers_;
  std::vector<std::shared_ptr<Tap>> taps_;
};

// How far the decoded picture has come, in microseconds from the source's origin. Sound waits for
// it, so that it can end with the picture: whether a sound sample still belongs to the film is
// known only once the last frame is. Any thread.
class PictureClock {
 public:
  static constexpr int64_t kForever = std::numeric_limits<int64_t>::max();

  void advance(int64_t position_us) {
    const std::scoped_lock lock(mutex_);
    position_us_ = std::max(position_us_, position_us);
    changed_.notify_all();
  }
  // The picture ends at `end_us`; kForever when nobody wanted to see its end.
  void finish(int64_t end_us) {
    const std::scoped_lock lock(mutex_);
    end_us_ = end_us;
    ended_ = true;
    changed_.notify_all();
  }
  // Waits until the picture is past `position_us` or has ended. `hurry` is asked now and then and
  // ends the wait: a source whose sound lies far ahead of its picture must not bring the demuxer to
  // a stop.
  void wait_past(int64_t position_us, const std::function<bool()>& hurry) {
    using std::chrono::milliseconds;
    std::unique_lock lock(mutex_);
    const auto reached = [&] { return ended_ || position_us_ > position_us; };
    while (!reached()) {
      lock.unlock();
      if (hurry()) return;
      lock.lock();
      changed_.wait_for(lock, milliseconds(20), reached);
    }
  }
  // Waits for the end. `give_up` as `hurry` above; then the answer is kForever.
  int64_t wait_end(const std::function<bool()>& give_up) {
    wait_past(kForever, give_up);
    const std::scoped_lock lock(mutex_);
    return ended_ ? end_us_ : kForever;
  }
  // Where the picture ends, or kForever while that is unknown.
  [[nodiscard]] int64_t known_end_us() const {
    const std::scoped_lock lock(mutex_);
    return ended_ ? end_us_ : kForever;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int64_t position_us_ = std::numeric_limits<int64_t>::min();
  int64_t end_us_ = kForever;
  bool ended_ = false;
};

}  // namespace videngine::graph
