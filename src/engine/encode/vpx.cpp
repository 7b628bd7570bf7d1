#include "encode/libav_encoder.h"

namespace videngine {
namespace {

// VP8 knows no quality without a rate: one that no picture reaches.
constexpr int64_t kNoLimitBps = 1'000'000'000;

void prepare(Opening& opening) {
  const VideoRenditionPlan& plan = opening.plan;
  av::Dictionary& options = opening.options;
  AVCodecContext& c = opening.context;
  const bool vp9 = plan.codec == "libvpx-vp9";
  if (plan.crf) {
    options.set("crf", std::to_string(static_cast<int>(*plan.crf)).c_str());
    if (vp9 && *plan.crf == 0) options.set("lossless", static_cast<int64_t>(1));
    // In its mode of constrained quality the average rate is the cap.
    if (plan.max_bitrate_bps) {
      c.bit_rate = *plan.max_bitrate_bps;
    } else if (!vp9) {
      c.bit_rate = kNoLimitBps;
    }
  }
  c.keyint_min = 0;  // else the encoder takes only equal distances
  if (vp9) {
    options.set("row-mt", static_cast<int64_t>(1));
    options.set("tile-columns", static_cast<int64_t>(2));
  }
}

}  // namespace

const EncoderFamily kVpx{.prepare = prepare};

}  // namespace videngine
