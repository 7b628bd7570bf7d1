#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "analysis/findings.h"
#include "analysis/motion.h"

namespace videngine::analysis {

// A picture and how it and the one before come from each other: what is found out of it before
// those behind it are there.
struct FirstLook {
  std::shared_ptr<const SmallPicture> picture;
  std::optional<Motion> from_last{};       // none: it is the first
  std::optional<Motion> last_from_this{};  // none: the last was the first
  double new_part = 1;  // of its cost by itself, what is left to code after the last
  bool cut = false;     // a scene begins with it
};
FirstLook look_first(const AVFrame& luma, const FirstLook* last);

// Looks at small pictures ahead of the encoders of all sizes, once for all of them, and says what
// each would else find out by itself: which frames are B frames, and which parts of a picture are
// worth more bits because later pictures are made from them. The latter is x264's macroblock tree
// (J. Garrett-Glaser, "A novel macroblock-tree algorithm for high-performance optimization of
// dependent video coding in H.264/AVC", 2009). Owns the pictures of its window; not thread-safe.
class Lookahead {
 public:
  static constexpr int kMostBFrames = 3;

  // `depth`: so many pictures behind a picture have a say in it.
  explicit Lookahead(int depth);

  using Take = std::function<void(Finding)>;

  // Pictures in order of display; `key`: an IDR frame, which the first one has to be. Gives, in the
  // same order, what has become certain.
  void push(FirstLook look, bool key, const Take& take);
  void drain(const Take& take);

 private:
  struct Entry {
    std::shared_ptr<const SmallPicture> picture;
    int64_t number;
    bool key;
    bool two_way = false;
    // What was found already, by distance.
    std::array<std::optional<Motion>, kMostBFrames + 2> past{};
    std::array<std::optional<Motion>, kMostBFrames + 1> future{};
    std::array<std::array<std::optional<TwoWay>, kMostBFrames + 1>, kMostBFrames + 1> both{};
    std::vector<float> worth{};  // what later pictures take from each block
  };
  // A run of B frames and the frame that ends it: indices into the window.
  struct Group {
    std::size_t before;  // the frame in front of the run
    std::size_t end;
  };

  void decide(bool all);
  std::size_t length_of_group(std::size_t before, bool all);
  void give(bool all, const Take& take);
  void weigh();
  void weigh(const Group& group);
  void hand_on(std::size_t from, std::size_t past);
  void hand_on(std::size_t from, std::size_t past, std::size_t future);
  void deposit(Entry& to, std::size_t block, Vector vector, float amount) const;
  const Motion& to_past(std::size_t i, std::size_t distance);
  const Motion& to_future(std::size_t i, std::size_t distance);
  const TwoWay& to_both(std::size_t i, std::size_t to_past, std::size_t to_future);
  int64_t cost_of_group(std::size_t before, std::size_t length);
  [[nodiscard]] static std::shared_ptr<const QuantOffsets> offsets(const Entry& entry);
  [[nodiscard]] static int64_t cost(const Entry& entry);

  const std::size_t depth_;
  int64_t pushed_ = 0;
  std::deque<Entry>
      window_;  // the first is the last that was given, as what comes next refers to it
  std::size_t decided_ = 0;  // the last frame whose group is known
  bool begun_ = false;
};

}  // namespace videngine::analysis
