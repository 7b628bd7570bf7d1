#pragma once

#include <cstdint>
#include <mutex>

#include "plan.h"

namespace videngine {

// Finds the CRF with which chunks that are encoded beside each other come to an average rate. Bits
// are taken to be in proportion to what the look ahead found left to code, and to halve every six
// steps of CRF; the proportion is learnt from what was coded. What was spent too much or too little
// comes back over the next seconds; what chunks under way are thought to take counts as spent.
// Any thread.
class ChunkRate {
 public:
  // For a plan with a bit rate.
  ChunkRate(const VideoRenditionPlan& plan, Rational frame_rate);

  // So much there is to code, or was: by the look ahead's measure, or in bits.
  struct Amount {
    double keys = 0;
    double others = 0;
    [[nodiscard]] double sum() const { return keys + others; }
  };
  struct Chunk {
    int64_t pictures = 0;
    Amount cost{};
    double crf = 0;
    double promised_bits = 0;
  };

  // Nothing is known before the first of these: a part of a chunk was tried and thrown away.
  void tried(const Chunk& chunk, const Amount& bits);
  // Decides the CRF and the promise of a chunk.
  void begin(Chunk& chunk);
  // It was coded.
  void end(const Chunk& chunk, const Amount& bits);
  // It will be coded again.
  void take_back(const Chunk& chunk, const Amount& bits);

 private:
  void learn(const Chunk& chunk, const Amount& bits);
  [[nodiscard]] double bits_at_crf_0(const Amount& cost) const;

  const double bits_per_picture_;
  const double pictures_per_s_;
  std::mutex mutex_;
  // Of what was coded; what is long ago counts less.
  Amount cost_{};
  Amount bits_{};  // at CRF 0
  double pictures_ = 0;
  // Of the whole title.
  int64_t begun_pictures_ = 0;
  double spent_bits_ = 0;
};

// The buffer of a decoder that is filled at the highest rate and gives each picture at its time
// (ITU-T H.264, annex C.1, with x264's beginning).
class DecoderBuffer {
 public:
  // For a plan with a highest rate.
  DecoderBuffer(const VideoRenditionPlan& plan, Rational frame_rate);

  // Takes one picture; false: it was not there in time.
  bool take(int64_t bits);
  [[nodiscard]] double filled_bits() const { return filled_bits_; }

 private:
  double size_bits_;
  double bits_per_picture_;
  double filled_bits_;
};

}  // namespace videngine
