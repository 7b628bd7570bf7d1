#pragma once

#include <optional>

#include "frames/cursor.h"

namespace videngine::frames {

// What to do about pictures that were damaged on their way to us.
enum class Damaged : uint8_t {
  kRaise,  // an error at the first one
  kSkip,   // leave them out, and what leans on them: everything up to the next key frame
  kShow,   // whatever the decoder makes of them
};

// Lets through what a caller wants to see of a cursor's steps. Before the first key frame nothing
// counts as damaged: a source that was cut out of a longer one begins with pictures that lean on
// what is not there. Not thread-safe.
class Sieve {
 public:
  Sieve(Damaged policy, const Cursor& cursor) : policy_(policy), cursor_(cursor) {}

  // The frame, or nothing if it is left out. Throws Damage.
  av::Frame sift(Cursor::Step step);

 private:
  Damaged policy_;
  const Cursor& cursor_;
  bool sound_ = false;  // a key frame has come, and nothing was damaged since
  bool began_ = false;
};

// Why there is no picture where there should be one.
[[noreturn]] void throw_damage(const Cursor& cursor, const Cursor::Step& step);

}  // namespace videngine::frames
