// Compiled once for each kind of vectors that processors have (Highway's foreach_target); the last
// part chooses among them when it runs.
#include "vectors.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "frames/rgb_kernel.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
// after it
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include <hwy/highway.h>

#include "frames/rgb_kernel.h"

HWY_BEFORE_NAMESPACE();
namespace videngine::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
using frames::RgbCoefficients;
using frames::Yuv420;

// Even and odd columns are apart until they are bytes: a 16-bit lane is two pixels of luma and one
// of chroma, which costs no shuffles.
constexpr hn::ScalableTag<int16_t> kD16;
constexpr hn::ScalableTag<uint16_t> kDu16;
constexpr hn::ScalableTag<uint8_t> kDu8;
using V16 = hn::Vec<decltype(kD16)>;
using V8 = hn::Vec<decltype(kDu8)>;

// Two rows of chroma → one, in quarters of a code, 0 for grey; with a sample more on either side.
HWY_INLINE void blend(const uint8_t* HWY_RESTRICT here, const uint8_t* HWY_RESTRICT other,
                      std::size_t count, int here_share, int16_t* HWY_RESTRICT blended) {
  const hn::Rebind<uint8_t, decltype(kD16)> bytes;
  const std::size_t lanes = hn::Lanes(kD16);
  const auto share = static_cast<int16_t>(here_share);
  const auto rest = static_cast<int16_t>(4 - here_share);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const V16 a = hn::PromoteTo(kD16, hn::LoadU(bytes, here + i));
    const V16 b = hn::PromoteTo(kD16, hn::LoadU(bytes, other + i));
    const V16 sum = hn::Add(hn::Mul(a, hn::Set(kD16, share)), hn::Mul(b, hn::Set(kD16, rest)));
    hn::StoreU(hn::Sub(sum, hn::Set(kD16, 512)), kD16, blended + i);
  }
  for (; i < count; ++i) {
    blended[i] = static_cast<int16_t>(here[i] * share + other[i] * rest - 512);
  }
  blended[-1] = blended[0];
  blended[count] = blended[count - 1];
}

// Chroma of even and odd columns, 2^8 to a code.
template <bool kLeft>
HWY_INLINE void widen(const int16_t* at, const frames::ChromaSite& site, V16& even, V16& odd) {
  const V16 here = hn::LoadU(kD16, at);
  const V16 after = hn::LoadU(kD16, at + 1);
  if constexpr (kLeft) {
    even = hn::ShiftLeft<6>(here);
    odd = hn::ShiftLeft<5>(hn::Add(here, after));
  } else {
    const V16 before = hn::LoadU(kD16, at - 1);
    const auto times = [](int quarters) {
      return hn::Set(kD16, static_cast<int16_t>(16 * quarters));
    };
    even = hn::Add(hn::Mul(here, times(site.even)), hn::Mul(before, times(4 - site.even)));
    odd = hn::Add(hn::Mul(here, times(site.odd)), hn::Mul(after, times(4 - site.odd)));
  }
}

// Even and odd columns of one colour → bytes. A code is 2^7, and the middle code 0: doubling with
// saturation cuts off what is below the first code and above the last.
HWY_INLINE V8 codes(V16 even, V16 odd) {
  const auto whole = [](V16 v) { return hn::BitCast(kDu16, hn::SaturatedAdd(v, v)); };
  const auto low = hn::ShiftRight<8>(whole(even));
  const auto high = hn::And(whole(odd), hn::Set(kDu16, 0xFF00));
  return hn::Xor(hn::BitCast(kDu8, hn::Or(low, high)), hn::Set(kDu8, 0x80));
}

struct Colours {
  V8 red, green, blue;
};

// One vector of pixels.
template <bool kLeft>
HWY_INLINE Colours pixels(const uint8_t* luma, const int16_t* blended_u, const int16_t* blended_v,
                          const RgbCoefficients& k, const frames::ChromaSite& site) {
  const auto bytes = hn::BitCast(kDu16, hn::LoadU(kDu8, luma));
  const auto bright = [&](auto times256) {
    const auto scaled = hn::MulHigh(times256, hn::Set(kDu16, k.luma));
    return hn::Sub(hn::BitCast(kD16, scaled), hn::Set(kD16, k.black));
  };
  const V16 y[2] = {bright(hn::ShiftLeft<8>(bytes)),
                    bright(hn::And(bytes, hn::Set(kDu16, 0xFF00)))};
  V16 u[2], v[2];
  widen<kLeft>(blended_u, site, u[0], u[1]);
  widen<kLeft>(blended_v, site, v[0], v[1]);
  V16 red[2], green[2], blue[2];
  for (const std::size_t odd : {0, 1}) {
    red[odd] = hn::SaturatedAdd(y[odd], hn::MulFixedPoint15(v[odd], hn::Set(kD16, k.red_v)));
    const V16 less = hn::MulFixedPoint15(u[odd], hn::Set(kD16, k.green_u));
    green[odd] = hn::SaturatedSub(hn::SaturatedSub(y[odd], less),
                                  hn::MulFixedPoint15(v[odd], hn::Set(kD16, k.green_v)));
    // In two halves, as the whole does not fit.
    const V16 half = hn::MulFixedPoint15(u[odd], hn::Set(kD16, k.half_blue_u));
    blue[odd] = hn::SaturatedAdd(hn::SaturatedAdd(y[odd], half), half);
  }
  return {codes(red[0], red[1]), codes(green[0], green[1]), codes(blue[0], blue[1])};
}

