#include "filter/deinterlacer.h"

extern "C" {
#include <libavutil/avutil.h>
}

namespace videngine {
namespace {

constexpr int kSmallestSidePx = 8;  // bwdif looks at that many lines

bool give_all(FilterChain& chain, const Deinterlacer::Take& take) {
  while (av::Frame frame = chain.pull()) {
    if (!take(std::move(frame))) return false;
  }
  return true;
}

}  // namespace

bool Deinterlacer::push(av::Frame frame, const Take& take) {
  if (mode_.empty() || frame->height < kSmallestSidePx || frame->width < kSmallestSidePx) {
    return take(std::move(frame));
  }
  if (!chain_ || !chain_->fits(*frame)) {
    if (!drain(take)) return false;
    chain_.emplace(*frame, AVRational{1, AV_TIME_BASE},
                   mode_ == "all" ? "bwdif=mode=send_frame:deint=all"
                                  : "idet,bwdif=mode=send_frame:deint=interlaced");
  }
  chain_->push(frame.get());
  return give_all(*chain_, take);
}

bool Deinterlacer::drain(const Take& take) {
  if (!chain_) return true;
  chain_->push(nullptr);
  const bool wanted = give_all(*chain_, take);
  chain_.reset();
  return wanted;
}

}  // namespace videngine
