#include "frames/rgb_input.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "frames/color_matrix.h"

namespace videngine::frames {
namespace {

// The loops below are plain, so that compilers make vectors of them; compiled twice, as what CPUs
// can do is only known at run time.
#define VIDENGINE_INLINE inline __attribute__((always_inline))

// Codes of one item of R'G'B' in luma and the two differences, and the codes of zero with the half
// that makes truncation rounding.
struct Coefficients {
  std::array<float, 3> y{};
  std::array<float, 3> u{};
  std::array<float, 3> v{};
  float black = 0;
  float middle = 0;
  float most = 0;
};

Coefficients coefficients(const AVFrame& picture, bool sixteen_bits, int depth) {
  const auto weights = weights_of(picture.colorspace);
  if (!weights) throw std::invalid_argument("R'G'B' is made Y'CbCr by weights only");
  const double red = weights->first;
  const double blue = weights->second;
  const double green = 1 - red - blue;
  const bool full = picture.color_range == AVCOL_RANGE_JPEG;
  const double step = 1 << (depth - 8);
  const double largest = (1 << depth) - 1;
  const double item = sixteen_bits ? 65535 : 255;
  const double luma = (full ? largest : 219 * step) / item;
  const double chroma = (full ? largest : 224 * step) / item;
  const double of_blue = chroma / (2 * (1 - blue));
  const double of_red = chroma / (2 * (1 - red));
  const auto f = [](double value) { return static_cast<float>(value); };
  return {{f(red * luma), f(green * luma), f(blue * luma)},
          {f(-red * of_blue), f(-green * of_blue), f((1 - blue) * of_blue)},
          {f((1 - red) * of_red), f(-green * of_red), f(-blue * of_red)},
          f((full ? 0 : 16 * step) + 0.5),
          f(128 * step + 0.5),
          f(largest)};
}

VIDENGINE_INLINE float dot(const std::array<float, 3>& k, float r, float g, float b) {
  return k[0] * r + k[1] * g + k[2] * b;
}

template <typename Out>
VIDENGINE_INLINE Out code(float value, float most) {
  const float within = value < 0 ? 0 : value > most ? most : value;
  return static_cast<Out>(static_cast<int>(within));
}

struct Rows {
  float* red;
  float* green;
  float* blue;
  float* u;  // of two rows together, with a sample before the first
  float* v;
};

template <typename In, typename Out>
VIDENGINE_INLINE void luma_row(const In* __restrict in, std::ptrdiff_t count, const Coefficients& k,
                               const Rows& rows, Out* __restrict luma, bool second) {
  float* __restrict red = rows.red;
  float* __restrict green = rows.green;
  float* __restrict blue = rows.blue;
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    red[i] = static_cast<float>(in[3 * i]);
    green[i] = static_cast<float>(in[3 * i + 1]);
    blue[i] = static_cast<float>(in[3 * i + 2]);
  }
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    luma[i] = code<Out>(k.black + dot(k.y, red[i], green[i], blue[i]), k.most);
  }
  float* __restrict u = rows.u;
  float* __restrict v = rows.v;
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    const float before_u = second ? u[i] : 0;
    const float before_v = second ? v[i] : 0;
    u[i] = before_u + dot(k.u, red[i], green[i], blue[i]);
    v[i] = before_v + dot(k.v, red[i], green[i], blue[i]);
  }
}

// Two rows' differences, at every luma sample → one row of chroma.
template <typename Out>
VIDENGINE_INLINE void chroma_row(float* __restrict wide, std::ptrdiff_t count,
                                 const Coefficients& k, Out* __restrict chroma) {
  wide[-1] = wide[0];
  for (std::ptrdiff_t i = 0; i < count / 2; ++i) {
    const float sum = wide[2 * i - 1] + 2 * wide[2 * i] + wide[2 * i + 1];
    chroma[i] = code<Out>(k.middle + sum * 0.125F, k.most);
  }
}

template <typename In, typename Out>
VIDENGINE_INLINE void picture_from_rgb(const RgbView& rgb, AVFrame& picture, const Coefficients& k,
                                       const Rows& rows) {
  const auto out = [&](int plane, int y) {
    return reinterpret_cast<Out*>(picture.data[plane] +
                                  static_cast<std::ptrdiff_t>(picture.linesize[plane]) * y);
  };
  for (int y = 0; y < picture.height; ++y) {
    const auto* in = reinterpret_cast<const In*>(rgb.data + rgb.stride * y);
    luma_row<In, Out>(in, picture.width, k, rows, out(0, y), y % 2 != 0);
    if (y % 2 == 0) continue;
    chroma_row(rows.u, picture.width, k, out(1, y / 2));
    chroma_row(rows.v, picture.width, k, out(2, y / 2));
  }
}

VIDENGINE_INLINE void any(const RgbView& rgb, AVFrame& picture, const Coefficients& k,
                          const Rows& rows) {
  const bool ten_bits = picture.format == AV_PIX_FMT_YUV420P10LE;
  if (rgb.sixteen_bits) {
    ten_bits ? picture_from_rgb<uint16_t, uint16_t>(rgb, picture, k, rows)
             : picture_from_rgb<uint16_t, uint8_t>(rgb, picture, k, rows);
  } else {
    ten_bits ? picture_from_rgb<uint8_t, uint16_t>(rgb, picture, k, rows)
             : picture_from_rgb<uint8_t, uint8_t>(rgb, picture, k, rows);
  }
}

void plain(const RgbView& rgb, AVFrame& picture, const Coefficients& k, const Rows& rows) {
  any(rgb, picture, k, rows);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void avx2(const RgbView& rgb, AVFrame& picture,
                                          const Coefficients& k, const Rows& rows) {
  any(rgb, picture, k, rows);
}
#endif

}  // namespace

void from_rgb(const RgbView& rgb, AVFrame& picture, std::vector<float>& scratch) {
  const int depth = picture.format == AV_PIX_FMT_YUV420P10LE ? 10 : 8;
  const Coefficients k = coefficients(picture, rgb.sixteen_bits, depth);
  const std::size_t row = (static_cast<std::size_t>(picture.width) + 15) / 16 * 16 + 16;
  scratch.resize(5 * row);
  const auto part = [&](std::size_t i) { return scratch.data() + i * row; };
  const Rows rows{part(0), part(1), part(2), part(3) + 8, part(4) + 8};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") != 0) {
    avx2(rgb, picture, k, rows);
    return;
  }
#endif
  plain(rgb, picture, k, rows);
}

}  // namespace videngine::frames
