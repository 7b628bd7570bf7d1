#pragma once

#include <cstdint>
#include <string>

#include "error.h"

namespace videngine::frames {

// A source that breaks off or cannot be decoded from some picture on: which, and why.
class Damage : public EngineError {
 public:
  Damage(const std::string& message, int64_t first_missing_pts, double first_missing_time_s)
      : EngineError(ErrorClass::InputError, "source_corrupt", message),
        pts(first_missing_pts),
        time_s(first_missing_time_s) {}

  int64_t pts;    // of the first picture that cannot be had, in the stream's time base
  double time_s;  // the same, from the source's origin
};

}  // namespace videngine::frames
