#include "av/compat.h"
#include "encode/hdr10.h"
#include "encode/libav_encoder.h"

namespace videngine {
namespace {

constexpr const char* kParameters = "svtav1-params";

void prepare(Opening& opening) {
  const VideoRenditionPlan& plan = opening.plan;
  av::Dictionary& options = opening.options;
  options.set("preset", plan.preset.c_str());
  if (plan.crf) options.set("crf", std::to_string(*plan.crf).c_str());
  if (!VIDENGINE_SVT_AV1_HOLDS_PEAKS && !plan.crf) opening.context.rc_max_rate = 0;
  add_parameter(options, kParameters, "lp=" + std::to_string(plan.threads));
  add_parameter(options, kParameters, "scd=0");
  constexpr DisplaySteps kAsItIs{.chromaticity = 1, .luminance = 1};
  if (const auto display = mastering_display(opening.like, kAsItIs)) {
    add_parameter(options, kParameters, "mastering-display=" + *display);
  }
  if (const auto light = content_light(opening.like)) {
    add_parameter(options, kParameters, "content-light=" + *light);
  }
}

}  // namespace

// Releases up to 1.4 (Debian 12) choose key frames by counting, whatever picture type is asked for.
const EncoderFamily kSvtAv1{.prepare = prepare, .forces_keys = false};

}  // namespace videngine
