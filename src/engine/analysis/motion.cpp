// Compiled once for each kind of vectors that processors have (Highway's foreach_target); the last
// part chooses among them when it runs. All of a picture is done in one call.
#include "vectors.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "analysis/motion.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
// after it
#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <hwy/highway.h>

#include "analysis/block-inl.h"
#include "analysis/motion.h"

HWY_BEFORE_NAMESPACE();
namespace videngine::analysis::HWY_NAMESPACE {
namespace {

constexpr int kQuarters = 4;
// Blocks of so little difference are not looked for any further: about one code a pixel.
constexpr int kGoodEnough = kBlock * kBlock;
constexpr int kMostSteps = 16;
// Of one block, row by row.
using Pixels = std::array<uint8_t, std::size_t{kBlock} * kBlock>;
// What it costs to say that a block comes from both sides.
constexpr int kTwoWayBits = 4;
constexpr std::array<Vector, 4> kCross{{{1, 0}, {-1, 0}, {0, 1}, {0, -1}}};

int bits(int difference) {
  const auto magnitude = static_cast<unsigned>(2 * std::abs(difference) + 1);
  return 2 * static_cast<int>(std::bit_width(magnitude)) - 1;
}
int bits(Vector a, Vector b) { return bits(a.x - b.x) + bits(a.y - b.y); }

int16_t median(int16_t a, int16_t b, int16_t c) {
  return std::max(std::min(a, b), std::min(std::max(a, b), c));
}
Vector median(Vector a, Vector b, Vector c) {
  return {median(a.x, b.x, c.x), median(a.y, b.y, c.y)};
}

// The two samples whose mean is what lies at a vector; the same one twice where it lies on one.
std::array<const uint8_t*, 2> around(const SmallPicture& picture, int x, int y, Vector v) {
  const auto at_half = [&](int hx, int hy) {  // in halves of a pixel
    return picture.at((hx & 1) + 2 * (hy & 1), x + (hx >> 1), y + (hy >> 1));
  };
  const int hx = v.x >> 1;
  const int hy = v.y >> 1;
  return {at_half(hx, hy), at_half(hx + (v.x & 1), hy + (v.y & 1))};
}

// One block, wanted in another picture. What it costs to say where it comes from is part of every
// step: else grain is found everywhere, and seems to come from where it does not.
class Search {
 public:
  Search(const SmallPicture& picture, const SmallPicture& reference, int column, int row,
         Vector predicted)
      : reference_(reference),
        predicted_(predicted),
        x_(column * kBlock),
        y_(row * kBlock),
        pixels_(picture.at(0, x_, y_)),
        stride_(picture.stride()),
        low_{static_cast<int16_t>(-x_ - kReach), static_cast<int16_t>(-y_ - kReach)},
        high_{static_cast<int16_t>((picture.columns() - 1) * kBlock - x_ + kReach),
              static_cast<int16_t>((picture.rows() - 1) * kBlock - y_ + kReach)} {}

  // Tries whole pixels around a guess in quarters.
  void guess(Vector quarters) {
    const Vector v{static_cast<int16_t>(std::clamp<int>((quarters.x + 2) >> 2, low_.x, high_.x)),
                   static_cast<int16_t>(std::clamp<int>((quarters.y + 2) >> 2, low_.y, high_.y))};
    if (best_cost_ >= 0 && v == best_) return;
    attempt(v);
  }
  // Walks downhill from the best guess.
  void walk() {
    for (int step = 0; step < kMostSteps && best_cost_ > kGoodEnough; ++step) {
      const Vector centre = best_;
      for (const Vector d : kCross) {
        const Vector v{static_cast<int16_t>(centre.x + d.x), static_cast<int16_t>(centre.y + d.y)};
        if (v.x < low_.x || v.x > high_.x || v.y < low_.y || v.y > high_.y) continue;
        attempt(v);
      }
      if (best_ == centre) return;
    }
  }
  // The best in quarters, and its cost. Halves of a pixel are told apart by their differences,
  // which cost a fifth of their transform.
  [[nodiscard]] std::pair<Vector, int> refined() {
    Vector best = in_quarters(best_);
    if (best_cost_ > kGoodEnough) {
      const Vector centre = best;
      for (const Vector d : kCross) {
        const Vector v{static_cast<int16_t>(centre.x + 2 * d.x),
                       static_cast<int16_t>(centre.y + 2 * d.y)};
        const int found =
            sad(pixels_, stride_, around(reference_, x_, y_, v)[0], stride_) + bits(v, predicted_);
        if (found >= best_cost_) continue;
        best_cost_ = found;
        best = v;
      }
    }
    int cost = at_quarters(best) + bits(best, predicted_);
    if (cost > kGoodEnough / 2) {
      const Vector centre = best;
      for (const Vector d : kCross) {
        const Vector v{static_cast<int16_t>(centre.x + d.x), static_cast<int16_t>(centre.y + d.y)};
        const int found = at_quarters(v) + bits(v, predicted_);
        if (found >= cost) continue;
        cost = found;
        best = v;
      }
    }
    return {best, cost};
  }

