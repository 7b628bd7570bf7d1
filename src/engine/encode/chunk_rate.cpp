#include "encode/chunk_rate.h"

#include <algorithm>
#include <cmath>

namespace videngine {
namespace {

// So many steps of CRF halve the bits.
constexpr double kHalving = 6;
constexpr double kLowestCrf = 1;
constexpr double kHighestCrf = 44;
// After so many seconds what was coded counts half.
constexpr double kHalfLife_s = 20;
// Within so many seconds what was spent too much comes back, by at most this part of the rate.
constexpr double kPayBack_s = 10;
constexpr double kMostPaidBack = 0.5;
// How far a chunk keeps to its own share of the rate; the rest is the title's mean quality.
constexpr double kOwnShare = 0.5;
constexpr double kFirstFilling = 0.9;  // x264's

}  // namespace

ChunkRate::ChunkRate(const VideoRenditionPlan& plan, Rational frame_rate)
    : bits_per_picture_(static_cast<double>(*plan.bitrate_bps) / frame_rate.to_double()),
      pictures_per_s_(frame_rate.to_double()) {}

void ChunkRate::tried(const Chunk& chunk, const Amount& bits) {
  const std::scoped_lock lock(mutex_);
  learn(chunk, bits);
}

void ChunkRate::begin(Chunk& chunk) {
  const std::scoped_lock lock(mutex_);
  const auto count = static_cast<double>(chunk.pictures);
  const double own = bits_at_crf_0(chunk.cost);
  const double mean = (bits_.sum() + own) / (pictures_ + count) * count;
  const double too_much = spent_bits_ - static_cast<double>(begun_pictures_) * bits_per_picture_;
  const double back = std::clamp(too_much / (kPayBack_s * pictures_per_s_ * bits_per_picture_),
                                 -kMostPaidBack, kMostPaidBack);
  const double budget = count * bits_per_picture_ * (1 - back);
  const double steps =
      kOwnShare * std::log2(own / budget) + (1 - kOwnShare) * std::log2(mean / budget);
  chunk.crf = std::clamp(kHalving * steps, kLowestCrf, kHighestCrf);
  chunk.promised_bits = own * std::exp2(-chunk.crf / kHalving);
  spent_bits_ += chunk.promised_bits;
  begun_pictures_ += chunk.pictures;
}

void ChunkRate::end(const Chunk& chunk, const Amount& bits) {
  const std::scoped_lock lock(mutex_);
  learn(chunk, bits);
  spent_bits_ += bits.sum() - chunk.promised_bits;
}

void ChunkRate::take_back(const Chunk& chunk, const Amount& bits) {
  const std::scoped_lock lock(mutex_);
  spent_bits_ += chunk.promised_bits - bits.sum();
}

void ChunkRate::learn(const Chunk& chunk, const Amount& bits) {
  const auto count = static_cast<double>(chunk.pictures);
  const double fading = std::exp2(-count / (kHalfLife_s * pictures_per_s_));
  const double at_crf_0 = std::exp2(chunk.crf / kHalving);
  cost_ = {cost_.keys * fading + chunk.cost.keys, cost_.others * fading + chunk.cost.others};
  bits_ = {bits_.keys * fading + bits.keys * at_crf_0,
           bits_.others * fading + bits.others * at_crf_0};
  pictures_ = pictures_ * fading + count;
}

double ChunkRate::bits_at_crf_0(const Amount& cost) const {
  // Each has at least one bit, and costs at least one: nothing is divided by nothing.
  const auto share = [](double bits, double of, double now) {
    return std::max(bits, 1.0) / std::max(of, 1.0) * std::max(now, 1.0);
  };
  return share(bits_.keys, cost_.keys, cost.keys) + share(bits_.others, cost_.others, cost.others);
}

DecoderBuffer::DecoderBuffer(const VideoRenditionPlan& plan, Rational frame_rate)
    : size_bits_(static_cast<double>(*plan.buffer_size_bits)),
      bits_per_picture_(static_cast<double>(*plan.max_bitrate_bps) / frame_rate.to_double()),
      filled_bits_(kFirstFilling * size_bits_) {}

bool DecoderBuffer::take(int64_t bits) {
  filled_bits_ -= static_cast<double>(bits);
  const bool in_time = filled_bits_ >= 0;
  filled_bits_ = std::min(std::max(filled_bits_, 0.0) + bits_per_picture_, size_bits_);
  return in_time;
}

}  // namespace videngine
