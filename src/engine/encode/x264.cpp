#include "encode/libav_encoder.h"

namespace videngine {
namespace {

void prepare(Opening& opening) {
  const VideoRenditionPlan& plan = opening.plan;
  av::Dictionary& options = opening.options;
  options.set("preset", plan.preset.c_str());
  if (plan.crf) options.set("crf", std::to_string(*plan.crf).c_str());
  if (plan.pass_number > 0) options.set("stats", plan.statistics_path.c_str());
  // Key frames stand where the segment grid wants them and nowhere else, unless scene cuts are
  // asked for.
  if (!options.has("sc_threshold")) options.set("sc_threshold", static_cast<int64_t>(0));
  options.set("forced-idr", static_cast<int64_t>(1));
  // FFmpeg passes closed captions on by default; they are carried only when a job asks for them.
  options.set("a53cc", static_cast<int64_t>(plan.captions ? 1 : 0));
}

}  // namespace

const EncoderFamily kX264{.prepare = prepare, .carries_captions = true};

}  // namespace videngine
