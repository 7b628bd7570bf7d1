#pragma once

#include <string>
#include <vector>

namespace videngine::av {

// Sends libav's messages into a small ring instead of stderr. Idempotent; any thread.
void capture_log();

// The last messages of warning level and above, oldest first. Any thread.
std::vector<std::string> recent_log_lines();

}  // namespace videngine::av
