#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "graph/queue.h"

namespace videngine {

class HevcAnalysis;  // of one picture: encode/hevc_analysis.h

// In the order in which the pictures were encoded.
using AnalysisQueue = graph::BoundedQueue<std::shared_ptr<const HevcAnalysis>>;

// What is found is used soon: its reader holds the pictures, not the queue.
inline constexpr std::size_t kAnalysisQueueDepth = 8;

// How a rendition's encoder is tied to others of the same film: it reads what one of half its width
// and height found, or gives what it finds to some of twice its own.
struct AnalysisLinks {
  std::shared_ptr<AnalysisQueue> reads;                // none: looks for itself
  std::vector<std::shared_ptr<AnalysisQueue>> writes;  //

  [[nodiscard]] bool none() const { return !reads && writes.empty(); }
  // The encoder is done, or will never be: nobody at the other end waits for it any more.
  void end() const {
    if (reads) reads->close();
    for (const auto& queue : writes) queue->finish();
  }
};

// Deletes nothing: ends the links when a stage is left, however that is.
struct EndLinks {
  void operator()(const AnalysisLinks* links) const { links->end(); }
};

}  // namespace videngine
