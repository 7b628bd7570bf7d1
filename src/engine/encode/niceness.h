#pragma once

#include <vector>

#include "plan.h"

namespace videngine {

// How far each video encoder of a plan, in the plan's order, gives way to the one with the most to
// do: they get parts of a core in proportion to their pixels a second, so that all end together.
// Alike, the small ones would be done early and leave the largest to one core at the end. An
// encoder whose analysis another reads counts as that one: nobody waits for a small one.
std::vector<int> encoder_niceness(const Plan& plan);

}  // namespace videngine
