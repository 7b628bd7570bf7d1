#pragma once

#include <array>
#include <cstddef>

namespace videngine {

// An 8x8 Bayer matrix, 1/128 to 127/128: added before rounding down it keeps the mean of every
// flat patch, and gradients free of steps. Rows go on for as long as a vector that begins anywhere.
struct Dither {
  static constexpr float kBlack = 16 - 0.5F;
  static constexpr std::size_t kLength = 8 + 64;
  using Row = std::array<float, kLength>;

  std::array<Row, 8> plain;
  // Of every second column, with the code of black, less a half: what follows rounds to the
  // nearest.
  std::array<Row, 8> even;
  std::array<Row, 8> odd;
};

inline constexpr Dither kDither = [] {
  const auto at = [](std::size_t x, std::size_t y) {
    unsigned value = 0;
    for (unsigned bit = 0; bit < 3; ++bit) {
      const auto xy = static_cast<unsigned>((x ^ y) >> bit) & 1U;
      const auto row = static_cast<unsigned>(y >> bit) & 1U;
      value |= (xy << (5 - 2 * bit)) | (row << (4 - 2 * bit));
    }
    return (2.0F * static_cast<float>(value) + 1) / 128;
  };
  Dither dither{};
  for (std::size_t y = 0; y < 8; ++y) {
    for (std::size_t x = 0; x < Dither::kLength; ++x) {
      dither.plain[y][x] = at(x % 8, y);
      dither.even[y][x] = Dither::kBlack + at(2 * x % 8, y);
      dither.odd[y][x] = Dither::kBlack + at((2 * x + 1) % 8, y);
    }
  }
  return dither;
}();

}  // namespace videngine
