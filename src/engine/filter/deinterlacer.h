#pragma once

#include <functional>
#include <optional>
#include <string>

#include "filter/chain.h"

namespace videngine {

// Makes progressive pictures of interlaced ones, one for each frame, with libavfilter's bwdif: the
// lines of the second field are made anew from their neighbours in space and time. Each frame waits
// for the next one. Not thread-safe.
class Deinterlacer {
 public:
  // "": frames pass as they are; "all": every frame is treated; "auto": those that are interlaced,
  // as libavfilter's idet sees it or, where it cannot tell, as they are flagged.
  explicit Deinterlacer(std::string mode) : mode_(std::move(mode)) {}

  // Receives each frame with the pts that it came with. False stops.
  using Take = std::function<bool(av::Frame)>;

  bool push(av::Frame frame, const Take& take);
  bool drain(const Take& take);

 private:
  std::string mode_;
  std::optional<FilterChain> chain_;
};

}  // namespace videngine
