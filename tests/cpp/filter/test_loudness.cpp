// The meter against the levels of EBU Tech 3341, and the limiter against its own promise.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "filter/loudness_meter.h"
#include "filter/peak_limiter.h"

namespace videngine {
namespace {

constexpr int kRate = 48'000;

using Sound = std::vector<float>;

double amplitude_of(double dbfs) { return std::pow(10, dbfs / 20); }

// Seconds of a 1000 Hz sine at a peak level.
Sound sine(double seconds, double dbfs, double hz = 1000, double phase = 0) {
  Sound sound(static_cast<std::size_t>(seconds * kRate));
  for (std::size_t i = 0; i < sound.size(); ++i) {
    const double turn = 2 * std::numbers::pi * hz * static_cast<double>(i) / kRate + phase;
    sound[i] = static_cast<float>(amplitude_of(dbfs) * std::sin(turn));
  }
  return sound;
}

// Comes and goes within 50 ms: a sudden start would have peaks of its own.
Sound faded(Sound sound) {
  const auto most = static_cast<double>(kRate) / 20;
  for (std::size_t i = 0; i < sound.size(); ++i) {
    const auto edge = static_cast<double>(std::min(i, sound.size() - 1 - i));
    sound[i] *= static_cast<float>(std::min(edge / most, 1.0));
  }
  return sound;
}

Sound joined(const std::vector<Sound>& parts) {
  Sound sound;
  for (const Sound& part : parts) sound.insert(sound.end(), part.begin(), part.end());
  return sound;
}

// Gives a sound to `push(planes, samples)` in blocks, the same on every channel.
template <typename Push>
void in_blocks(const Sound& sound, int channels, int block, const Push& push) {
  for (std::size_t at = 0; at < sound.size(); at += static_cast<std::size_t>(block)) {
    const auto samples = std::min(static_cast<std::size_t>(block), sound.size() - at);
    const std::vector<const uint8_t*> planes(static_cast<std::size_t>(channels),
                                             reinterpret_cast<const uint8_t*>(&sound[at]));
    push(planes.data(), static_cast<int>(samples));
  }
}

struct Levels {
  double integrated_lufs;
  double true_peak_dbtp;
};

Levels measured(const Sound& sound) {
  LoudnessMeter meter(kRate, "stereo");
  in_blocks(sound, 2, 1024, [&](const auto* planes, int samples) { meter.push(planes, samples); });
  meter.finish();
  return {meter.integrated_lufs(), meter.true_peak_dbtp()};
}

// EBU Tech 3341, table 1: each within 0.1 LU.
TEST(LoudnessMeter, HasTheLevelsOfEbu3341) {
  EXPECT_NEAR(measured(sine(20, -23)).integrated_lufs, -23, 0.1);  // case 1
  EXPECT_NEAR(measured(sine(20, -33)).integrated_lufs, -33, 0.1);  // case 2
  const Sound gated = joined({sine(10, -36), sine(60, -23), sine(10, -36)});
  EXPECT_NEAR(measured(gated).integrated_lufs, -23, 0.1);  // case 3
  const Sound quiet =
      joined({sine(10, -72), sine(10, -36), sine(60, -23), sine(10, -36), sine(10, -72)});
  EXPECT_NEAR(measured(quiet).integrated_lufs, -23, 0.1);  // case 4
}

TEST(LoudnessMeter, FindsPeaksBetweenSamples) {
  // At a quarter of the rate and 45 degrees off every sample is 3 dB below the peak (case 15).
  const Levels found = measured(faded(sine(2, -6, kRate / 4.0, std::numbers::pi / 4)));
  EXPECT_NEAR(found.true_peak_dbtp, -6, 0.4);
}

TEST(LoudnessMeter, CallsSilenceSilent) {
  const Levels found = measured(Sound(kRate, 0));
  EXPECT_LE(found.integrated_lufs, -70);
  EXPECT_LT(found.true_peak_dbtp, -100);
}

Sound limited(const Sound& sound, double gain_db, double limit_dbtp, int block = 1000) {
  PeakLimiter limiter(kRate, 1, gain_db, limit_dbtp);
  Sound result;
  const PeakLimiter::Take take = [&](const uint8_t* const* planes, int samples) {
    const auto* data = reinterpret_cast<const float*>(planes[0]);
    result.insert(result.end(), data, data + samples);
  };
  in_blocks(sound, 1, block,
            [&](const auto* planes, int samples) { limiter.push(planes, samples, take); });
  limiter.drain(take);
  return result;
}

TEST(PeakLimiter, OnlyAmplifiesWhatStaysBelowTheLimit) {
  const Sound sound = sine(0.5, -20);
  const Sound found = limited(sound, 6, -1);
  ASSERT_EQ(found.size(), sound.size());
  for (std::size_t i = 0; i < sound.size(); ++i) {
    ASSERT_NEAR(found[i], sound[i] * amplitude_of(6), 1e-5) << i;
  }
}

TEST(PeakLimiter, KeepsPeaksBelowTheLimitAndComesBack) {
  const Sound sound = joined({sine(1, -30), sine(0.2, -3), sine(3, -30)});
  const Sound found = limited(sound, 12, -1);
  ASSERT_EQ(found.size(), sound.size());
  EXPECT_LE(measured(found).true_peak_dbtp, -1 + 0.1);
  // Long before and long after it is amplified in full, at the same samples.
  for (const std::size_t i : {std::size_t{kRate / 2}, found.size() - kRate / 10}) {
    for (std::size_t k = i; k < i + 100; ++k) {
      ASSERT_NEAR(found[k], sound[k] * amplitude_of(12), 2e-3) << k;
    }
  }
}

TEST(PeakLimiter, SeesPeaksBetweenSamples) {
  const Sound sound = faded(sine(1, -0.1, kRate / 4.0, std::numbers::pi / 4));
  EXPECT_LE(measured(limited(sound, 0, -3)).true_peak_dbtp, -3 + 0.4);
}

TEST(PeakLimiter, DoesNotDependOnHowSoundIsCut) {
  std::mt19937 random(3);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same noise every time
  std::normal_distribution<float> noise(0, 0.3F);
  Sound sound(kRate / 2);
  for (float& sample : sound) sample = noise(random);
  const Sound whole = limited(sound, 3, -1, kRate);
  EXPECT_EQ(limited(sound, 3, -1, 1), whole);
  EXPECT_EQ(limited(sound, 3, -1, 999), whole);
}

}  // namespace
}  // namespace videngine
