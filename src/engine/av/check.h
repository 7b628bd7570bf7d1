#pragma once

#include <string>
#include <string_view>

#include "error.h"

namespace videngine::av {

// What libav says about an error code, e.g. "Invalid data found when processing input".
std::string describe(int code);

// Throws an EngineError of `kind` if `code` is negative. Out of memory and disk full are
// ResourceErrors whatever the kind. Returns the code, which some calls use as a count. EAGAIN and
// EOF are flow, not errors: handle them before.
int check(int code, std::string_view operation, std::string_view subject = {},
          ErrorClass kind = ErrorClass::VidengineError,
          std::string_view error_code = "encoder_failed");

}  // namespace videngine::av
