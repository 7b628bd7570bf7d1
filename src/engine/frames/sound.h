#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "frames/index.h"
#include "frames/sieve.h"

namespace videngine::frames {

// Which part of a source's sound is wanted, and as what.
struct SoundWanted {
  std::string stream = "a:0";  // or the number of a stream
  int sample_rate_hz = 0;
  int channels = 0;                  // mixed in the usual way; 0: the source's own
  int64_t first_sample = 0;          // at `sample_rate_hz`, from the source's origin
  std::optional<int64_t> samples{};  // none: to the end
  Damaged damaged = Damaged::kRaise;
};

struct Sound {
  int channels = 0;
  std::vector<float> samples;  // interleaved, full scale is 1
};

// Decodes a part of a source's sound. Sample k is the sound at the instant k / sample_rate_hz from
// the source's origin, wherever the part begins: gaps are silence, and what the source starts later
// is, too. What lies behind the end of the sound is left out. Throws what Input and Decoder throw,
// InputError source_no_streams, Damage.
Sound read_sound(const std::string& path, const SoundWanted& wanted, const Check& check);

}  // namespace videngine::frames
