#include "analysis/lookahead.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <ranges>
#include <utility>

namespace videngine::analysis {
namespace {

// Steps of the quantizer for each doubling of a block's worth. x264's own is 2: more pays, as
// docs/tuning.md shows.
constexpr float kStrength = 2.6F;
constexpr int kQuartersOfBlock = 4 * kBlock;
// B frames are quantized more coarsely than the frames that they come from: what is left to code in
// them counts less. Not so where a picture moves by a block a frame or more: encoders of its full
// size lose track of that, the more so the further away a frame is.
constexpr double kStillBFrame = 0.83;
constexpr double kFastBFrame = 1;
constexpr double kFastQuarters = kQuartersOfBlock;

// How far a picture has moved as a whole, in quarters of a pixel: vectors that follow grain point
// everywhere, and cancel.
double distance_moved(const Motion& motion) {
  int64_t x = 0;
  int64_t y = 0;
  for (const Vector v : motion.vectors) {
    x += v.x;
    y += v.y;
  }
  return static_cast<double>(std::max(std::abs(x), std::abs(y))) /
         static_cast<double>(motion.vectors.size());
}

// What is left to code counts so many times: noise and detail that a small picture does not show
// come from nowhere in a large one.
constexpr float kUnseen = 2;

// How much of a block comes from another picture.
float part_kept(int inter, int intra) {
  return 1 - kUnseen * static_cast<float>(inter) / static_cast<float>(intra);
}

// A scene begins with a picture of which little comes from the one before, and much less than that
// one took from its own: in grain or fast motion all pictures are like that.
constexpr double kCutPart = 0.7;
constexpr double kCutJump = 1.5;

int64_t cost_by_itself(const SmallPicture& picture) {
  return std::accumulate(picture.intra().begin(), picture.intra().end(), int64_t{0});
}

// Which of the B frames of a group others of it refer to, counted from the frame before the group:
// where x264's pyramid has it. 0: none.
std::size_t middle(std::size_t length) { return length < 3 ? 0 : length / 2; }

}  // namespace

FirstLook look_first(const AVFrame& luma, const FirstLook* last) {
  FirstLook look{.picture = std::make_shared<const SmallPicture>(luma)};
  if (last == nullptr) return look;
  const Motion* before = last->from_last ? &*last->from_last : nullptr;
  look.from_last = find_motion(*look.picture, *last->picture, before, 1);
  // Asked for of nearly every picture; found here, on another thread than those further away.
  if (before != nullptr) {
    look.last_from_this = find_motion(*last->picture, *look.picture, before, -1);
  }
  const auto by_itself = static_cast<double>(cost_by_itself(*look.picture));
  look.new_part = static_cast<double>(look.from_last->total) / std::max(by_itself, 1.0);
  look.cut = look.new_part >= kCutPart && look.new_part >= kCutJump * last->new_part;
  return look;
}

Lookahead::Lookahead(int depth) : depth_(static_cast<std::size_t>(depth)) {}

void Lookahead::push(FirstLook look, bool key, const Take& take) {
  window_.push_back({.picture = std::move(look.picture), .number = pushed_++, .key = key});
  window_.back().past[1] = std::move(look.from_last);
  if (window_.size() > 1) window_[window_.size() - 2].future[1] = std::move(look.last_from_this);
  decide(false);
  give(false, take);
}

void Lookahead::drain(const Take& take) {
  decide(true);
  give(true, take);
}

// Ends groups for as long as enough pictures are there to choose their lengths.
void Lookahead::decide(bool all) {
  while (decided_ + 1 < window_.size()) {
    const std::size_t length = length_of_group(decided_, all);
    if (length == 0) return;
    for (std::size_t i = 1; i < length; ++i) window_[decided_ + i].two_way = true;
    decided_ += length;
  }
}

// 0: too few pictures are there to say.
std::size_t Lookahead::length_of_group(std::size_t before, bool all) {
  std::size_t most = 1;  // a group ends in front of a key frame
  while (most <= kMostBFrames && before + most + 1 < window_.size() &&
         !window_[before + most].key && !window_[before + most + 1].key) {
    ++most;
  }
  const bool at_key = window_[before + 1].key ||
                      (before + most + 1 < window_.size() && window_[before + most + 1].key);
  if (most <= kMostBFrames && !at_key && !all) return 0;
  std::size_t best = 1;
  double best_gain = 0;
  int64_t chain = to_past(before + 1, 1).total;
  for (std::size_t length = 2; length <= most; ++length) {
    chain += to_past(before + length, 1).total;
    const double gain =
        static_cast<double>(chain - cost_of_group(before, length)) / static_cast<double>(length);
    if (gain <= best_gain) break;
    best = length;
    best_gain = gain;
  }
  return best;
}

int64_t Lookahead::cost_of_group(std::size_t before, std::size_t length) {
  const std::size_t end = before + length;
  int64_t between = 0;
  for (std::size_t i = 1; i < length; ++i) between += to_both(before + i, i, length - i).total;
  const Motion& whole = to_past(end, length);
  const double speed = distance_moved(whole) / static_cast<double>(length) / kFastQuarters;
  const double each = std::lerp(kStillBFrame, kFastBFrame, std::min(speed, 1.0));
  return whole.total + static_cast<int64_t>(each * static_cast<double>(between));
}

const Motion& Lookahead::to_past(std::size_t i, std::size_t distance) {
  std::optional<Motion>& motion = window_[i].past.at(distance);
  if (!motion) {
    motion = find_motion(*window_[i].picture, *window_[i - distance].picture, &to_past(i, 1),
                         static_cast<int>(distance));
  }
  return *motion;
}

const Motion& Lookahead::to_future(std::size_t i, std::size_t distance) {
  std::optional<Motion>& motion = window_[i].future.at(distance);
  if (!motion) {
    motion = find_motion(*window_[i].picture, *window_[i + distance].picture, &to_past(i, 1),
                         -static_cast<int>(distance));
  }
  return *motion;
}

const TwoWay& Lookahead::to_both(std::size_t i, std::size_t past, std::size_t future) {
  std::optional<TwoWay>& both = window_[i].both.at(past).at(future);
  if (!both) {
    both = find_two_way(*window_[i].picture, *window_[i - past].picture, to_past(i, past),
                        *window_[i + future].picture, to_future(i, future));
  }
  return *both;
}

// Gives whole groups, as soon as `depth_` pictures behind them are there.
void Lookahead::give(bool all, const Take& take) {
  while (!window_.empty()) {
    std::size_t end = begun_ ? 1 : 0;
    while (end < window_.size() && window_[end].two_way) ++end;
    if (end > decided_ || end >= window_.size()) return;
    if (!all && window_.size() - 1 - end < depth_) return;
    weigh();
    const std::size_t length = begun_ ? end : 1;
    const std::size_t first = begun_ ? 1 : 0;
    for (std::size_t i = first; i <= end; ++i) {
      const Entry& entry = window_[i];
      const bool referred = !entry.two_way || i == middle(length);
      take({entry.number, entry.key, entry.two_way, referred ? offsets(entry) : nullptr,
            cost(entry)});
    }
    window_.erase(window_.begin(), window_.begin() + static_cast<std::ptrdiff_t>(end));
    decided_ -= end;
    begun_ = true;
    if (all && window_.size() == 1) window_.clear();
  }
}

// Sums up, from the last picture to the first, what the later ones take from each block.
void Lookahead::weigh() {
  std::vector<Group> groups;
  for (std::size_t before = 0, i = 1; i <= decided_; ++i) {
    if (window_[i].two_way) continue;
    groups.push_back({before, i});
    before = i;
  }
  for (Entry& entry : window_) entry.worth.assign(entry.picture->blocks(), 0);
  for (const Group& group : std::views::reverse(groups)) weigh(group);
}

// Key frames count as if they were made from what is before them: else the last pictures in front
// of one would be worth nothing, and one would see it.
void Lookahead::weigh(const Group& group) {
  const std::size_t length = group.end - group.before;
  const std::size_t centre = middle(length);
  for (std::size_t i = 1; i < length; ++i) {
    if (i == centre) continue;
    const bool behind = centre != 0 && i > centre;
    const bool before = centre != 0 && i < centre;
    hand_on(group.before + i, group.before + (behind ? centre : 0),
            before ? group.before + centre : group.end);
  }
  if (centre != 0) hand_on(group.before + centre, group.before, group.end);
  hand_on(group.end, group.before);
}

void Lookahead::hand_on(std::size_t from, std::size_t past) {
  const std::vector<uint16_t>& intra = window_[from].picture->intra();
  const Motion& motion = to_past(from, from - past);
  for (std::size_t i = 0; i < intra.size(); ++i) {
    const float kept = part_kept(motion.costs[i], intra[i]);
    if (kept <= 0) continue;
    const float amount = (window_[from].worth[i] + static_cast<float>(intra[i])) * kept;
    deposit(window_[past], i, motion.vectors[i], amount);
  }
}

void Lookahead::hand_on(std::size_t from, std::size_t past, std::size_t future) {
  const std::vector<uint16_t>& intra = window_[from].picture->intra();
  const TwoWay& two_way = to_both(from, from - past, future - from);
  for (std::size_t i = 0; i < intra.size(); ++i) {
    const float kept = part_kept(two_way.costs[i], intra[i]);
    if (kept <= 0) continue;
    const float amount = (window_[from].worth[i] + static_cast<float>(intra[i])) * kept;
    const TwoWay::From sides = two_way.from[i];
    const float share = sides == TwoWay::From::both ? amount / 2 : amount;
    if (sides != TwoWay::From::future) {
      deposit(window_[past], i, to_past(from, from - past).vectors[i], share);
    }
    if (sides != TwoWay::From::past) {
      deposit(window_[future], i, to_future(from, future - from).vectors[i], share);
    }
  }
}

// A vector seldom meets one block: up to four get their parts.
void Lookahead::deposit(Entry& to, std::size_t block, Vector vector, float amount) const {
  const int columns = to.picture->columns();
  const int rows = to.picture->rows();
  const int x = static_cast<int>(block) % columns * kQuartersOfBlock + vector.x;
  const int y = static_cast<int>(block) / columns * kQuartersOfBlock + vector.y;
  const int column = x >> 5;  // kQuartersOfBlock is 32
  const int row = y >> 5;
  const float right = static_cast<float>(x & 31) / kQuartersOfBlock;
  const float below = static_cast<float>(y & 31) / kQuartersOfBlock;
  const auto add = [&](int at_column, int at_row, float part) {
    if (at_column < 0 || at_column >= columns || at_row < 0 || at_row >= rows) return;
    to.worth[static_cast<std::size_t>(at_row) * columns + at_column] += amount * part;
  };
  add(column, row, (1 - right) * (1 - below));
  add(column + 1, row, right * (1 - below));
  add(column, row + 1, (1 - right) * below);
  add(column + 1, row + 1, right * below);
}

int64_t Lookahead::cost(const Entry& entry) {
  if (!entry.key && entry.past[1]) return entry.past[1]->total;
  return cost_by_itself(*entry.picture);
}

std::shared_ptr<const QuantOffsets> Lookahead::offsets(const Entry& entry) {
  auto result = std::make_shared<QuantOffsets>();
  result->columns = entry.picture->columns();
  result->rows = entry.picture->rows();
  result->values.resize(entry.worth.size());
  const std::vector<uint16_t>& intra = entry.picture->intra();
  for (std::size_t i = 0; i < entry.worth.size(); ++i) {
    const float own = std::max<float>(intra[i], 1);
    result->values[i] = -kStrength * std::log2(1 + entry.worth[i] / own);
  }
  return result;
}

}  // namespace videngine::analysis
