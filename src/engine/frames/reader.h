#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "frames/crew.h"
#include "frames/feed.h"
#include "frames/index.h"
#include "frames/picker.h"
#include "frames/sieve.h"
#include "rational.h"

namespace videngine::frames {

// How a source is read.
struct ReaderOptions {
  std::string stream = "v:0";
  int threads = 0;  // of the decoder, or decoders of one thread; 0: as many as there are cores
  Damaged damaged = Damaged::kRaise;
};

// What is known of the stream that is read.
struct StreamLook {
  int index = 0;
  Rational time_base;
  int64_t origin_us = 0;  // where the source's own time begins
  int rotation_deg = 0;   // how far to turn a picture clockwise for display
  Rational sample_aspect_ratio{1, 1};
  int64_t frame_bytes = 1;  // about, of one picture
};

// The pictures of one source, by their numbers. Opens the source as often as it needs; owns what it
// opened. Any number of threads: those who pick wait for each other, feeds are independent.
class Reader {
 public:
  // Throws what Cursor's constructor throws.
  Reader(std::string path, ReaderOptions options);

  [[nodiscard]] const StreamLook& look() const { return look_; }
  // Made when it is first asked for, by a scan of all packets; where their timestamps do not give
  // the order, by decoding everything once.
  std::shared_ptr<const Index> index(const Check& check);
  // One that was made before. Throws std::invalid_argument if it is another source's.
  void use(std::shared_ptr<const Index> index);
  // All frames from the first.
  std::unique_ptr<Feed> play(std::size_t capacity);
  // The frames of these numbers, which are in order and different from each other; each group of
  // pictures is decoded once, several of them at once. `take` gets the place in `numbers` and the
  // frame, for different places on several threads at once; `check` is called by the caller's.
  // Throws std::out_of_range, Damage, and what `take` and `check` throw.
  void pick(std::span<const int64_t> numbers, const Take& take, const Check& check);

 private:
  [[nodiscard]] std::unique_ptr<Cursor> new_cursor(int threads) const;
  // With cursor_mutex_ locked.
  std::unique_ptr<Cursor> take_cursor();
  std::shared_ptr<const Index> index_beside(const Check& check);
  std::shared_ptr<const Index> make_index(const Check& check, bool by_decoding);

  const std::string path_;
  const ReaderOptions options_;
  std::mutex cursor_mutex_;                          // locked before index_mutex_
  std::unique_ptr<Cursor> fresh_;                    // stands at the start, for whoever comes first
  const StreamLook look_;                            // read from it
  const std::shared_ptr<const Input::Known> known_;  // likewise
  std::unique_ptr<Picker> picker_;  // for frames that lie together; its decoder has all threads
  Crew crew_;                       // for those that do not
  std::mutex index_mutex_;
  std::shared_ptr<const Index> index_;
  bool decoded_whole_ = false;  // the index is what a decoder gave
};

}  // namespace videngine::frames
