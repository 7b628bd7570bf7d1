#include <cmath>

#include "encode/libav_encoder.h"

namespace videngine {
namespace {

// What x264 does to its rate control when its macroblock tree is on, for a tree that comes from
// outside: every frame of a kind has the same quantizer before the tree, B frames too, and a CRF
// means what it meant although the tree makes most blocks finer.
constexpr double kTreeCrf = 7.0;

// Where most of the time is spent, a coarser search for parts of pixels is worth what it costs
// (docs/tuning.md).
constexpr int kCoarseFromPixels = 900'000;

// What is less than the preset's, but for what a job asks for.
void search_less(Opening& opening) {
  if (opening.plan.preset != "veryfast") return;
  av::Dictionary& options = opening.options;
  if (!options.has("motion-est")) options.set("motion-est", "dia");
  const bool large = opening.like.width * opening.like.height >= kCoarseFromPixels;
  if (large && !options.has("subq")) options.set("subq", static_cast<int64_t>(1));
}

void look_ahead_no_more(Opening& opening) {
  opening.options.set("mbtree", static_cast<int64_t>(0));
  opening.options.set("rc-lookahead", static_cast<int64_t>(0));
  opening.options.set("b_strategy", static_cast<int64_t>(0));
  // At 1 itself x264 makes an encoder's first frame coarser than its other key frames.
  opening.context.qcompress = std::nextafter(1.0F, 0.0F);
  opening.context.b_quant_factor = 1;
  search_less(opening);
}

void prepare(Opening& opening) {
  const VideoRenditionPlan& plan = opening.plan;
  av::Dictionary& options = opening.options;
  options.set("preset", plan.preset.c_str());
  const double shift = plan.lookahead ? kTreeCrf : 0;
  if (plan.crf) options.set("crf", std::to_string(*plan.crf + shift).c_str());
  if (plan.lookahead) look_ahead_no_more(opening);
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
