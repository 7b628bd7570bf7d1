#include "analysis/small_picture.h"

#include <algorithm>
#include <cstring>

#include "analysis/motion.h"

namespace videngine::analysis {

SmallPicture::SmallPicture(const AVFrame& frame)
    : columns_((frame.width + kBlock - 1) / kBlock),
      rows_((frame.height + kBlock - 1) / kBlock),
      stride_(columns_ * kBlock + 2 * kMargin) {
  fill(frame);
  interpolate();
  intra_ = intra_costs(*this);
}

// The edges go on outside.
void SmallPicture::fill(const AVFrame& frame) {
  const int height = rows_ * kBlock + 2 * kMargin;
  const auto right = static_cast<std::size_t>(stride_ - kMargin - frame.width);
  planes_[0].resize(static_cast<std::size_t>(stride_) * height);
  for (int y = 0; y < height; ++y) {
    const int from = std::clamp(y - kMargin, 0, frame.height - 1);
    const uint8_t* source = frame.data[0] + static_cast<std::ptrdiff_t>(from) * frame.linesize[0];
    uint8_t* row = planes_[0].data() + y * stride_;
    std::memset(row, source[0], kMargin);
    std::memcpy(row + kMargin, source, static_cast<std::size_t>(frame.width));
    std::memset(row + kMargin + frame.width, source[frame.width - 1], right);
  }
}

// The last row and column repeat what is before them: nobody looks that far out.
void SmallPicture::interpolate() {
  const std::size_t size = planes_[0].size();
  const auto stride = static_cast<std::size_t>(stride_);
  const auto average = [size](const std::vector<uint8_t>& from, std::size_t step,
                              std::vector<uint8_t>& to) {
    to = from;
    for (std::size_t i = 0; i + step < size; ++i) {
      to[i] = static_cast<uint8_t>((from[i] + from[i + step] + 1) >> 1);
    }
  };
  average(planes_[0], 1, planes_[1]);
  average(planes_[0], stride, planes_[2]);
  average(planes_[1], stride, planes_[3]);
}

}  // namespace videngine::analysis
