#pragma once

#include <cstdint>
#include <span>

#include "av/handles.h"

namespace videngine::av {

// What a container says of a stream beside its packets; empty if it does not.
std::span<const uint8_t> side_data(const AVStream& stream, AVPacketSideDataType type);

// HDR10's static metadata (SMPTE ST 2086 mastering display, CTA-861.3 content light level) from one
// frame to another.
void copy_hdr_metadata(AVFrame& to, const AVFrame& from);
// The same from the container, where the frame has none of its own: decoders pass on what the bit
// stream holds, and MP4 and Matroska may be the only ones to know.
void add_hdr_metadata(AVFrame& frame, const AVStream& stream);
void remove_hdr_metadata(AVFrame& frame);

}  // namespace videngine::av
