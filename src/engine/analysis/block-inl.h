// What a block of 8x8 pixels costs, by vectors of 128 bits. Included once for each kind of
// processor (Highway's foreach_target), so its guard is turned over each time.

#include "vectors.h"

#if defined(VIDENGINE_ANALYSIS_BLOCK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef VIDENGINE_ANALYSIS_BLOCK_INL_H_
#undef VIDENGINE_ANALYSIS_BLOCK_INL_H_
#else
#define VIDENGINE_ANALYSIS_BLOCK_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include <hwy/highway.h>

#include "analysis/small_picture.h"

HWY_BEFORE_NAMESPACE();
namespace videngine::analysis::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Row8 = hn::FixedTag<uint8_t, 8>;
using Row16 = hn::FixedTag<uint8_t, 16>;
using Wide = hn::FixedTag<int16_t, 8>;
using WideRow = hn::Vec<Wide>;

// Two rows of eight pixels in one vector.
HWY_INLINE hn::Vec<Row16> two_rows(const uint8_t* pixels, std::ptrdiff_t stride) {
  return hn::Combine(Row16(), hn::LoadU(Row8(), pixels + stride), hn::LoadU(Row8(), pixels));
}

// Sum of absolute differences.
HWY_INLINE int sad(const uint8_t* a, std::ptrdiff_t a_stride, const uint8_t* b,
                   std::ptrdiff_t b_stride) {
  auto sum = hn::Zero(hn::FixedTag<uint64_t, 2>());
  for (std::ptrdiff_t y = 0; y < kBlock; y += 2) {
    const auto x = two_rows(a + y * a_stride, a_stride);
    const auto z = two_rows(b + y * b_stride, b_stride);
    sum = hn::Add(sum, hn::SumsOf8(hn::Or(hn::SaturatedSub(x, z), hn::SaturatedSub(z, x))));
  }
  return static_cast<int>(hn::GetLane(hn::SumOfLanes(hn::FixedTag<uint64_t, 2>(), sum)));
}

HWY_INLINE WideRow widened(const uint8_t* pixels) {
  return hn::PromoteTo(Wide(), hn::LoadU(Row8(), pixels));
}

// The mean of two rows, rounded up: how codecs interpolate between pixels and between pictures.
HWY_INLINE WideRow averaged(const uint8_t* a, const uint8_t* b) {
  return hn::PromoteTo(Wide(), hn::AverageRound(hn::LoadU(Row8(), a), hn::LoadU(Row8(), b)));
}

HWY_INLINE void transpose(WideRow (&rows)[8]) {
  const Wide d;
  const hn::Repartition<int32_t, Wide> d32;
  const hn::Repartition<int64_t, Wide> d64;
  WideRow pairs[8];
  for (int i = 0; i < 8; i += 2) {
    pairs[i] = hn::InterleaveLower(d, rows[i], rows[i + 1]);
    pairs[i + 1] = hn::InterleaveUpper(d, rows[i], rows[i + 1]);
  }
  WideRow quads[8];
  for (std::ptrdiff_t i = 0; i < 8; i += 4) {
    for (std::ptrdiff_t half = 0; half < 2; ++half) {
      const auto low = hn::BitCast(d32, pairs[i + half]);
      const auto high = hn::BitCast(d32, pairs[i + half + 2]);
      quads[i + 2 * half] = hn::BitCast(d, hn::InterleaveLower(d32, low, high));
      quads[i + 2 * half + 1] = hn::BitCast(d, hn::InterleaveUpper(d32, low, high));
    }
  }
  for (std::ptrdiff_t i = 0; i < 4; ++i) {
    const auto low = hn::BitCast(d64, quads[i]);
    const auto high = hn::BitCast(d64, quads[i + 4]);
    rows[2 * i] = hn::BitCast(d, hn::InterleaveLower(d64, low, high));
    rows[2 * i + 1] = hn::BitCast(d, hn::InterleaveUpper(d64, low, high));
  }
}

// Hadamard's transform across the rows, without the sums and differences of its last step.
HWY_INLINE void transform_but_last(WideRow (&rows)[8]) {
  for (int step = 1; step < 4; step *= 2) {
    for (int i = 0; i < 8; ++i) {
      if ((i & step) != 0) continue;
      const WideRow sum = hn::Add(rows[i], rows[i + step]);
      rows[i + step] = hn::Sub(rows[i], rows[i + step]);
      rows[i] = sum;
    }
  }
}

// Sum of absolute transformed differences (Hadamard, 8x8, halved twice: about what the differences
// cost to code). `rows` are the differences.
HWY_INLINE int satd(WideRow (&rows)[8]) {
  transform_but_last(rows);
  for (int i = 0; i < 4; ++i) {
    const WideRow sum = hn::Add(rows[i], rows[i + 4]);
    rows[i + 4] = hn::Sub(rows[i], rows[i + 4]);
    rows[i] = sum;
  }
  transpose(rows);
  transform_but_last(rows);
  // |a + b| + |a - b| is twice the larger of |a| and |b|.
  auto total = hn::Zero(hn::FixedTag<int32_t, 4>());
  for (int i = 0; i < 4; ++i) {
    const WideRow larger = hn::Max(hn::Abs(rows[i]), hn::Abs(rows[i + 4]));
    const auto low = hn::PromoteTo(hn::FixedTag<int32_t, 4>(), hn::LowerHalf(larger));
    const auto high = hn::PromoteTo(hn::FixedTag<int32_t, 4>(),
                                    hn::UpperHalf(hn::FixedTag<int16_t, 4>(), larger));
    total = hn::Add(total, hn::Add(low, high));
  }
  return hn::GetLane(hn::SumOfLanes(hn::FixedTag<int32_t, 4>(), total)) / 2;
}

HWY_INLINE int satd(const uint8_t* a, std::ptrdiff_t a_stride, const uint8_t* b,
                    std::ptrdiff_t b_stride) {
  WideRow rows[8];
  for (std::ptrdiff_t y = 0; y < kBlock; ++y) {
    rows[y] = hn::Sub(widened(a + y * a_stride), widened(b + y * b_stride));
  }
  return satd(rows);
}

// Against the mean of two blocks.
HWY_INLINE int satd(const uint8_t* a, std::ptrdiff_t a_stride, const uint8_t* b, const uint8_t* c,
                    std::ptrdiff_t b_stride) {
  WideRow rows[8];
  for (std::ptrdiff_t y = 0; y < kBlock; ++y) {
    rows[y] = hn::Sub(widened(a + y * a_stride), averaged(b + y * b_stride, c + y * b_stride));
  }
  return satd(rows);
}

}  // namespace videngine::analysis::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
