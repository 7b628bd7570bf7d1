#pragma once

#include "analysis/findings.h"
#include "av/handles.h"

namespace videngine::analysis {

// Writes what was found about a frame onto it, as libavcodec's encoders take it: its type, and the
// offsets of the quantizer for every macroblock of 16x16 as regions of interest.
// Throws std::bad_alloc.
void order(AVFrame& frame, const Finding& found);

// Finding::cost of a frame that was ordered, for those who share out bits among encoders.
int64_t cost_of(const AVFrame& frame);

}  // namespace videngine::analysis
