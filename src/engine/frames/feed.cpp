#include "frames/feed.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace videngine::frames {

Feed::Feed(std::unique_ptr<Cursor> cursor, Damaged policy, std::size_t capacity)
    : cursor_(std::move(cursor)), policy_(policy), capacity_(std::max<std::size_t>(capacity, 1)) {
  thread_ = std::thread([this] { run(); });
}

Feed::~Feed() {
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
  }
  cursor_->stop();
  room_.notify_all();
  thread_.join();
}

void Feed::run() noexcept {
  std::exception_ptr failure;
  try {
    Sieve sieve(policy_, *cursor_);
    while (auto step = cursor_->next()) {
      av::Frame frame = sieve.sift(std::move(*step));
      if (!frame) continue;
      std::unique_lock lock(mutex_);
      room_.wait(lock, [this] { return frames_.size() < capacity_ || closed_; });
      if (closed_) return;
      frames_.push_back(std::move(frame));
      const bool enough = frames_.size() >= wanted_;
      lock.unlock();
      if (enough) filled_.notify_one();
    }
    if (policy_ == Damaged::kRaise) cursor_->require_whole();
  } catch (...) {
    failure = std::current_exception();
  }
  const std::scoped_lock lock(mutex_);
  failure_ = failure;
  finished_ = true;
  filled_.notify_one();
}

std::vector<av::Frame> Feed::take(std::size_t least, std::size_t most,
                                  std::chrono::milliseconds patience) {
  std::vector<av::Frame> taken;
  {
    std::unique_lock lock(mutex_);
    wanted_ = std::min(least, capacity_);
    filled_.wait_for(lock, patience, [this] { return frames_.size() >= wanted_ || finished_; });
    const auto ready = frames_.size() >= wanted_ || finished_;
    const auto count = ready ? static_cast<std::ptrdiff_t>(std::min(most, frames_.size())) : 0;
    taken.assign(std::move_iterator(frames_.begin()), std::move_iterator(frames_.begin() + count));
    frames_.erase(frames_.begin(), frames_.begin() + count);
  }
  room_.notify_one();
  return taken;
}

bool Feed::ended() {
  const std::scoped_lock lock(mutex_);
  if (!finished_ || !frames_.empty()) return false;
  if (failure_) std::rethrow_exception(failure_);
  return true;
}

}  // namespace videngine::frames
