#include "encode/hdr10.h"
#include "encode/libav_encoder.h"

namespace videngine {
namespace {

constexpr const char* kParameters = "x265-params";

// SEI messages count in these steps (HEVC, annex D.3.28).
constexpr DisplaySteps kSteps{.chromaticity = 0.00002, .luminance = 0.0001};

void prepare(Opening& opening) {
  const VideoRenditionPlan& plan = opening.plan;
  av::Dictionary& options = opening.options;
  options.set("preset", plan.preset.c_str());
  options.set("forced-idr", static_cast<int64_t>(1));
  if (plan.crf) options.set("crf", std::to_string(*plan.crf).c_str());
  // The wrapper's threads are frame threads, which cost quality and memory; a pool does as well.
  opening.context.thread_count = 1;
  const auto set = [&](const std::string& parameter) {
    add_parameter(options, kParameters, parameter);
  };
  set("pools=" + std::to_string(plan.threads));
  set("log-level=error");
  // Key frames stand where the segment grid wants them and nowhere else, unless scene cuts are
  // asked for.
  set("open-gop=0");
  if (options.get(kParameters).find("scenecut=") == std::string::npos) set("scenecut=0");
  set("repeat-headers=0");
  if (plan.crf && *plan.crf == 0) set("lossless=1");
  if (plan.pass_number > 0) {
    set("pass=" + std::to_string(plan.pass_number));
    set("stats='" + plan.statistics_path + "'");
    opening.context.flags &= ~(AV_CODEC_FLAG_PASS1 | AV_CODEC_FLAG_PASS2);
  }
  if (const auto display = mastering_display(opening.like, kSteps)) {
    set("master-display=" + *display);
  }
  if (const auto light = content_light(opening.like)) set("max-cll=" + *light);
}

}  // namespace

// What libx265 takes from a picture's time to tell when it is decoded, it sets at the third one at
// the latest, and until then holds what was in memory.
const EncoderFamily kX265{.prepare = prepare, .fewest_timed = 3};

}  // namespace videngine
