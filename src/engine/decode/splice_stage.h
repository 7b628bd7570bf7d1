#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "decode/decode_stages.h"
#include "filter/chain.h"
#include "graph/flow.h"
#include "graph/stages.h"

namespace videngine {

// A part of one source's timeline that a splice shows, in microseconds from its origin.
struct ClipRange {
  int64_t start_us = 0;
  int64_t length_us = 0;
};

// Stage: the pictures of several sources, one after another → one timeline that begins at 0. Each
// takes exactly its length on it. All get the size, square pixels, matrix and range of the first:
// other shapes are scaled to fit inside, with black bars. Drives the picture clock.
class PictureSplice {
 public:
  struct Clip {
    ClipRange range;
    std::shared_ptr<graph::FrameQueue> frames;
  };
  PictureSplice(std::vector<Clip> clips, int width_px, int height_px, graph::Stages& stages,
                graph::PictureClock& clock);

  graph::Outlet& outlet() { return outlet_; }
  void run();

  // Frames delivered and how far on the joint timeline; any thread.
  std::atomic<int64_t> frames = 0;
  std::atomic<int64_t> position_us = 0;

 private:
  bool splice(const Clip& clip, int64_t offset_us);
  bool deliver(av::Frame frame, int64_t position_us);
  av::Frame framed(av::Frame frame);

  std::vector<Clip> clips_;
  int width_px_;
  int height_px_;
  graph::Stages& stages_;
  graph::PictureClock& clock_;
  graph::Outlet outlet_;
  av::Frame first_;                   // its matrix and range are those of all
  std::optional<FilterChain> frame_;  // for clips of another shape or matrix
};

// Stage: one sound of each of several sources → one timeline, without a hole or an overlap at the
// joints: cut to the sample, filled with silence where a clip has no sound.
class SoundSplice {
 public:
  struct Clip {
    ClipRange range;
    std::shared_ptr<graph::FrameQueue> frames;  // null: the clip has no such sound
    SoundDecodeStage* decoder = nullptr;
  };
  explicit SoundSplice(std::vector<Clip> clips);

  graph::Outlet& outlet() { return outlet_; }
  // See SoundDecodeStage: of the clip that is being taken.
  [[nodiscard]] bool holds_up_demuxer() const;
  void run();

 private:
  bool splice(const Clip& clip, int64_t offset_us);
  bool silence(int64_t from_us, int64_t to_us);

  std::vector<Clip> clips_;
  std::atomic<std::size_t> current_ = 0;
  av::Frame like_;  // what silence looks like: as the last sound
  graph::Outlet outlet_;
};

}  // namespace videngine
