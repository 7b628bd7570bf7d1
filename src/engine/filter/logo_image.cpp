#include "filter/logo_image.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "av/check.h"
#include "decode/decoder.h"
#include "demux/input.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace videngine {
namespace {

constexpr float kMost = 65535;
constexpr int kMostSidePx = 8192;

[[noreturn]] void fail(const std::string& reason) {
  throw EngineError(ErrorClass::InputError, "logo_fetch_failed",
                    "The logo is no PNG, JPEG or WebP image that can be read: " + reason);
}

av::Frame decode(const std::string& path) {
  const Input input(path, nullptr, Input::Kind::kImage);
  AVFormatContext& file = *input.context();
  Decoder decoder(*file.streams[0], 1);
  av::Frame image;
  const auto take = [&image](av::Frame frame) {
    image = std::move(frame);
    return false;
  };
  const av::Packet packet = av::make_packet();
  while (!image && av_read_frame(&file, packet.get()) >= 0) {
    decoder.decode(packet.get(), take);
    av_packet_unref(packet.get());
  }
  if (!image) decoder.decode(nullptr, take);
  return image;
}

av::Frame rgba_frame(int width_px, int height_px, AVPixelFormat format = AV_PIX_FMT_RGBA64LE) {
  av::Frame frame = av::make_frame();
  frame->width = width_px;
  frame->height = height_px;
  frame->format = format;
  av::check(av_frame_get_buffer(frame.get(), 0), "av_frame_get_buffer");
  return frame;
}

void convert(const AVFrame& from, AVFrame& to, int flags) {
  const av::Sws sws(sws_getContext(from.width, from.height, static_cast<AVPixelFormat>(from.format),
                                   to.width, to.height, static_cast<AVPixelFormat>(to.format),
                                   flags, nullptr, nullptr, nullptr));
  if (!sws) fail("its pixels have a format that cannot be converted.");
  av::check(sws_scale(sws.get(), from.data, from.linesize, 0, from.height, to.data, to.linesize),
            "sws_scale");
}

uint16_t* row(const AVFrame& frame, int y) {
  return reinterpret_cast<uint16_t*>(frame.data[0] +
                                     static_cast<std::ptrdiff_t>(y) * frame.linesize[0]);
}

// In 16 bits. libswscale's own way from 8 bits to 16 is by YUV, and loses a code.
av::Frame in_rgba(const AVFrame& image) {
  constexpr int kFlags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP;
  av::Frame rgba = rgba_frame(image.width, image.height);
  const auto* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(image.format));
  if (format->comp[0].depth > 8) {
    convert(image, *rgba, kFlags);
    return rgba;
  }
  const av::Frame bytes = rgba_frame(image.width, image.height, AV_PIX_FMT_RGBA);
  convert(image, *bytes, kFlags);
  for (int y = 0; y < image.height; ++y) {
    const uint8_t* from = bytes->data[0] + static_cast<std::ptrdiff_t>(y) * bytes->linesize[0];
    uint16_t* to = row(*rgba, y);
    for (int i = 0; i < 4 * image.width; ++i) to[i] = static_cast<uint16_t>(257 * from[i]);
  }
  return rgba;
}

// So that what is invisible has no colour that scaling could bring to light.
void multiply_by_alpha(const AVFrame& frame) {
  for (int y = 0; y < frame.height; ++y) {
    uint16_t* pixel = row(frame, y);
    for (int x = 0; x < frame.width; ++x, pixel += 4) {
      for (int i = 0; i < 3; ++i) {
        pixel[i] = static_cast<uint16_t>(
            std::lround(static_cast<float>(pixel[i]) * static_cast<float>(pixel[3]) / kMost));
      }
    }
  }
}

}  // namespace

LogoImage read_logo(const LogoPlan& plan) {
  av::Frame image;
  try {
    image = decode(plan.path);
  } catch (const EngineError& error) {
    fail(error.what());
  }
  if (!image) fail("it holds no picture.");
  av::Frame rgba = in_rgba(*image);
  multiply_by_alpha(*rgba);

  const double shape = static_cast<double>(image->width) / image->height;
  double width = image->width;
  if (plan.width_px) {
    width = *plan.width_px;
  } else if (plan.height_px) {
    width = *plan.height_px * shape;
  }
  const double height = plan.height_px ? *plan.height_px : width / shape;
  const int width_px = std::clamp(static_cast<int>(std::lround(width)), 1, kMostSidePx);
  const int height_px = std::clamp(static_cast<int>(std::lround(height)), 1, kMostSidePx);
  if (width_px != rgba->width || height_px != rgba->height) {
    av::Frame scaled = rgba_frame(width_px, height_px);
    const bool smaller = width_px < rgba->width;
    convert(*rgba, *scaled, (smaller ? SWS_AREA : SWS_BILINEAR) | SWS_ACCURATE_RND);
    rgba = std::move(scaled);
  }

  LogoImage logo{width_px, height_px, {}};
  logo.rgba.reserve(std::size_t{4} * static_cast<std::size_t>(width_px) *
                    static_cast<std::size_t>(height_px));
  for (int y = 0; y < height_px; ++y) {
    const uint16_t* pixel = row(*rgba, y);
    for (int x = 0; x < width_px; ++x, pixel += 4) {
      const float alpha = static_cast<float>(pixel[3]) / kMost;
      for (int i = 0; i < 4; ++i) {
        logo.rgba.push_back(std::min(static_cast<float>(pixel[i]) / kMost, alpha));
      }
    }
  }
  return logo;
}

void check_logo(const std::string& path) {
  LogoPlan plan;
  plan.path = path;
  read_logo(plan);
}

}  // namespace videngine
