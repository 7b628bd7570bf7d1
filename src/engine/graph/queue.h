#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace videngine::graph {

// A bounded queue between two stages, which either side can end: the producer with finish()
// (nothing more will come), the consumer with close() (nothing more is wanted). That two-sided end
// lets a finished rendition stop pulling work without holding up the others. Any number of threads.
template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {}

  // Waits for room. False: nobody wants it any more.
  bool push(T item) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return items_.size() < capacity_ || closed_; });
    if (closed_) return false;
    items_.push_back(std::move(item));
    lock.unlock();
    filled_.notify_one();
    return true;
  }

  // Waits for an item. Nothing: the producer has finished and all was taken, or the queue is
  // closed.
  std::optional<T> pop() {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [this] { return !items_.empty() || finished_ || closed_; });
    if (items_.empty() || closed_) return std::nullopt;
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    lock.unlock();
    room_.notify_one();
    return item;
  }

  // What pop() would give at once, or nothing.
  std::optional<T> try_pop() {
    {
      const std::scoped_lock lock(mutex_);
      if (items_.empty() && !finished_ && !closed_) return std::nullopt;
    }
    return pop();  // waits for nobody: items leave by their one consumer only
  }

  void finish() {
    const std::scoped_lock lock(mutex_);
    finished_ = true;
    filled_.notify_all();
  }

  // Also drops what is queued, so that memory goes back at once.
  void close() {
    std::deque<T> dropped;
    {
      const std::scoped_lock lock(mutex_);
      closed_ = true;
      dropped.swap(items_);
      filled_.notify_all();
      room_.notify_all();
    }
  }

  [[nodiscard]] bool closed() const {
    const std::scoped_lock lock(mutex_);
    return closed_;
  }
  // Whether a producer is held up or soon will be: no more than a quarter of the room is left.
  [[nodiscard]] bool nearly_full() const {
    const std::scoped_lock lock(mutex_);
    return !closed_ && items_.size() >= capacity_ - capacity_ / 4;
  }

 private:
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable filled_;
  std::condition_variable room_;
  std::deque<T> items_;
  bool finished_ = false;
  bool closed_ = false;
};

}  // namespace videngine::graph
