#pragma once

#include <optional>
#include <string>

extern "C" {
#include <libavutil/frame.h>
}

namespace videngine {

// HDR10's static metadata of a picture as x265 and SVT-AV1 take them in their parameters, which is
// how they have to be told: FFmpeg 5.1 hands them none. Both count in steps of a size of their own.
struct DisplaySteps {
  double chromaticity;
  double luminance;  // cd/m2
};

// "G(x,y)B(x,y)R(x,y)WP(x,y)L(max,min)": the mastering display, in steps, or as it is if those are
// 1; nothing if the picture does not tell all of it.
std::optional<std::string> mastering_display(const AVFrame& frame, const DisplaySteps& steps);
// "MaxCLL,MaxFALL" in cd/m2, if the picture tells.
std::optional<std::string> content_light(const AVFrame& frame);

}  // namespace videngine
