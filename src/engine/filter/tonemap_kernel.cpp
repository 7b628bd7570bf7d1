// Compiled once for each kind of vectors that processors have (Highway's foreach_target); the last
// part chooses among them when it runs.
#include "vectors.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "filter/tonemap_kernel.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
// after it
#include <algorithm>

#include <hwy/highway.h>

#include "filter/dither.h"
#include "filter/tonemap_kernel.h"

HWY_BEFORE_NAMESPACE();
namespace videngine::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// One chroma sample lies to the left of its two columns and in the middle of its two rows. A block
// is as many of these 2x2 pixels as a vector has lanes; even and odd columns are apart all the way,
// which costs no shuffles, as two 16-bit samples are one 32-bit lane.

// Red, green and blue of even and of odd columns. They take each step together: one alone would
// have the processor wait for its own results.
template <class V>
struct Colours {
  V values[6];

  HWY_INLINE V& red(std::size_t odd) { return values[odd]; }
  HWY_INLINE V& green(std::size_t odd) { return values[2 + odd]; }
  HWY_INLINE V& blue(std::size_t odd) { return values[4 + odd]; }
  HWY_INLINE V largest(std::size_t odd) {
    return hn::Max(red(odd), hn::Max(green(odd), blue(odd)));
  }
  HWY_INLINE V smallest(std::size_t odd) {
    return hn::Min(red(odd), hn::Min(green(odd), blue(odd)));
  }
  // BT.709's luma, or luminance. Written with differences, so that greys stay grey to the last bit.
  template <class D>
  HWY_INLINE V weighted(D d, std::size_t odd) {
    const V green_and_blue =
        hn::MulAdd(hn::Set(d, 0.0722F), hn::Sub(blue(odd), green(odd)), green(odd));
    return hn::MulAdd(hn::Set(d, 0.2126F), hn::Sub(red(odd), green(odd)), green_and_blue);
  }
  HWY_INLINE void scale(std::size_t odd, V factor) {
    for (std::size_t i = odd; i < 6; i += 2) values[i] = hn::Mul(values[i], factor);
  }
};

// Horner's scheme: (coefficients[first] + coefficients[first + 1] * x + ...) * x of every x.
template <std::size_t kFirst, std::size_t kLast, class D, std::size_t kSize, class V,
          std::size_t kCount>
HWY_INLINE void powers(D d, const std::array<float, kSize>& coefficients, V (&x)[kCount]) {
  V sum[kCount];
  for (V& one : sum) one = hn::Set(d, coefficients[kLast]);
  for (std::size_t i = kLast; i-- > kFirst;) {
    const V coefficient = hn::Set(d, coefficients[i]);
    for (std::size_t k = 0; k < kCount; ++k) sum[k] = hn::MulAdd(sum[k], x[k], coefficient);
  }
  for (std::size_t k = 0; k < kCount; ++k) x[k] = hn::Mul(sum[k], x[k]);
}

// R'G'B' → amplitudes.
template <HdrTransfer kTransfer, class D, class V>
HWY_INLINE void to_amplitudes(D d, const TonemapCoefficients& c, Colours<V>& a) {
  if constexpr (kTransfer == HdrTransfer::kPq) {
    powers<0, 7>(d, c.amplitude, a.values);
  } else {
    const V half = hn::Set(d, TonemapCoefficients::kCodedSteps / 2.0F);
    Colours<V> above = a;
    for (V& value : above.values) value = hn::Max(hn::Sub(value, half), hn::Zero(d));
    powers<1, 5>(d, c.amplitude, above.values);
    const V slope = hn::Set(d, c.amplitude[0]);
    for (std::size_t i = 0; i < 6; ++i) {
      a.values[i] = hn::MulAdd(a.values[i], slope, above.values[i]);
    }
  }
}

