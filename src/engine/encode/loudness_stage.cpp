#include "encode/loudness_stage.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "filter/loudness_meter.h"
#include "filter/peak_limiter.h"
#include "filter/resampler.h"

namespace videngine {

LoudnessStage::LoudnessStage(const LoudnessPlan& plan, std::shared_ptr<graph::FrameQueue> frames,
                             graph::Stages& stages, Report report)
    : plan_(plan), frames_(std::move(frames)), stages_(stages), report_(std::move(report)) {}

void LoudnessStage::run() {
  const int64_t start_us = plan_.start_s.to_us();
  Resampler resampler(plan_.sample_rate_hz, plan_.layout, start_us, plan_.mix);
  LoudnessMeter meter(plan_.sample_rate_hz, plan_.layout);
  std::optional<PeakLimiter> limiter;
  if (plan_.true_peak_dbtp) {
    limiter.emplace(plan_.sample_rate_hz, av::ChannelLayout(plan_.layout).channels(), plan_.gain_db,
                    *plan_.true_peak_dbtp);
  }
  const int64_t limit = plan_.duration_s ? av_rescale(plan_.duration_s->num, plan_.sample_rate_hz,
                                                      plan_.duration_s->den)
                                         : std::numeric_limits<int64_t>::max();
  int64_t samples = 0;
  const auto measure = [&](const uint8_t* const* planes, int count) { meter.push(planes, count); };
  const auto take = [&](const uint8_t* const* planes, int count) {
    const auto wanted = static_cast<int>(std::clamp<int64_t>(limit - samples, 0, count));
    if (wanted == 0) return;
    samples += wanted;
    if (limiter) {
      limiter->push(planes, wanted, measure);
    } else {
      measure(planes, wanted);
    }
  };
  while (samples < limit) {
    const std::optional<av::Frame> frame = frames_->pop();
    if (!frame) break;
    position_us = (*frame)->pts;
    resampler.push(**frame, take);
  }
  frames_->close();
  if (stages_.stopped()) return;
  resampler.drain(take);
  if (limiter) limiter->drain(measure);
  meter.finish();
  report_(LoudnessMeasured{plan_.id, meter.integrated_lufs(), meter.range_lu(),
                           meter.true_peak_dbtp()});
}

}  // namespace videngine
