#include "frames/crew.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <numeric>
#include <optional>
#include <thread>

namespace videngine::frames {
namespace {

constexpr std::chrono::milliseconds kPatience{50};

struct GivenUp : std::exception {};

// The runs of one pick, and how far it is. Thread-safe.
class Work {
 public:
  Work(const Index& index, std::span<const int64_t> numbers) {
    for (std::size_t at = 0; at < numbers.size();) {
      const std::size_t count = Picker::run_of(index, numbers.subspan(at));
      runs_.push_back({at, numbers.subspan(at, count)});
      at += count;
    }
    end_ = runs_.size();
    // The longest first, so that no picker is left with a long one when the others are done.
    const auto packets = [&](std::size_t i) {
      const std::span<const int64_t> run = runs_[i].numbers;
      return index.shown()[run.back()].packet - index.key_for(static_cast<int32_t>(run.front()));
    };
    order_.resize(runs_.size());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::ranges::stable_sort(order_, std::greater(), packets);
  }

  struct Run {
    std::size_t place;
    std::span<const int64_t> numbers;
  };
  [[nodiscard]] std::size_t size() const { return runs_.size(); }
  [[nodiscard]] const Run& run(std::size_t i) const { return runs_[i]; }
  // The number of a run that nobody has begun.
  [[nodiscard]] std::optional<std::size_t> begin_next() {
    const std::size_t next = next_++;
    return next < order_.size() ? std::optional(order_[next]) : std::nullopt;
  }
  // Whether run `i` is still of use: none is that comes behind one that failed.
  [[nodiscard]] bool wants(std::size_t i) const { return i < end_; }

  // Run `i` failed; with no error: a frame does not come.
  void fail(std::size_t i, std::exception_ptr error) {
    const std::scoped_lock lock(mutex_);
    if (i >= end_) return;
    end_ = i;
    failed_ = true;
    error_ = std::move(error);
  }
  void leave() {
    const std::scoped_lock lock(mutex_);
    ++left_;
    change_.notify_one();
  }
  [[nodiscard]] bool wait_for_all(std::size_t count) {
    std::unique_lock lock(mutex_);
    return change_.wait_for(lock, kPatience, [&] { return left_ == count; });
  }
  // The fate of the first run that failed, once all have left.
  [[nodiscard]] bool result() const {
    if (error_) std::rethrow_exception(error_);
    return !failed_;
  }

 private:
  std::vector<Run> runs_;  // as the numbers are
  std::vector<std::size_t> order_;
  std::atomic<std::size_t> next_ = 0;  // place in order_
  std::atomic<std::size_t> end_ = 0;
  std::mutex mutex_;
  std::condition_variable change_;
  std::size_t left_ = 0;
  bool failed_ = false;
  std::exception_ptr error_;
};

}  // namespace

bool Crew::pick(const std::shared_ptr<const Index>& index, bool counted,
                std::span<const int64_t> numbers, const Take& take, const Check& check) {
  Work work(*index, numbers);
  const auto labour = [&](std::unique_ptr<Picker>& picker) noexcept {
    while (const auto next = work.begin_next()) {
      const std::size_t i = *next;
      if (!work.wants(i)) continue;
      const auto& [place, run] = work.run(i);
      try {
        if (!picker) picker = hire_();
        const Take here = [&](std::size_t at, av::Frame frame) {
          take(place + at, std::move(frame));
        };
        const Check still = [&] {
          if (!work.wants(i)) throw GivenUp();
        };
        if (!picker->pick(index, counted, run, here, still)) work.fail(i, nullptr);
      } catch (const GivenUp&) {
        continue;
      } catch (...) {
        work.fail(i, std::current_exception());
      }
    }
    work.leave();
  };
  const std::size_t count = std::min(most_, work.size());
  if (pickers_.size() < count) pickers_.resize(count);
  {
    std::vector<std::jthread> threads;
    try {
      for (std::size_t i = 0; i < count; ++i) {
        threads.emplace_back([&, i] { labour(pickers_[i]); });
      }
      while (!work.wait_for_all(count)) check();
    } catch (...) {
      work.fail(0, std::current_exception());
    }
  }
  return work.result();
}

}  // namespace videngine::frames
