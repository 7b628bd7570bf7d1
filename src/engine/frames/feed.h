#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "frames/sieve.h"

namespace videngine::frames {

// Pictures in the order in which they are shown, decoded ahead by a thread of its own, at most
// `capacity` of them. Owns cursor and thread, and ends both. take() may be called by one thread at
// a time.
class Feed {
 public:
  Feed(std::unique_ptr<Cursor> cursor, Damaged policy, std::size_t capacity);
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;
  ~Feed();

  // Waits until `least` frames are there or the source ends, but not longer than `patience`, and
  // takes at most `most`. Fewer than `least`: it took too long, or ended() tells.
  std::vector<av::Frame> take(std::size_t least, std::size_t most,
                              std::chrono::milliseconds patience);
  // Whether all was taken. Throws Damage and whatever else ended the decoding, once what was
  // decoded before is taken.
  [[nodiscard]] bool ended();

 private:
  void run() noexcept;

  std::unique_ptr<Cursor> cursor_;
  const Damaged policy_;
  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable room_;
  std::condition_variable filled_;
  std::deque<av::Frame> frames_;
  std::size_t wanted_ = 1;  // by who waits
  bool finished_ = false;
  bool closed_ = false;
  std::exception_ptr failure_;
  std::thread thread_;  // last: it uses the others
};

}  // namespace videngine::frames
