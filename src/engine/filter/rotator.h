#pragma once

#include <optional>

#include "filter/chain.h"

namespace videngine {

// Turns pictures clockwise by 0, 90, 180 or 270 degrees. A frame that is not to be turned is handed
// through. Not thread-safe.
class Rotator {
 public:
  explicit Rotator(int clockwise_deg) : clockwise_deg_(clockwise_deg) {}

  av::Frame turn(av::Frame frame);

 private:
  int clockwise_deg_;
  std::optional<FilterChain> chain_;  // made for the first frame, and again when the size changes
};

}  // namespace videngine