// 2^(factor * log2(x) + offset) for every x above 0, by what a float is made of: 1 + mantissa,
// times 2^exponent.
template <class D, class V>
HWY_INLINE void to_power(D d, const TonemapCoefficients& c, float factor, float offset, V (&x)[2]) {
  const hn::Rebind<int32_t, D> di;
  const auto exponent_of_1 = hn::Set(di, 127);
  V sum[2];
  for (std::size_t i = 0; i < 2; ++i) {
    const auto bits = hn::BitCast(di, x[i]);
    sum[i] = hn::ConvertTo(d, hn::Sub(hn::ShiftRight<23>(bits), exponent_of_1));
    const auto mantissa = hn::And(bits, hn::Set(di, 0x7FFFFF));
    const auto of_1 = hn::ShiftLeft<23>(exponent_of_1);
    x[i] = hn::Sub(hn::BitCast(d, hn::Or(mantissa, of_1)), hn::Set(d, 1.0F));
  }
  powers<0, 3>(d, c.logarithm, x);
  V whole[2];
  for (std::size_t i = 0; i < 2; ++i) {
    const V scaled = hn::MulAdd(hn::Add(sum[i], x[i]), hn::Set(d, factor), hn::Set(d, offset));
    whole[i] = hn::Floor(scaled);
    x[i] = hn::Sub(scaled, whole[i]);
  }
  powers<0, 3>(d, c.exponential, x);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto shift = hn::ShiftLeft<23>(hn::ConvertTo(di, whole[i]));
    const auto bits = hn::BitCast(di, hn::Add(x[i], hn::Set(d, 1.0F)));
    x[i] = hn::BitCast(d, hn::Add(bits, shift));
  }
}

// HLG's OOTF: amplitudes of the scene → those of its display.
template <class D, class V>
HWY_INLINE void to_display(D d, const TonemapCoefficients& c, Colours<V>& a) {
  constexpr auto kPower = static_cast<float>((kHlgGamma - 1) / 2);
  V factor[2];
  for (std::size_t odd = 0; odd < 2; ++odd) {
    const auto part = [&](V amplitude, std::size_t i) {
      return hn::Mul(hn::Mul(amplitude, amplitude), hn::Set(d, c.luminance[i]));
    };
    const V luminance =
        hn::Add(part(a.red(odd), 0), hn::Add(part(a.green(odd), 1), part(a.blue(odd), 2)));
    factor[odd] = hn::Max(luminance, hn::Set(d, 1e-12F));
  }
  to_power(d, c, kPower, c.log2_display, factor);
  for (std::size_t odd = 0; odd < 2; ++odd) a.scale(odd, factor[odd]);
}

// The tone curve acts on the largest of the three, which keeps hue and saturation. `by`: what the
// gain is known by. Most pictures are below the knee in most places, and few reach beyond the peak.
template <HdrTransfer kTransfer, class D, class V>
HWY_INLINE void bend(D d, const TonemapCoefficients& c, V (&by)[2], Colours<V>& a) {
  const V highest = hn::Max(by[0], by[1]);
  if (hn::AllTrue(d, hn::Le(highest, hn::Set(d, c.knee)))) return;
  const V one = hn::Set(d, 1.0F);
  V gain[2];
  for (std::size_t odd = 0; odd < 2; ++odd) {
    const V rise = hn::MulAdd(by[odd], hn::Set(d, c.per_rise), hn::Set(d, c.rise_of_black));
    gain[odd] = hn::Min(hn::Max(rise, hn::Zero(d)), one);
  }
  powers<0, kTransfer == HdrTransfer::kPq ? 5 : 7>(d, c.gain, gain);
  for (V& one_gain : gain) one_gain = hn::Add(one_gain, one);
  if (!hn::AllTrue(d, hn::Le(highest, hn::Set(d, c.peak)))) {
    for (std::size_t odd = 0; odd < 2; ++odd) {
      gain[odd] = hn::Min(gain[odd], hn::Div(one, hn::Max(a.largest(odd), hn::Set(d, 0.5F))));
    }
  }
  for (std::size_t odd = 0; odd < 2; ++odd) a.scale(odd, gain[odd]);
}

// Amplitudes of HDR's primaries → light of BT.709's. Differences, as in `weighted`.
template <class D, class V>
HWY_INLINE void to_709(D d, const TonemapCoefficients& c, Colours<V>& a) {
  for (std::size_t odd = 0; odd < 2; ++odd) {
    const V green = hn::Mul(a.green(odd), a.green(odd));
    const V from_red = hn::MulSub(a.red(odd), a.red(odd), green);
    const V from_blue = hn::MulSub(a.blue(odd), a.blue(odd), green);
    for (std::size_t i = 0; i < 3; ++i) {
      const V with_blue = hn::MulAdd(hn::Set(d, c.to_709[3 * i + 2]), from_blue, green);
      a.values[2 * i + odd] = hn::MulAdd(hn::Set(d, c.to_709[3 * i]), from_red, with_blue);
    }
  }
}

