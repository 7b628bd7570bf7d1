#include "frames/rgb_kernel.h"

#include <algorithm>
#include <cmath>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace videngine::frames {
namespace {

// The loops below are plain, so that compilers make vectors of them; compiled twice, as what CPUs
// can do is only known at run time.
#define VIDENGINE_INLINE inline __attribute__((always_inline))

// (a * b) / 2^15, rounded: one instruction on vectors.
VIDENGINE_INLINE int16_t times(int16_t a, int16_t b) {
  return static_cast<int16_t>(((int32_t{a} * b >> 14) + 1) >> 1);
}

// 5 bits of fraction → a code.
VIDENGINE_INLINE uint8_t code(int16_t value) {
  const auto rounded = static_cast<int16_t>((value + 16) >> 5);
  const auto above = rounded < 0 ? int16_t{0} : rounded;
  return static_cast<uint8_t>(above > 255 ? int16_t{255} : above);
}

struct Weights {
  int16_t here;
  int16_t other;
};

// Two rows of chroma → one, in quarters, with room for a sample on either side.
VIDENGINE_INLINE void blend(const uint8_t* __restrict here, const uint8_t* __restrict other,
                            int count, Weights w, int16_t* __restrict blended) {
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    blended[i] = static_cast<int16_t>(here[i] * w.here + other[i] * w.other);
  }
  blended[-1] = blended[0];
  blended[count] = blended[count - 1];
}

// To every luma sample: from -2^14 to 2^14, of which 2^7 are one code.
VIDENGINE_INLINE void widen(const int16_t* __restrict blended, int count, Weights even, Weights odd,
                            int16_t* __restrict wide) {
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    const int16_t* at = blended + i;
    wide[2 * i] = static_cast<int16_t>((at[0] * even.here + at[-1] * even.other - 2048) * 8);
    wide[2 * i + 1] = static_cast<int16_t>((at[0] * odd.here + at[1] * odd.other - 2048) * 8);
  }
}

VIDENGINE_INLINE void convert(const uint8_t* __restrict luma, const int16_t* __restrict u,
                              const int16_t* __restrict v, int count, RgbCoefficients k,
                              uint8_t* __restrict red, uint8_t* __restrict green,
                              uint8_t* __restrict blue) {
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    const int16_t y = times(static_cast<int16_t>((luma[i] - k.black) * 64), k.luma);
    red[i] = code(static_cast<int16_t>(y + times(v[i], k.red_v)));
    green[i] = code(static_cast<int16_t>(y - times(u[i], k.green_u) - times(v[i], k.green_v)));
    blue[i] = code(static_cast<int16_t>(y + times(u[i], k.blue_u)));
  }
}

VIDENGINE_INLINE void interleave_plain(const uint8_t* __restrict red,
                                       const uint8_t* __restrict green,
                                       const uint8_t* __restrict blue, std::ptrdiff_t begin,
                                       std::ptrdiff_t count, uint8_t* __restrict out) {
  for (std::ptrdiff_t i = begin; i < count; ++i) {
    out[3 * i] = red[i];
    out[3 * i + 1] = green[i];
    out[3 * i + 2] = blue[i];
  }
}

struct Rows {
  int16_t* blended_u;
  int16_t* blended_v;
  int16_t* u;
  int16_t* v;
  uint8_t* red;
  uint8_t* green;
  uint8_t* blue;
};

using Interleave = void (*)(const uint8_t* red, const uint8_t* green, const uint8_t* blue,
                            int count, uint8_t* out);

VIDENGINE_INLINE void picture_to_rgb(const Yuv420& p, const RgbCoefficients& k, uint8_t* out,
                                     bool planar, const Rows& rows, Interleave interleave) {
  const int chroma_width = (p.width_px + 1) / 2;
  const int chroma_height = (p.height_px + 1) / 2;
  const auto weights = [](int here) {
    return Weights{static_cast<int16_t>(here), static_cast<int16_t>(4 - here)};
  };
  const auto width = static_cast<std::size_t>(p.width_px);
  const std::size_t plane = width * static_cast<std::size_t>(p.height_px);
  for (int y = 0; y < p.height_px; ++y) {
    const bool odd = y % 2 != 0;
    const int here = y / 2;
    const int other = std::clamp(odd ? here + 1 : here - 1, 0, chroma_height - 1);
    const Weights down = weights(odd ? p.down.odd : p.down.even);
    const auto row = [&](std::size_t i, int at) { return p.data[i] + p.stride[i] * at; };
    blend(row(1, here), row(1, other), chroma_width, down, rows.blended_u);
    blend(row(2, here), row(2, other), chroma_width, down, rows.blended_v);
    widen(rows.blended_u, chroma_width, weights(p.across.even), weights(p.across.odd), rows.u);
    widen(rows.blended_v, chroma_width, weights(p.across.even), weights(p.across.odd), rows.v);
    const std::size_t at = width * static_cast<std::size_t>(y);
    if (planar) {
      convert(row(0, y), rows.u, rows.v, p.width_px, k, out + at, out + plane + at,
              out + 2 * plane + at);
    } else {
      convert(row(0, y), rows.u, rows.v, p.width_px, k, rows.red, rows.green, rows.blue);
      interleave(rows.red, rows.green, rows.blue, p.width_px, out + 3 * at);
    }
  }
}

