#include "frames/sieve.h"

#include <string>
#include <utility>

#include "av/check.h"
#include "av/frame_facts.h"
#include "frames/damage.h"

namespace videngine::frames {

void throw_damage(const Cursor& cursor, const Cursor::Step& step) {
  const double time_s = cursor.time_s(step.pts);
  const std::string cause =
      step.error != 0 ? av::describe(step.error) : std::string("parts of it cannot be decoded");
  throw Damage("The picture at " + std::to_string(time_s) + " s (pts " + std::to_string(step.pts) +
                   ") is damaged: " + cause +
                   R"(. Open the source with damaged="skip" or "show" to go on behind it.)",
               step.pts, time_s);
}

av::Frame Sieve::sift(Cursor::Step step) {
  if (policy_ == Damaged::kShow) return std::move(step.frame);
  const bool key = step.frame && av::is_key(*step.frame);
  if (!step.damaged) {
    if (key) began_ = sound_ = true;
    // A source may hold no key frames at all, where each picture refreshes a part of the next.
    const bool shown = sound_ || !began_;
    return shown ? std::move(step.frame) : nullptr;
  }
  if (policy_ == Damaged::kRaise && (began_ || key)) throw_damage(cursor_, step);
  sound_ = false;
  return nullptr;
}

}  // namespace videngine::frames
