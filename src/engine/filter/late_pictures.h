#pragma once

#include <map>
#include <set>
#include <string>

#include "plan.h"

namespace videngine {

// The pictures of a plan that are made only when their encoders can go on, with the look ahead that
// these go by. An encoder that a shared look ahead tells what to do waits for what comes behind a
// frame, and the frame with it; what is made of a picture that waits so can be made behind the
// wait, and takes no memory before.
//
// Not late is what something wants at once, and what that is made of: what is looked at, what is
// `tapped`, and what has an encoder that waits for another look ahead or for none.
std::map<std::string, std::string> late_pictures(const Plan& plan,
                                                 const std::set<std::string>& tapped);

}  // namespace videngine
