#pragma once

#include "demux/input.h"
#include "demux/probe.h"

namespace videngine {

// What is known of a picture stream's light: Dolby Vision's configuration and HDR10's static
// metadata, from the container, else (for PQ) from the first picture that can be decoded. Reads
// packets: whoever comes after must seek.
void read_hdr_facts(const Input& input, int stream, StreamFacts& facts);

}  // namespace videngine
