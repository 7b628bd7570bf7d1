#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "frames/groups.h"
#include "frames/sieve.h"

namespace videngine::frames {

// What a feed decodes with.
struct Decoding {
  std::unique_ptr<Cursor> source;  // stands at the start; its decoder has all threads
  // Makes another cursor of the same source, with so many threads; called on any thread.
  std::function<std::unique_ptr<Cursor>(int threads)> hire;
  int threads = 1;             // of all of these together
  std::size_t most_ahead = 0;  // frames that they decode before their turn; 0: `source` decodes all
  Damaged policy = Damaged::kRaise;
};

// Pictures in the order in which they are shown, decoded ahead by threads of its own, at most
// `capacity` of them. Closed groups of pictures are decoded beside each other where there are
// several: decoders of one thread each do not wait for each other's rows, as the threads of one
// decoder do. From a group on in which anything is amiss, one decoder goes on alone. Owns cursors
// and threads, and ends both. take() may be called by one thread at a time.
class Feed {
 public:
  Feed(Decoding decoding, std::size_t capacity);
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
  // A group on its way. All but `coded` is guarded by mutex_.
  struct Turn {
    Group coded;
    std::shared_ptr<const Turn> before;  // for who has to begin earlier; until this is finished
    std::deque<av::Frame> frames;
    bool finished = false;
    bool dropped = false;  // one before it goes on into it
    std::exception_ptr failure;
  };
  using TurnPointer = std::shared_ptr<Turn>;

  void run() noexcept;
  void labour(int threads, TurnPointer turn) noexcept;
  TurnPointer begin_turn() noexcept;
  void decode(Turn& turn, Cursor& cursor);
  void decode_on_from(Turn& turn, std::size_t given);
  Packets take_over_from(const Turn& turn, int32_t& first);
  bool give(Turn& turn, av::Frame frame);
  void finish(Turn& turn, std::exception_ptr failure);
  // With mutex_ locked.
  [[nodiscard]] const Turn* first_unfinished() const;
  [[nodiscard]] std::size_t available() const;
  [[nodiscard]] std::size_t ahead() const;
  [[nodiscard]] std::size_t most_ahead() const;
  [[nodiscard]] bool over() const;

  Decoding decoding_;
  const std::size_t capacity_;
  std::mutex reading_;  // guards decoding_.source, groups_ and previous_; locked before mutex_
  GroupReader groups_;
  TurnPointer previous_;
  std::mutex mutex_;
  std::condition_variable room_;
  std::condition_variable filled_;
  std::deque<TurnPointer> turns_;  // from the one on whose frames are taken next
  std::size_t wanted_ = 1;         // by who waits
  std::size_t others_ = 0;         // decoders beside the first
  std::size_t largest_group_ = 0;  // so far, in packets
  bool all_begun_ = false;         // there will be no more turns
  bool closed_ = false;
  std::vector<std::thread> helpers_;  // made by thread_
  std::thread thread_;                // last: it uses the others
};

}  // namespace videngine::frames
