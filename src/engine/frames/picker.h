#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>

#include "frames/index.h"
#include "frames/sieve.h"

namespace videngine::frames {

// Gets the place of a number among those that are asked for, and its frame.
using Take = std::function<void(std::size_t, av::Frame)>;

// Frames by their numbers from one decoder, which goes on from where it stands or from a key frame,
// whichever is nearer. Owns its cursor. Not thread-safe.
class Picker {
 public:
  Picker(std::unique_ptr<Cursor> cursor, Damaged damaged)
      : cursor_(std::move(cursor)), damaged_(damaged) {}

  // How many of the numbers, which are in order, can be had by decoding on from the first.
  static std::size_t run_of(const Index& index, std::span<const int64_t> numbers) {
    return run_from(index, numbers).count;
  }

  // The frames of these numbers, which are in order and different from each other. False: a frame
  // that should be there does not come; `counted` says that the index is what a decoder gave, so
  // that this is damage.
  // Throws Damage, and what `check` throws.
  bool pick(const std::shared_ptr<const Index>& index, bool counted,
            std::span<const int64_t> numbers, const Take& take, const Check& check);

 private:
  struct Run {
    std::size_t count = 0;
    int32_t last_packet = -1;
  };

  static Run run_from(const Index& index, std::span<const int64_t> numbers);
  bool pick_run(const std::shared_ptr<const Index>& shared, bool counted,
                std::span<const int64_t> all, std::size_t& done, const Take& take,
                const Check& check);

  std::unique_ptr<Cursor> cursor_;
  const Damaged damaged_;
  std::shared_ptr<const Index> index_;  // what last_number_ counts by
  bool drained_ = false;                // the cursor gave all it had, and needs a seek to go on
  bool shortcut_ = true;      // draining behind the last frame that is wanted gives that frame
  bool sound_ = true;         // nothing was damaged since the last seek or key frame
  int64_t last_number_ = -1;  // the frame that the cursor gave last; -1: unknown
};

}  // namespace videngine::frames