 private:
  // Interpolation takes one pixel more.
  static constexpr int kReach = SmallPicture::kMargin - 2;

  static Vector in_quarters(Vector v) {
    return {static_cast<int16_t>(v.x * kQuarters), static_cast<int16_t>(v.y * kQuarters)};
  }
  void attempt(Vector v) {
    const int found = sad(pixels_, stride_, reference_.at(0, x_ + v.x, y_ + v.y), stride_) +
                      bits(in_quarters(v), predicted_);
    if (best_cost_ >= 0 && found >= best_cost_) return;
    best_cost_ = found;
    best_ = v;
  }
  [[nodiscard]] int at_quarters(Vector v) const;

  const SmallPicture& reference_;
  Vector predicted_;
  int x_;
  int y_;
  const uint8_t* pixels_;
  std::ptrdiff_t stride_;
  Vector low_;   // whole pixels
  Vector high_;  //
  Vector best_;
  int best_cost_ = -1;
};

int Search::at_quarters(Vector v) const {
  const auto [one, other] = around(reference_, x_, y_, v);
  if (one == other) return satd(pixels_, stride_, one, stride_);
  return satd(pixels_, stride_, one, other, stride_);
}

// A block as it is predicted at a vector.
void predict(const SmallPicture& picture, int x, int y, Vector v, uint8_t* block) {
  const auto [one, other] = around(picture, x, y, v);
  for (std::ptrdiff_t row = 0; row < kBlock; ++row) {
    const std::ptrdiff_t at = row * picture.stride();
    hn::StoreU(hn::AverageRound(hn::LoadU(Row8(), one + at), hn::LoadU(Row8(), other + at)), Row8(),
               block + row * kBlock);
  }
}

// What it costs to say that a block is predicted from its neighbours, and how.
constexpr int kModeBits = 5;

// The cheapest of flat, vertical, horizontal, and the slope of both edges.
int intra_cost(const uint8_t* block, std::ptrdiff_t stride) {
  const uint8_t* above = block - stride;
  int mean = kBlock;
  Pixels guess{};
  for (int i = 0; i < kBlock; ++i) mean += above[i] + block[i * stride - 1];
  guess.fill(static_cast<uint8_t>(mean / (2 * kBlock)));
  int best = satd(block, stride, guess.data(), kBlock);
  best = std::min(best, satd(block, stride, above, 0));
  for (std::ptrdiff_t y = 0; y < kBlock; ++y) {
    std::memset(guess.data() + y * kBlock, block[y * stride - 1], kBlock);
  }
  best = std::min(best, satd(block, stride, guess.data(), kBlock));
  const int corner = above[-1];
  for (std::ptrdiff_t y = 0; y < kBlock; ++y) {
    const int left = block[y * stride - 1] - corner;
    for (int x = 0; x < kBlock; ++x) {
      guess.data()[y * kBlock + x] = static_cast<uint8_t>(std::clamp(above[x] + left, 0, 255));
    }
  }
  best = std::min(best, satd(block, stride, guess.data(), kBlock));
  return best + kModeBits;
}

std::vector<uint16_t> intra_costs_on(const SmallPicture& picture) {
  std::vector<uint16_t> costs;
  costs.reserve(picture.blocks());
  for (int row = 0; row < picture.rows(); ++row) {
    for (int column = 0; column < picture.columns(); ++column) {
      const uint8_t* block = picture.at(0, column * kBlock, row * kBlock);
      costs.push_back(static_cast<uint16_t>(intra_cost(block, picture.stride())));
    }
  }
  return costs;
}

Motion find_motion_on(const SmallPicture& picture, const SmallPicture& reference,
                      const Motion* hint, int scale) {
  const int columns = picture.columns();
  Motion motion;
  motion.vectors.resize(picture.blocks());
  motion.costs.resize(picture.blocks());
  std::size_t i = 0;
  for (int row = 0; row < picture.rows(); ++row) {
    for (int column = 0; column < columns; ++column, ++i) {
      const Vector left = column > 0 ? motion.vectors[i - 1] : Vector{};
      const Vector above = row > 0 ? motion.vectors[i - columns] : left;
      const Vector beside =
          row > 0 && column + 1 < columns ? motion.vectors[i - columns + 1] : left;
      Search search(picture, reference, column, row, median(left, above, beside));
      for (const Vector v : {Vector{}, left, above, beside}) search.guess(v);
      if (hint != nullptr) {
        const Vector h = hint->vectors[i];
        search.guess({static_cast<int16_t>(h.x * scale), static_cast<int16_t>(h.y * scale)});
      }
      search.walk();
      const auto [vector, cost] = search.refined();
      motion.vectors[i] = vector;
      motion.costs[i] = static_cast<uint16_t>(cost);
      motion.total += std::min<int>(cost, picture.intra()[i]);
    }
  }
  return motion;
}

TwoWay find_two_way_on(const SmallPicture& picture, const SmallPicture& past, const Motion& to_past,
                       const SmallPicture& future, const Motion& to_future) {
  using From = TwoWay::From;
  TwoWay result;
  result.costs.resize(picture.blocks());
  result.from.resize(picture.blocks());
  Pixels before{};
  Pixels behind{};
  std::size_t i = 0;
  for (int row = 0; row < picture.rows(); ++row) {
    for (int column = 0; column < picture.columns(); ++column, ++i) {
      int cost = to_past.costs[i];
      From from = From::past;
      if (to_future.costs[i] < cost) {
        cost = to_future.costs[i];
        from = From::future;
      }
      if (cost > kGoodEnough / 2) {
        const int x = column * kBlock;
        const int y = row * kBlock;
        predict(past, x, y, to_past.vectors[i], before.data());
        predict(future, x, y, to_future.vectors[i], behind.data());
        const int both = kTwoWayBits + satd(picture.at(0, x, y), picture.stride(), before.data(),
                                            behind.data(), kBlock);
        if (both < cost) {
          cost = both;
          from = From::both;
        }
      }
      result.costs[i] = static_cast<uint16_t>(cost);
      result.from[i] = from;
      result.total += std::min<int>(cost, picture.intra()[i]);
    }
  }
  return result;
}

}  // namespace
}  // namespace videngine::analysis::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace videngine::analysis {

HWY_EXPORT(intra_costs_on);
HWY_EXPORT(find_motion_on);
HWY_EXPORT(find_two_way_on);

std::vector<uint16_t> intra_costs(const SmallPicture& picture) {
  return HWY_DYNAMIC_DISPATCH(intra_costs_on)(picture);
}

Motion find_motion(const SmallPicture& picture, const SmallPicture& reference, const Motion* hint,
                   int scale) {
  return HWY_DYNAMIC_DISPATCH(find_motion_on)(picture, reference, hint, scale);
}

TwoWay find_two_way(const SmallPicture& picture, const SmallPicture& past, const Motion& to_past,
                    const SmallPicture& future, const Motion& to_future) {
  return HWY_DYNAMIC_DISPATCH(find_two_way_on)(picture, past, to_past, future, to_future);
}

}  // namespace videngine::analysis
#endif
