#include "encode/hdr10.h"

#include <array>
#include <cmath>
#include <cstdio>

extern "C" {
#include <libavutil/mastering_display_metadata.h>
}

namespace videngine {
namespace {

std::string in_steps(AVRational value, double step) {
  std::array<char, 32> text{};
  if (step == 1) {
    std::snprintf(text.data(), text.size(), "%.6f", av_q2d(value));
  } else {
    std::snprintf(text.data(), text.size(), "%ld", std::lround(av_q2d(value) / step));
  }
  return text.data();
}

}  // namespace

std::optional<std::string> mastering_display(const AVFrame& frame, const DisplaySteps& steps) {
  const AVFrameSideData* found =
      av_frame_get_side_data(&frame, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA);
  if (found == nullptr) return std::nullopt;
  const auto& display = *reinterpret_cast<const AVMasteringDisplayMetadata*>(found->data);
  if (display.has_primaries == 0 || display.has_luminance == 0) return std::nullopt;
  std::string text;
  const auto add = [&](const char* name, const AVRational& first, const AVRational& second,
                       double step) {
    text.append(name).append("(").append(in_steps(first, step)).append(",");
    text.append(in_steps(second, step)).append(")");
  };
  const auto& [red, green, blue] = display.display_primaries;
  const auto& white = display.white_point;
  add("G", green[0], green[1], steps.chromaticity);
  add("B", blue[0], blue[1], steps.chromaticity);
  add("R", red[0], red[1], steps.chromaticity);
  add("WP", white[0], white[1], steps.chromaticity);
  add("L", display.max_luminance, display.min_luminance, steps.luminance);
  return text;
}

std::optional<std::string> content_light(const AVFrame& frame) {
  const AVFrameSideData* found = av_frame_get_side_data(&frame, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL);
  if (found == nullptr) return std::nullopt;
  const auto& light = *reinterpret_cast<const AVContentLightMetadata*>(found->data);
  return std::to_string(light.MaxCLL) + "," + std::to_string(light.MaxFALL);
}

}  // namespace videngine