template <bool kLeft>
HWY_INLINE void convert_row(const uint8_t* HWY_RESTRICT luma, const int16_t* HWY_RESTRICT u,
                            const int16_t* HWY_RESTRICT v, const Yuv420& p,
                            const RgbCoefficients& k, const std::array<uint8_t*, 3>& out,
                            bool planar) {
  const auto width = static_cast<std::size_t>(p.width_px);
  const std::size_t lanes = hn::Lanes(kDu8);
  std::size_t x = 0;
  for (; x + lanes <= width; x += lanes) {
    const Colours c = pixels<kLeft>(luma + x, u + x / 2, v + x / 2, k, p.across);
    if (planar) {
      hn::StoreU(c.red, kDu8, out[0] + x);
      hn::StoreU(c.green, kDu8, out[1] + x);
      hn::StoreU(c.blue, kDu8, out[2] + x);
    } else {
      hn::StoreInterleaved3(c.red, c.green, c.blue, kDu8, out[0] + 3 * x);
    }
  }
  if (x == width) return;
  // The rest by way of a whole vector.
  HWY_ALIGN uint8_t rest[3 * hn::MaxLanes(kDu8)] = {};
  std::memcpy(rest, luma + x, width - x);
  const Colours c = pixels<kLeft>(rest, u + x / 2, v + x / 2, k, p.across);
  if (planar) {
    for (const auto& [color, to] :
         {std::pair(c.red, out[0]), std::pair(c.green, out[1]), std::pair(c.blue, out[2])}) {
      hn::StoreU(color, kDu8, rest);
      std::memcpy(to + x, rest, width - x);
    }
  } else {
    hn::StoreInterleaved3(c.red, c.green, c.blue, kDu8, rest);
    std::memcpy(out[0] + 3 * x, rest, 3 * (width - x));
  }
}

void convert_picture(const Yuv420& p, const RgbCoefficients& k, uint8_t* out, bool planar,
                     std::array<int16_t*, 2> blended) {
  const auto width = static_cast<std::size_t>(p.width_px);
  const std::size_t plane = width * static_cast<std::size_t>(p.height_px);
  const std::size_t chroma_width = (width + 1) / 2;
  const int chroma_height = (p.height_px + 1) / 2;
  const bool left = p.across.even == 4 && p.across.odd == 2;
  for (int y = 0; y < p.height_px; ++y) {
    const bool odd = y % 2 != 0;
    const int here = y / 2;
    const int other = std::clamp(odd ? here + 1 : here - 1, 0, chroma_height - 1);
    const auto row = [&](std::size_t i, int at) { return p.data[i] + p.stride[i] * at; };
    for (const std::size_t i : {0, 1}) {
      blend(row(i + 1, here), row(i + 1, other), chroma_width, odd ? p.down.odd : p.down.even,
            blended[i]);
    }
    uint8_t* to = out + (planar ? 1 : 3) * width * static_cast<std::size_t>(y);
    const std::array<uint8_t*, 3> planes{to, to + plane, to + 2 * plane};
    if (left) {
      convert_row<true>(row(0, y), blended[0], blended[1], p, k, planes, planar);
    } else {
      convert_row<false>(row(0, y), blended[0], blended[1], p, k, planes, planar);
    }
  }
}

}  // namespace
}  // namespace videngine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace videngine {
namespace {
HWY_EXPORT(convert_picture);

// The longest vector of any processor, in 16-bit lanes.
constexpr std::size_t kMostLanes = 128;

double scaled(double value, int bits) { return std::round(std::ldexp(value, bits)); }
}  // namespace

namespace frames {

RgbCoefficients::RgbCoefficients(double red_weight, double blue_weight, bool full_range) {
  const double green_weight = 1 - red_weight - blue_weight;
  const double bright = full_range ? 1 : 255.0 / 219;
  const double chroma = full_range ? 1 : 255.0 / 224;
  const auto fixed = [](double value) { return static_cast<int16_t>(scaled(value, 14)); };
  luma = static_cast<uint16_t>(scaled(bright, 15));
  // The middle code, and half of one for rounding.
  black = static_cast<int16_t>(scaled((full_range ? 0 : 16) * bright + 128 - 0.5, 7));
  red_v = fixed(2 * (1 - red_weight) * chroma);
  half_blue_u = fixed((1 - blue_weight) * chroma);
  green_u = fixed(2 * (1 - blue_weight) * blue_weight / green_weight * chroma);
  green_v = fixed(2 * (1 - red_weight) * red_weight / green_weight * chroma);
}

void to_rgb24(const Yuv420& picture, const RgbCoefficients& coefficients, uint8_t* out, bool planar,
              std::vector<int16_t>& scratch) {
  // One sample before the row, and whole vectors behind it.
  const std::size_t row = static_cast<std::size_t>(picture.width_px) / 2 + 2 * kMostLanes;
  scratch.resize(2 * row);
  const std::array<int16_t*, 2> blended{scratch.data() + 1, scratch.data() + row + 1};
  HWY_DYNAMIC_DISPATCH(convert_picture)(picture, coefficients, out, planar, blended);
}

}  // namespace frames
}  // namespace videngine
#endif  // HWY_ONCE
