#include "filter/constant_rate.h"

#include <algorithm>

#include "error.h"

extern "C" {
#include <libavutil/mathematics.h>
}

namespace videngine {
namespace {

// A still held for longer than this is a broken timestamp, and filling it would never end.
constexpr int64_t kMaxGapS = 30LL * 60;

// Added before rounding down to a slot: a little more than half of one. Where a rate is halved
// every second frame lies in the middle between two slots, give or take the rounding of the
// container's timestamps, and it must not be that rounding which chooses frames.
constexpr Rational kRoundUp{11, 20};

}  // namespace

ConstantRate::ConstantRate(Rational rate, int64_t start_us, std::optional<Rational> duration_s)
    : rate_(rate), start_us_(start_us) {
  if (duration_s) {
    const int64_t slots =
        av_rescale_rnd(duration_s->num, rate.num, duration_s->den * rate.den, AV_ROUND_NEAR_INF);
    total_slots_ = std::max<int64_t>(slots, 1);
  }
}

int64_t ConstantRate::slot_at(int64_t position_us) const {
  // Counted from the first frame, whose own slot is the nearest: frames at our rate that lie
  // between slots keep one distance from them.
  const Rational middle =
      Rational::of(kRoundUp.num * AV_TIME_BASE * rate_.den, kRoundUp.den * rate_.num);
  const int64_t since_first_us = position_us - first_us_ + middle.num / middle.den;
  return first_slot_ +
         av_rescale_rnd(since_first_us, rate_.num, rate_.den * AV_TIME_BASE, AV_ROUND_DOWN);
}

bool ConstantRate::emit_until(int64_t end_slot, const Take& take) {
  if (end_slot - pending_slot_ > av_rescale(kMaxGapS, rate_.num, rate_.den)) {
    throw EngineError(ErrorClass::InputError, "source_corrupt",
                      "The source's timestamps jump by more than 30 minutes.");
  }
  if (total_slots_) end_slot = std::min(end_slot, *total_slots_);
  for (; pending_slot_ < end_slot; ++pending_slot_) {
    av::Frame frame = av::share(*pending_);
    frame->pts = pending_slot_;
    if (!take(std::move(frame))) return false;
  }
  return !total_slots_ || pending_slot_ < *total_slots_;
}

bool ConstantRate::push(av::Frame frame, const Take& take) {
  if (!pending_) {
    first_us_ = frame->pts;
    first_slot_ = av_rescale_rnd(first_us_ - start_us_, rate_.num, rate_.den * AV_TIME_BASE,
                                 AV_ROUND_NEAR_INF);
  }
  // What comes before the start is still on screen at slot 0 if nothing follows; a first frame that
  // comes late is shown from the start all the same, so that every track begins at once.
  const int64_t slot = pending_ ? std::max<int64_t>(slot_at(frame->pts), 0) : 0;
  if (pending_ && !emit_until(slot, take)) return false;
  pending_ = std::move(frame);
  pending_slot_ = std::max(pending_slot_, slot);
  return true;
}

void ConstantRate::drain(int64_t end_us, const Take& take) {
  if (!pending_ || end_us <= start_us_) return;
  emit_until(std::max<int64_t>(slot_at(end_us), 1), take);
}

}  // namespace videngine
