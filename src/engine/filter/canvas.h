#pragma once

#include "av/handles.h"

namespace videngine {

// Makes a whole picture black, in any format and range.
void fill_black(AVFrame& frame);

// Copies a picture into a larger one of the same format, its corner at an even column and row.
void paste(const AVFrame& picture, const AVFrame& canvas, int left, int top);

}  // namespace videngine