void plain(const Yuv420& p, const RgbCoefficients& k, uint8_t* out, bool planar, const Rows& rows) {
  picture_to_rgb(p, k, out, planar, rows,
                 [](const uint8_t* red, const uint8_t* green, const uint8_t* blue, int count,
                    uint8_t* to) { interleave_plain(red, green, blue, 0, count, to); });
}

#if defined(__x86_64__)

// Where the bytes of one colour go within 48 bytes of R, G, B, by 16 of them.
constexpr auto kShuffle = [] {
  std::array<std::array<std::array<int8_t, 16>, 3>, 3> masks{};
  for (std::size_t part = 0; part < 3; ++part) {
    for (std::size_t color = 0; color < 3; ++color) {
      for (std::size_t i = 0; i < 16; ++i) {
        const std::size_t byte = 16 * part + i;
        masks[part][color][i] = static_cast<int8_t>(byte % 3 == color ? byte / 3 : 0xFF);
      }
    }
  }
  return masks;
}();

__attribute__((target("avx2"))) __m128i load(const void* from) {
  return _mm_loadu_si128(static_cast<const __m128i*>(from));
}

__attribute__((target("avx2"))) void interleave_avx2(const uint8_t* red, const uint8_t* green,
                                                     const uint8_t* blue, int count, uint8_t* out) {
  std::ptrdiff_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m128i r = load(red + i);
    const __m128i g = load(green + i);
    const __m128i b = load(blue + i);
    for (std::ptrdiff_t part = 0; part < 3; ++part) {
      const auto& mask = kShuffle[static_cast<std::size_t>(part)];
      const __m128i bytes = _mm_or_si128(_mm_or_si128(_mm_shuffle_epi8(r, load(mask[0].data())),
                                                      _mm_shuffle_epi8(g, load(mask[1].data()))),
                                         _mm_shuffle_epi8(b, load(mask[2].data())));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 3 * i + 16 * part), bytes);
    }
  }
  interleave_plain(red, green, blue, i, count, out);
}

__attribute__((target("avx2"))) void avx2(const Yuv420& p, const RgbCoefficients& k, uint8_t* out,
                                          bool planar, const Rows& rows) {
  picture_to_rgb(p, k, out, planar, rows, &interleave_avx2);
}

#endif

int16_t fixed(double value, int bits) {
  return static_cast<int16_t>(std::lround(std::ldexp(value, bits)));
}

}  // namespace

RgbCoefficients::RgbCoefficients(double red_weight, double blue_weight, bool full_range) {
  const double green_weight = 1 - red_weight - blue_weight;
  const double chroma = full_range ? 1 : 255.0 / 224;
  black = full_range ? 0 : 16;
  luma = fixed(full_range ? 1 : 255.0 / 219, 14);
  red_v = fixed(2 * (1 - red_weight) * chroma, 13);
  blue_u = fixed(2 * (1 - blue_weight) * chroma, 13);
  green_u = fixed(2 * (1 - blue_weight) * blue_weight / green_weight * chroma, 13);
  green_v = fixed(2 * (1 - red_weight) * red_weight / green_weight * chroma, 13);
}

void to_rgb24(const Yuv420& picture, const RgbCoefficients& coefficients, uint8_t* out, bool planar,
              std::vector<int16_t>& scratch) {
  // Rows of whole vectors, and one sample beside those that are looked at across.
  const std::size_t row = (static_cast<std::size_t>(picture.width_px) + 2 + 31) / 32 * 32 + 32;
  scratch.resize(7 * row);
  const auto part = [&](std::size_t i) { return scratch.data() + i * row; };
  const auto bytes = [&](std::size_t i) { return reinterpret_cast<uint8_t*>(part(i)); };
  const Rows rows{part(0) + 16, part(1) + 16, part(2), part(3), bytes(4), bytes(5), bytes(6)};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") != 0) {
    avx2(picture, coefficients, out, planar, rows);
    return;
  }
#endif
  plain(picture, coefficients, out, planar, rows);
}

}  // namespace videngine::frames
