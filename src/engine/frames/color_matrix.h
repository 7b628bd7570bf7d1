#pragma once

#include <optional>
#include <utility>

extern "C" {
#include <libavutil/pixfmt.h>
}

namespace videngine::frames {

// What an untold matrix is taken for: BT.709 above 576 lines, else BT.601, as players do.
inline AVColorSpace told_matrix(AVColorSpace matrix, int height_px) {
  if (matrix != AVCOL_SPC_UNSPECIFIED && matrix != AVCOL_SPC_RESERVED) return matrix;
  return height_px > 576 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
}

// The weights of red and blue in luma (ITU-T H.273, table 4); nothing for matrices that are no
// weighted sum.
inline std::optional<std::pair<double, double>> weights_of(AVColorSpace matrix) {
  switch (matrix) {
    case AVCOL_SPC_BT709:
      return std::pair(0.2126, 0.0722);
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
      return std::pair(0.299, 0.114);
    case AVCOL_SPC_BT2020_NCL:
      return std::pair(0.2627, 0.0593);
    case AVCOL_SPC_SMPTE240M:
      return std::pair(0.212, 0.087);
    case AVCOL_SPC_FCC:
      return std::pair(0.30, 0.11);
    default:
      return std::nullopt;
  }
}

}  // namespace videngine::frames