// Colours outside of BT.709 lose saturation, towards the grey of their own luminance, until they
// are inside. Most blocks hold none.
template <class D, class V>
HWY_INLINE void draw_inside(D d, Colours<V>& light) {
  // As integers without a sign, negative numbers are larger than every positive one.
  const hn::RebindToUnsigned<D> du;
  auto farthest = hn::BitCast(du, light.values[0]);
  for (std::size_t i = 1; i < 6; ++i) {
    farthest = hn::Max(farthest, hn::BitCast(du, light.values[i]));
  }
  const auto limit = hn::BitCast(du, hn::Set(d, 1.0F + 1e-6F));
  if (hn::AllTrue(du, hn::Lt(farthest, limit))) return;
  const V zero = hn::Zero(d);
  const V one = hn::Set(d, 1.0F);
  const V tiny = hn::Set(d, 1e-12F);
  for (std::size_t odd = 0; odd < 2; ++odd) {
    const V grey = hn::Min(light.weighted(d, odd), one);
    const V below = hn::Max(hn::Sub(grey, light.smallest(odd)), tiny);
    const V above = hn::Max(hn::Sub(light.largest(odd), grey), tiny);
    const V up = hn::Div(grey, below);
    const V down = hn::Div(hn::Sub(one, grey), above);
    const V kept = hn::Min(hn::Min(up, down), one);
    for (std::size_t i = odd; i < 6; i += 2) {
      V& value = light.values[i];
      value = hn::MulAdd(kept, hn::Sub(value, grey), grey);
      value = hn::Min(hn::Max(value, zero), one);
    }
  }
}

template <class V>
HWY_INLINE V fourth_root(V x) {
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
  return hn::ApproximateReciprocalSqrt(hn::ApproximateReciprocalSqrt(x));  // to 14 bits; 0 of 0
#else
  return hn::Sqrt(hn::Sqrt(x));
#endif
}

// The inverse of BT.1886.
template <class D, class V>
HWY_INLINE void to_coded(D d, const TonemapCoefficients& c, Colours<V>& light) {
  for (V& value : light.values) value = fourth_root(value);
  powers<0, 4>(d, c.coded, light.values);
}

// R'G'B' of HDR in steps → R'G'B' of BT.709, 0 to 1.
template <HdrTransfer kTransfer, class D, class V>
HWY_INLINE void to_sdr(D d, const TonemapCoefficients& c, Colours<V>& pixels) {
  if constexpr (kTransfer == HdrTransfer::kPq) {
    V by[2] = {pixels.largest(0), pixels.largest(1)};
    to_amplitudes<kTransfer>(d, c, pixels);
    bend<kTransfer>(d, c, by, pixels);
  } else {
    to_amplitudes<kTransfer>(d, c, pixels);
    to_display(d, c, pixels);
    V by[2] = {pixels.largest(0), pixels.largest(1)};
    bend<kTransfer>(d, c, by, pixels);
  }
  to_709(d, c, pixels);
  draw_inside(d, pixels);
  to_coded(d, c, pixels);
}

// Added to a small number, leaves it rounded in the lowest bits.
constexpr float kWholeInLastBits = 1 << 23;

// Cb or Cr of a luma row, from 512, times 4: a quarter from the row beside it. One more at the end.
HWY_INLINE void blend_rows(const uint16_t* near, const uint16_t* far, std::size_t width,
                           int16_t* out) {
  const hn::ScalableTag<uint16_t> d;
  std::size_t x = 0;
  for (; x + hn::Lanes(d) <= width; x += hn::Lanes(d)) {
    const auto here = hn::LoadU(d, near + x);
    const auto sum = hn::Add(hn::Add(here, hn::Add(here, here)), hn::LoadU(d, far + x));
    const auto value = hn::Sub(sum, hn::Set(d, uint16_t{2048}));
    hn::StoreU(hn::BitCast(hn::RebindToSigned<decltype(d)>(), value),
               hn::RebindToSigned<decltype(d)>(), out + x);
  }
  for (; x < width; ++x) out[x] = static_cast<int16_t>(3 * near[x] + far[x] - 2048);
  out[width] = out[width - 1];
}

// Both columns of chroma, times 8, in the layout of luma: the second in the upper halves.
template <class D32>
HWY_INLINE auto spread(D32 d32, const int16_t* samples) {
  const hn::Rebind<int16_t, D32> half;
  const hn::Rebind<uint16_t, D32> unsigned_half;
  const auto here = hn::LoadU(half, samples);
  const auto next = hn::LoadU(half, samples + 1);
  const auto even = hn::BitCast(unsigned_half, hn::Add(here, here));
  const auto odd = hn::BitCast(unsigned_half, hn::Add(here, next));
  return hn::Or(hn::PromoteTo(d32, even), hn::ShiftLeft<16>(hn::PromoteTo(d32, odd)));
}

