#include "filter/captions.h"

#include <algorithm>
#include <iterator>

namespace videngine {
namespace {

constexpr std::size_t kMostInFrame = 31;  // cc_count has five bits
// More than that waits only where pictures are left out by the second: old text goes first.
constexpr std::size_t kMostWaiting = 64 * kMostInFrame;

// Without cc_valid, or of EIA-608 (types 0 and 1) with two null characters.
bool is_padding(const CaptionTriplet& triplet) {
  const bool valid = (triplet[0] & 0x04) != 0;
  const bool eia_608 = (triplet[0] & 0x03) < 2;
  return !valid || (eia_608 && (triplet[1] & 0x7f) == 0 && (triplet[2] & 0x7f) == 0);
}

}  // namespace

std::vector<CaptionTriplet> captions_of(const AVFrame& frame) {
  const AVFrameSideData* data = av_frame_get_side_data(&frame, AV_FRAME_DATA_A53_CC);
  std::vector<CaptionTriplet> captions;
  for (std::size_t at = 0; data != nullptr && at + 3 <= data->size; at += 3) {
    captions.push_back({data->data[at], data->data[at + 1], data->data[at + 2]});
  }
  return captions;
}

void set_captions(AVFrame& frame, const std::vector<CaptionTriplet>& captions) {
  av_frame_remove_side_data(&frame, AV_FRAME_DATA_A53_CC);
  if (captions.empty()) return;
  AVFrameSideData* data = av_frame_new_side_data(&frame, AV_FRAME_DATA_A53_CC, 3 * captions.size());
  if (data == nullptr) throw std::bad_alloc();
  uint8_t* out = data->data;
  for (const CaptionTriplet& triplet : captions) out = std::ranges::copy(triplet, out).out;
}

void CaptionQueue::put(const std::vector<CaptionTriplet>& captions) {
  if (captions.empty()) return;
  // A frame's captions go on as they are; padding makes way where several frames' come together.
  const bool alone = waiting_.empty();
  if (!alone) std::erase_if(waiting_, is_padding);
  std::ranges::copy_if(captions, std::back_inserter(waiting_),
                       [alone](const auto& triplet) { return alone || !is_padding(triplet); });
  while (waiting_.size() > kMostWaiting) waiting_.pop_front();
}

std::vector<CaptionTriplet> CaptionQueue::take() {
  const auto end =
      waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(waiting_.size(), kMostInFrame));
  std::vector<CaptionTriplet> taken(waiting_.begin(), end);
  waiting_.erase(waiting_.begin(), end);
  return taken;
}

}  // namespace videngine
