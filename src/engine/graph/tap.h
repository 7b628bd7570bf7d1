#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "av/handles.h"

namespace videngine::graph {

// Every n-th frame that passes an outlet, for somebody outside of the graph, through a bounded
// queue. Either the producer waits while it is full, or what finds it full is dropped: more than
// that a tap never holds up. It keeps no stage alive. Any number of threads.
class Tap {
 public:
  enum class WhenFull : uint8_t { kBlock, kDrop };

  Tap(int64_t every, std::size_t capacity, WhenFull when_full)
      : every_(std::max<int64_t>(every, 1)),
        capacity_(std::max<std::size_t>(capacity, 1)),
        when_full_(when_full) {}

  // From the producer, one thread.
  void offer(const AVFrame& frame) {
    if (passed_++ % every_ != 0) return;
    std::unique_lock lock(mutex_);
    const auto has_room = [this] { return frames_.size() < capacity_ || ended_; };
    if (when_full_ == WhenFull::kBlock) room_.wait(lock, has_room);
    if (ended_) return;
    if (!has_room()) {
      ++dropped_;
      return;
    }
    frames_.push_back(av::share(frame));
    lock.unlock();
    filled_.notify_one();
  }
  // Nothing more will come; what is there may be taken.
  void finish() {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
    filled_.notify_all();
    room_.notify_all();
  }
  // Nothing more is wanted.
  void close() {
    std::deque<av::Frame> unwanted;
    finish();
    const std::scoped_lock lock(mutex_);
    unwanted.swap(frames_);
  }

  // Nothing: `patience` has passed, or ended().
  std::optional<av::Frame> take(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    filled_.wait_for(lock, patience, [this] { return !frames_.empty() || ended_; });
    if (frames_.empty()) return std::nullopt;
    std::optional<av::Frame> frame(std::move(frames_.front()));
    frames_.pop_front();
    lock.unlock();
    room_.notify_one();
    return frame;
  }
  [[nodiscard]] bool ended() const {
    const std::scoped_lock lock(mutex_);
    return ended_ && frames_.empty();
  }
  [[nodiscard]] int64_t dropped() const { return dropped_; }

 private:
  const int64_t every_;
  const std::size_t capacity_;
  const WhenFull when_full_;
  int64_t passed_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable filled_;
  std::condition_variable room_;
  std::deque<av::Frame> frames_;
  bool ended_ = false;
  std::atomic<int64_t> dropped_ = 0;
};

}  // namespace videngine::graph