// The rows of one row of chroma.
struct RowPair {
  const uint16_t* luma[2];
  const int16_t* cb[2];
  const int16_t* cr[2];
  uint8_t* out[2];
  const float* dither[2][2];  // by row, and even or odd
  float* blue[2];             // B' - Y' of both rows: even columns, odd ones
  float* red[2];
};

// The block whose first chroma sample is x.
template <HdrTransfer kTransfer, class D>
HWY_INLINE void map_block(D d, const TonemapCoefficients& c, const RowPair& rows, std::size_t x) {
  using V = hn::Vec<D>;
  const hn::Rebind<uint32_t, D> d32;
  const hn::Repartition<uint16_t, D> d16;
  const hn::Rebind<int32_t, D> signed32;
  const hn::Rebind<uint16_t, D> d_out;
  const V zero = hn::Zero(d);
  const V most = hn::Set(d, TonemapCoefficients::kCodedSteps);

  V blue[2];
  V red[2];
  for (std::size_t row = 0; row < 2; ++row) {
    const auto cb = spread(d32, rows.cb[row] + x);
    const auto cr = spread(d32, rows.cr[row] + x);
    const auto luma = hn::LoadU(d16, rows.luma[row] + 2 * x);
    Colours<V> colours;
    for (std::size_t odd = 0; odd < 2; ++odd) {
      // Numbers with a sign: the lower half goes up first.
      const auto part = [&](auto pairs) {
        const auto wide = hn::BitCast(signed32, pairs);
        return hn::ConvertTo(d, hn::ShiftRight<16>(odd == 0 ? hn::ShiftLeft<16>(wide) : wide));
      };
      const V y = part(hn::Sub(luma, hn::Set(d16, uint16_t{64})));
      const V blue_difference = part(cb);
      const V red_difference = part(cr);
      const auto limited = [&](V value) { return hn::Min(hn::Max(value, zero), most); };
      colours.red(odd) = limited(hn::MulAdd(red_difference, hn::Set(d, c.red_of_cr), y));
      colours.green(odd) =
          limited(hn::MulAdd(red_difference, hn::Set(d, c.green_of_cr),
                             hn::MulAdd(blue_difference, hn::Set(d, c.green_of_cb), y)));
      colours.blue(odd) = limited(hn::MulAdd(blue_difference, hn::Set(d, c.blue_of_cb), y));
    }
    to_sdr<kTransfer>(d, c, colours);
    auto pixels = hn::Zero(d32);
    for (std::size_t odd = 0; odd < 2; ++odd) {
      const V y = colours.weighted(d, odd);
      const V dither = hn::LoadU(d, rows.dither[row][odd] + x % 4);
      const V code = hn::MulAdd(y, hn::Set(d, 219.0F), dither);
      const auto whole = hn::BitCast(d32, hn::Add(code, hn::Set(d, kWholeInLastBits)));
      pixels = odd == 0 ? whole : hn::Or(pixels, hn::ShiftLeft<8>(whole));
      const V blue_difference = hn::Sub(colours.blue(odd), y);
      const V red_difference = hn::Sub(colours.red(odd), y);
      blue[odd] = row == 0 ? blue_difference : hn::Add(blue[odd], blue_difference);
      red[odd] = row == 0 ? red_difference : hn::Add(red[odd], red_difference);
    }
    hn::StoreU(hn::TruncateTo(d_out, pixels), d_out,
               reinterpret_cast<uint16_t*>(rows.out[row] + 2 * x));
  }
  for (std::size_t odd = 0; odd < 2; ++odd) {
    hn::StoreU(blue[odd], d, rows.blue[odd] + x);
    hn::StoreU(red[odd], d, rows.red[odd] + x);
  }
}

// Eight pixels a sample, weighted 1 2 1 across. `odd` begins with the column before the first.
template <class D>
HWY_INLINE void join_block(D d, const float* even, const float* odd, float scale,
                           const float* dither, uint8_t* out, std::size_t x) {
  const hn::Rebind<int32_t, D> whole;
  const hn::Rebind<uint8_t, D> d_out;
  const auto middle = hn::LoadU(d, even + x);
  const auto sides = hn::Add(hn::LoadU(d, odd + x), hn::LoadU(d, odd + x + 1));
  const auto code = hn::MulAdd(hn::MulAdd(middle, hn::Set(d, 2.0F), sides), hn::Set(d, scale),
                               hn::Add(hn::LoadU(d, dither + x % 8), hn::Set(d, 128.0F)));
  hn::StoreU(hn::DemoteTo(d_out, hn::ConvertTo(whole, code)), d_out, out + x);
}

