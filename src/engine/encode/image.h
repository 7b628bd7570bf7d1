#pragma once

#include <string>

#include "av/handles.h"

namespace videngine {

// How an image is written: `format` is png, jpg or webp, `quality` 1 to 100 (png has none).
struct ImageFormat {
  std::string format;
  int quality = 85;

  // What encode_image takes.
  [[nodiscard]] AVPixelFormat pixel_format() const;
};

bool is_image_format(const std::string& format);

// Writes one picture as an image file and returns its size in bytes; `subject` is for failures.
int64_t write_image(const AVFrame& picture, const ImageFormat& format, const std::string& path,
                    const std::string& subject);

}  // namespace videngine
