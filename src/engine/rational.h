#pragma once

#include <compare>
#include <cstdint>
#include <numeric>

extern "C" {
#include <libavutil/avutil.h>
#include <libavutil/mathematics.h>
#include <libavutil/rational.h>
}

namespace videngine {

// Products of two 64-bit numbers; every compiler we build with has it.
__extension__ using Wide = __int128;

// An exact number of seconds, or of frames a second. Always in lowest terms with a positive
// denominator.
struct Rational {
  int64_t num = 0;
  int64_t den = 1;

  static Rational of(int64_t num, int64_t den) {
    const int64_t divisor = std::gcd(num, den) * (den < 0 ? -1 : 1);
    return divisor == 0 ? Rational{} : Rational{num / divisor, den / divisor};
  }
  static Rational of(AVRational value) { return of(value.num, value.den); }

  [[nodiscard]] double to_double() const {
    return static_cast<double>(num) / static_cast<double>(den);
  }
  // For libav, whose rationals have 32 bits; frame rates and time bases fit.
  [[nodiscard]] AVRational to_av() const {
    AVRational out{};
    av_reduce(&out.num, &out.den, num, den, INT32_MAX);
    return out;
  }
  // Of seconds: microseconds, rounded to the nearest.
  [[nodiscard]] int64_t to_us() const { return av_rescale(num, AV_TIME_BASE, den); }
  [[nodiscard]] Rational inverse() const { return of(den, num); }

  friend bool operator==(const Rational&, const Rational&) = default;
  friend std::strong_ordering operator<=>(const Rational& a, const Rational& b) {
    return static_cast<Wide>(a.num) * b.den <=> static_cast<Wide>(b.num) * a.den;
  }
};

}  // namespace videngine
