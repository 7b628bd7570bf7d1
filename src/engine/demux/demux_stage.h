#pragma once

#include <map>
#include <memory>

#include "demux/input.h"
#include "graph/flow.h"
#include "graph/stages.h"

namespace videngine {

// Stage: reads the source's packets once and hands each to the queue of its stream. Timestamps
// leave it as microsecond-exact stream times without the jumps that broadcast streams have. Owns
// the input while it runs.
class DemuxStage {
 public:
  // `start_us`: where the first wanted picture or sound lies, from the origin; reading starts at
  // the key frame before.
  DemuxStage(Input& input, graph::Stages& stages, int64_t start_us);

  std::shared_ptr<graph::PacketQueue> connect(int stream);
  void run();

 private:
  void seek();
  [[nodiscard]] bool key_frame_comes_before_start();
  void watch_end();
  void note_end(const AVPacket& packet);
  void smooth_timestamps(AVPacket& packet);

  struct StreamClock {
    int64_t expected_dts_us = AV_NOPTS_VALUE;
    int64_t offset_us = 0;
  };

  Input& input_;
  graph::Stages& stages_;
  int64_t start_us_;
  std::map<int, std::shared_ptr<graph::PacketQueue>> queues_;
  std::map<int, StreamClock> clocks_;
  int64_t declared_end_us_ = 0;  // of the whole file, where its streams do not say; else 0
  int64_t end_us_ = 0;           // as far as was read
  int64_t jump_us_ = 0;          // taken out of every timestamp since the last discontinuity
};

}  // namespace videngine
