#pragma once

#include <string>

#include "av/handles.h"

namespace videngine::frames {

// The number of the stream that a caller named: "v:0" is the first of the pictures that move,
// "a:1" the second of the sounds, "3" counts all streams. `type` is what is wanted, and the letter
// that `choice` may begin with. Throws std::invalid_argument for what names no stream at all,
// InputError source_no_streams for one that the source has not.
int choose_stream(const AVFormatContext& context, const std::string& choice, AVMediaType type);

}  // namespace videngine::frames
