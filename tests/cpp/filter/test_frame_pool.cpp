#include <cstdint>
#include <cstring>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "filter/frame_pool.h"

namespace videngine {
namespace {

constexpr AVPixelFormat kFormats[] = {AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV422P10LE, AV_PIX_FMT_NV12,
                                      AV_PIX_FMT_RGB24, AV_PIX_FMT_GRAY8};

TEST(FramePool, PlanesAndLinesAreAligned) {
  for (const AVPixelFormat format : kFormats) {
    for (const int width_px : {2, 66, 853, 1920}) {
      FramePool pool(width_px, 33, format);
      const av::Frame frame = pool.get();
      EXPECT_EQ(frame->width, width_px);
      EXPECT_EQ(frame->height, 33);
      EXPECT_EQ(frame->format, format);
      for (int i = 0; i < 4 && frame->data[i] != nullptr; ++i) {
        EXPECT_EQ(reinterpret_cast<uintptr_t>(frame->data[i]) % 64, 0U);
        EXPECT_EQ(frame->linesize[i] % 64, 0);
        EXPECT_GE(frame->linesize[i], i == 0 ? width_px : width_px / 2);
      }
    }
  }
}

TEST(FramePool, EveryByteMayBeWritten) {
  FramePool pool(853, 479, AV_PIX_FMT_YUV420P);
  const av::Frame frame = pool.get();
  for (int i = 0; i < 3; ++i) {
    const std::size_t lines = i == 0 ? 479 : 240;
    std::memset(frame->data[i], 1, lines * static_cast<std::size_t>(frame->linesize[i]));
  }
  EXPECT_EQ(av_frame_is_writable(frame.get()), 1);
}

TEST(FramePool, MemoryIsUsedAgain) {
  FramePool pool(64, 64, AV_PIX_FMT_YUV420P);
  std::set<const uint8_t*> places;
  for (int i = 0; i < 20; ++i) places.insert(pool.get()->data[0]);
  EXPECT_EQ(places.size(), 1U);
}

TEST(FramePool, FramesInUseAreDifferent) {
  FramePool pool(64, 64, AV_PIX_FMT_YUV420P);
  const av::Frame first = pool.get();
  const av::Frame second = pool.get();
  EXPECT_NE(first->data[0], second->data[0]);
}

TEST(FramePool, AFrameOutlivesItsPool) {
  std::optional<FramePool> pool(std::in_place, 64, 64, AV_PIX_FMT_YUV420P);
  const av::Frame frame = pool->get();
  pool.reset();
  std::memset(frame->data[0], 7, 64);
  EXPECT_EQ(frame->data[0][63], 7);
}

TEST(FramePool, FramesMayDieOnAnyThread) {
  FramePool pool(64, 64, AV_PIX_FMT_YUV420P);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::jthread> owners;
    for (int i = 0; i < 3; ++i) {
      owners.emplace_back([frame = pool.get()]() mutable { frame.reset(); });
    }
  }
  EXPECT_TRUE(pool.get());
}

}  // namespace
}  // namespace videngine
