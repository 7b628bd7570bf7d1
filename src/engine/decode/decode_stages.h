#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "decode/decoder.h"
#include "demux/input.h"
#include "filter/deinterlacer.h"
#include "filter/rotator.h"
#include "graph/flow.h"
#include "graph/stages.h"

namespace videngine {

// Frames that leave a decode stage carry pts in microseconds from the source's origin, so that
// nothing behind it needs to know streams or their time bases. (A microsecond is finer than any
// frame grid; sample-exact sound places itself by count.)
inline constexpr AVRational kTimelineBase{1, AV_TIME_BASE};
// Containers round their timestamps to milliseconds: a frame this close behind the time asked for
// is the one that was meant.
inline constexpr int64_t kRoundingUs = 1000;

// Stage: packets of the picture stream → upright frames on the timeline. Drives the picture clock.
class PictureDecodeStage {
 public:
  // With `keyframes_only` all other frames are left out, undecoded.
  PictureDecodeStage(Input& input, int stream, int threads, int rotation_deg, bool keyframes_only,
                     graph::Stages& stages, graph::PictureClock& clock,
                     std::shared_ptr<graph::PacketQueue> packets);

  // Frames that were deinterlaced as `Deinterlacer` understands it. Before run.
  graph::Outlet& outlet(const std::string& deinterlace = "");
  void run();

  // Frames decoded so far and how far on the timeline; any thread.
  std::atomic<int64_t> frames = 0;
  std::atomic<int64_t> position_us = 0;

 private:
  // Fields are told apart by lines, so a picture is turned after it was deinterlaced.
  struct Branch {
    Branch(const std::string& mode, int rotation_deg) : deinterlacer(mode), upright(rotation_deg) {}

    Deinterlacer deinterlacer;
    Rotator upright;
    graph::Outlet outlet;
  };

  bool give(const AVFrame& frame);
  void check_whole(int64_t end_us) const;

  Input& input_;
  const AVStream& stream_;
  int rotation_deg_;
  bool keyframes_only_;
  graph::Stages& stages_;
  graph::PictureClock& clock_;
  std::shared_ptr<graph::PacketQueue> packets_;
  Decoder decoder_;
  std::map<std::string, Branch> branches_;
};

// Stage: packets of one sound stream → frames on the timeline.
class SoundDecodeStage {
 public:
  SoundDecodeStage(Input& input, int stream, std::shared_ptr<graph::PacketQueue> packets);

  graph::Outlet& outlet() { return outlet_; }
  // Whether the demuxer is held up by this stage or soon will be. (Asked only when it is, the
  // answer would be no as often as yes: it waits for room only between two of our packets.)
  [[nodiscard]] bool holds_up_demuxer() const { return packets_->nearly_full(); }
  void run();

 private:
  const AVStream& stream_;
  int64_t origin_us_;
  std::shared_ptr<graph::PacketQueue> packets_;
  Decoder decoder_;
  graph::Outlet outlet_;
};

}  // namespace videngine
