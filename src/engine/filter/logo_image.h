#pragma once

#include <string>
#include <vector>

#include "plan.h"

namespace videngine {

// A still image with straight alpha: R, G, B (coded as sRGB, times alpha) and alpha, each from 0 to
// 1, row by row.
struct LogoImage {
  int width_px = 0;
  int height_px = 0;
  std::vector<float> rgba;
};

// Reads a PNG, JPEG or WebP and brings it to the size asked for; a side that is not follows from
// the other. Throws InputError logo_fetch_failed.
LogoImage read_logo(const LogoPlan& plan);
// Throws what read_logo would.
void check_logo(const std::string& path);

}  // namespace videngine
