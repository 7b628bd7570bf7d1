#pragma once

#include <optional>
#include <utility>

#include "bindings/frames.h"

namespace videngine::bindings {

// A plane as a DLPack capsule, with no copy unless one is asked for. `max_version`: what the
// consumer understands; one from before 1.0 cannot be told that memory is read-only, and gets none
// of it. Throws BufferError.
pybind11::object to_dlpack(const HeldFrame& held, int plane,
                           std::optional<std::pair<int, int>> max_version,
                           std::optional<bool> copy);

}  // namespace videngine::bindings
