#include "filter/frame_pool.h"

extern "C" {
#include <libavutil/imgutils.h>
}

#include "av/check.h"

namespace videngine {
namespace {

// AVX-512 reads and writes 64 bytes; libzimg asks for it.
constexpr int kAlignment = 64;

constexpr int align(int bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

FramePool::FramePool(int width_px, int height_px, AVPixelFormat format)
    : width_px_(width_px), height_px_(height_px), format_(format) {
  av::check(av_image_fill_linesizes(linesizes_, format, align(width_px)),
            "av_image_fill_linesizes");
  ptrdiff_t linesizes[4];
  for (int i = 0; i < 4; ++i) linesizes[i] = linesizes_[i] = align(linesizes_[i]);
  av::check(av_image_fill_plane_sizes(plane_bytes_, format, height_px, linesizes),
            "av_image_fill_plane_sizes");
  std::size_t bytes = kAlignment;
  for (const std::size_t plane : plane_bytes_) bytes += plane + kAlignment;
  pool_.reset(av_buffer_pool_init(bytes, nullptr));
  if (!pool_) throw std::bad_alloc();
}

av::Frame FramePool::get() {
  av::Frame frame = av::make_frame();
  frame->buf[0] = av_buffer_pool_get(pool_.get());
  if (frame->buf[0] == nullptr) throw std::bad_alloc();
  frame->width = width_px_;
  frame->height = height_px_;
  frame->format = format_;
  uint8_t* plane = frame->buf[0]->data;
  for (int i = 0; i < 4 && plane_bytes_[i] > 0; ++i) {
    const auto misaligned = reinterpret_cast<uintptr_t>(plane) % kAlignment;
    if (misaligned != 0) plane += kAlignment - misaligned;
    frame->data[i] = plane;
    frame->linesize[i] = linesizes_[i];
    plane += plane_bytes_[i];
  }
  frame->extended_data = frame->data;
  return frame;
}

}  // namespace videngine
