#pragma once

#include <functional>
#include <memory>
#include <string>

#include "demux/input.h"
#include "event.h"
#include "graph/flow.h"
#include "graph/stages.h"
#include "plan.h"

namespace videngine {

// Stage: packets of one of the source's subtitle streams → a file in ASS's form, with times in
// milliseconds from the source's origin. Owns its decoder.
class TextStage {
 public:
  // Throws InputError source_unsupported_codec.
  TextStage(const TextRenditionPlan& plan, const Input& input,
            std::shared_ptr<graph::PacketQueue> packets, graph::Stages& stages,
            std::function<void(Event)> report);

  void run();

 private:
  const TextRenditionPlan& plan_;
  int64_t origin_us_;
  std::shared_ptr<graph::PacketQueue> packets_;
  graph::Stages& stages_;
  std::function<void(Event)> report_;
  av::CodecContext decoder_;
};

}  // namespace videngine
