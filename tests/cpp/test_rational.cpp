#include <limits>

#include <gtest/gtest.h>

#include "rational.h"

namespace videngine {
namespace {

TEST(Rational, IsInLowestTermsWithAPositiveDenominator) {
  EXPECT_EQ(Rational::of(6, 4), (Rational{3, 2}));
  EXPECT_EQ(Rational::of(5, -10), (Rational{-1, 2}));
  EXPECT_EQ(Rational::of(-5, -10), (Rational{1, 2}));
  EXPECT_EQ(Rational::of(0, 7), (Rational{0, 1}));
  EXPECT_EQ(Rational::of(AVRational{48000, 2002}), (Rational{24000, 1001}));
}

TEST(Rational, UnknownIsZero) { EXPECT_EQ(Rational::of(AVRational{0, 0}), Rational{}); }

TEST(Rational, ComparesExactly) {
  EXPECT_LT((Rational{24000, 1001}), (Rational{24, 1}));
  EXPECT_GT((Rational{1, 3}), (Rational{333'333, 1'000'000}));
  EXPECT_LT((Rational{-1, 2}), Rational{});
}

TEST(Rational, ComparesWithoutOverflow) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  EXPECT_LT((Rational{kMost - 1, kMost}), (Rational{kMost, kMost - 1}));
}

TEST(Rational, InverseSwapsTheTerms) {
  EXPECT_EQ((Rational{30000, 1001}).inverse(), (Rational{1001, 30000}));
}

TEST(Rational, BecomesTheNearestOfThirtyTwoBits) {
  const AVRational exact = Rational{30000, 1001}.to_av();
  EXPECT_EQ(exact.num, 30000);
  EXPECT_EQ(exact.den, 1001);
  const AVRational near = Rational{10'000'000'001, 10'000'000'000}.to_av();
  EXPECT_NEAR(av_q2d(near), 1.0, 1e-9);
}

}  // namespace
}  // namespace videngine