// Every block of a row; the last one overlaps the one before it where it must.
template <class D, class Block>
HWY_INLINE void cover(D d, std::size_t width, const Block& block) {
  const std::size_t lanes = hn::Lanes(d);
  std::size_t x = 0;
  for (; x + lanes <= width; x += lanes) block(x);
  if (x < width) block(width - lanes);
}

template <HdrTransfer kTransfer, class D>
void map_planes(D d, const TonemapCoefficients& coefficients, const Planes<const uint16_t>& input,
                const Planes<uint8_t>& output, std::size_t width, std::size_t height,
                TonemapScratch& scratch) {
  static_assert(hn::MaxLanes(d) + 8 <= Dither::kLength);
  const TonemapCoefficients c = coefficients;  // ours alone: what is written cannot change it
  float* const differences = scratch.differences.data();
  const std::array<float*, 2> blue{differences, differences + width};
  const std::array<float*, 2> red{differences + 2 * width + 1, differences + 3 * width + 1};
  const auto line = [](const auto& planes, std::size_t plane, std::size_t y) {
    return planes.data[plane] + static_cast<std::ptrdiff_t>(y) * planes.stride[plane];
  };
  for (std::size_t j = 0; j < height; ++j) {
    RowPair rows{};
    for (std::size_t half = 0; half < 2; ++half) {
      const std::size_t beside =
          half == 0 ? j - std::min<std::size_t>(j, 1) : std::min(j + 1, height - 1);
      int16_t* cb = scratch.chroma.data() + 2 * half * (width + 1);
      int16_t* cr = cb + width + 1;
      blend_rows(line(input, 1, j), line(input, 1, beside), width, cb);
      blend_rows(line(input, 2, j), line(input, 2, beside), width, cr);
      rows.cb[half] = cb;
      rows.cr[half] = cr;
      const std::size_t y = 2 * j + half;
      rows.luma[half] = line(input, 0, y);
      rows.out[half] = line(output, 0, y);
      rows.dither[half][0] = kDither.even[y % 8].data();
      rows.dither[half][1] = kDither.odd[y % 8].data();
      rows.blue[half] = blue[half] + half;  // odd ones leave room for one before them
      rows.red[half] = red[half] + half;
    }
    cover(d, width, [&](std::size_t x) { map_block<kTransfer>(d, c, rows, x); });
    blue[1][0] = blue[0][0];
    red[1][0] = red[0][0];
    // 1.8556 and 1.5748 are BT.709's.
    const float* dither = kDither.plain[j % 8].data();
    cover(d, width, [&](std::size_t x) {
      join_block(d, blue[0], blue[1], 224 / (8 * 1.8556F), dither, line(output, 1, j), x);
      join_block(d, red[0], red[1], 224 / (8 * 1.5748F), dither, line(output, 2, j), x);
    });
  }
}

// `width` and `height` are chroma's.
void map_picture(const TonemapCoefficients& c, const Planes<const uint16_t>& input,
                 const Planes<uint8_t>& output, std::size_t width, std::size_t height,
                 TonemapScratch& scratch) {
  const auto by = [&](auto d) {
    if (c.transfer == HdrTransfer::kHlg) {
      map_planes<HdrTransfer::kHlg>(d, c, input, output, width, height, scratch);
    } else {
      map_planes<HdrTransfer::kPq>(d, c, input, output, width, height, scratch);
    }
  };
  const hn::CappedTag<float, Dither::kLength - 8> widest;
  if (width >= hn::Lanes(widest)) {
    by(widest);
  } else {
    by(hn::CappedTag<float, 1>());
  }
}

}  // namespace
}  // namespace videngine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace videngine {
namespace {
HWY_EXPORT(map_picture);
}  // namespace

void tonemap(const TonemapCoefficients& coefficients, const Planes<const uint16_t>& input,
             const Planes<uint8_t>& output, int width_px, int height_px, TonemapScratch& scratch) {
  const auto width = static_cast<std::size_t>(width_px / 2);
  const auto height = static_cast<std::size_t>(height_px / 2);
  scratch.differences.resize(4 * width + 2);
  scratch.chroma.resize(4 * width + 4);
  HWY_DYNAMIC_DISPATCH(map_picture)(coefficients, input, output, width, height, scratch);
}

}  // namespace videngine
#endif  // HWY_ONCE
