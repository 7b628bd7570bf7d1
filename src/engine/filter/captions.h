#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "av/handles.h"

namespace videngine {

// EIA-608 and CEA-708 captions ride on the pictures as ATSC A/53 cc_data: triplets of a byte of
// flags and two bytes of text, which make sense only if each arrives once and in order.
using CaptionTriplet = std::array<uint8_t, 3>;

// The captions of a frame, padding included; none if it carries none.
std::vector<CaptionTriplet> captions_of(const AVFrame& frame);
// Replaces the frame's captions; an empty list removes them.
void set_captions(AVFrame& frame, const std::vector<CaptionTriplet>& captions);

// Carries captions from one frame rate to another: those of a frame that is left out go with the
// next one that is shown, those of a frame that is repeated go with its first copy. Not
// thread-safe.
class CaptionQueue {
 public:
  void put(const std::vector<CaptionTriplet>& captions);
  // What the next frame carries: as much as cc_count can say, the rest later.
  std::vector<CaptionTriplet> take();
  void clear() { waiting_.clear(); }

 private:
  std::deque<CaptionTriplet> waiting_;
};

}  // namespace videngine
