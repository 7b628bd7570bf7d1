#include "frames/picker.h"

#include <algorithm>
#include <utility>

#include "av/frame_facts.h"

namespace videngine::frames {
namespace {

// Further apart than this in the file, it is cheaper to seek than to decode on.
constexpr int32_t kNearPackets = 8;
constexpr int64_t kNearFrames = 16;

}  // namespace

bool Picker::pick(const std::shared_ptr<const Index>& index, bool counted,
                  std::span<const int64_t> numbers, const Take& take, const Check& check) {
  if (std::exchange(index_, index) != index) last_number_ = -1;
  for (std::size_t done = 0; done < numbers.size();) {
    if (!pick_run(index, counted, numbers, done, take, check)) return false;
  }
  return true;
}

// How many of the numbers can be had by decoding on from the first, and the last of their packets.
Picker::Run Picker::run_from(const Index& index, std::span<const int64_t> numbers) {
  Run run;
  for (const int64_t number : numbers) {
    const int32_t key = index.key_for(static_cast<int32_t>(number));
    if (run.count > 0 && key > run.last_packet + kNearPackets) break;
    run.last_packet = std::max(run.last_packet, index.shown()[number].packet);
    ++run.count;
  }
  return run;
}

// Gives what can be had without another seek.
bool Picker::pick_run(const std::shared_ptr<const Index>& shared, bool counted,
                      std::span<const int64_t> all, std::size_t& done, const Take& take,
                      const Check& check) {
  const Index& index = *shared;
  const auto wanted = all.subspan(done);
  const Run run = run_from(index, wanted);
  const auto first = static_cast<int32_t>(wanted.front());
  const bool goes_on = last_number_ >= 0 && last_number_ < first;
  const bool near = goes_on && first - last_number_ <= kNearFrames;
  const bool last_run = run.count == wanted.size();
  const bool within_reach =
      goes_on && !drained_ && index.key_for(first) <= cursor_->packets_read() + kNearPackets;
  bool trouble = false;
  // From the quickest way to the surest; a source that is in order needs the first one only.
  enum Way : uint8_t { kOn, kShortcut, kFromKey, kFromKeyBefore, kFromStart };
  for (int way = within_reach ? kOn : shortcut_ ? kShortcut : kFromKey; way <= kFromStart; ++way) {
    const int32_t key = way == kFromStart       ? 0
                        : way == kFromKeyBefore ? index.key_for(first, 1)
                                                : index.key_for(first);
    if (way != kOn) {
      cursor_->seek(shared, key);
      sound_ = true;
    }
    // What follows is decoded only if it may be wanted next.
    const bool drain = way == kShortcut && !(last_run && near);
    drained_ = drain;
    cursor_->aim({.numbers = wanted.first(run.count),
                  .last_packet = run.last_packet,
                  .skip = way <= kShortcut,
                  .end = drain});
    const std::size_t before = done;
    while (auto step = cursor_->next()) {
      check();
      const int32_t number = step->packet < 0 ? -1 : index.number_of(step->packet);
      // Frames that lead a key frame cannot be decoded after a seek to it, and are not asked for.
      const bool leading = number >= 0 && number < index.number_of(key);
      const bool before_key = number < 0 && step->pts < index.packets()[key].pts;
      if (step->damaged && !leading && !before_key) {
        sound_ = false;
        trouble = true;
      }
      if (step->frame && !step->damaged && av::is_key(*step->frame)) sound_ = true;
      if (!step->frame || number < 0) continue;
      last_number_ = number;
      if (number > all[done]) break;
      if (number < all[done]) continue;
      if (!sound_ && damaged_ != Damaged::kShow) {
        if (way == kFromStart) throw_damage(*cursor_, *step);
        break;
      }
      take(done++, std::move(step->frame));
      if (done - before == run.count) return true;
    }
    if (way == kShortcut) shortcut_ = false;  // this decoder keeps frames back until more is there
    if (done > before) return true;           // the rest is another run's
  }
  last_number_ = -1;
  if (trouble || counted) {
    Cursor::Step missing;
    missing.pts = index.shown()[first].pts;
    throw_damage(*cursor_, missing);
  }
  return false;
}

}  // namespace videngine::frames
