#include "frames/index.h"

#include <algorithm>
#include <utility>

namespace videngine::frames {

PacketFacts facts_of(const AVPacket& packet) {
  return {packet.pts,
          packet.dts,
          packet.pos,
          packet.duration,
          packet.size,
          (packet.flags & AV_PKT_FLAG_KEY) != 0,
          (packet.flags & AV_PKT_FLAG_DISCARD) != 0};
}

Index::Index(std::vector<PacketFacts> packets) : packets_(std::move(packets)) {
  for (std::size_t i = 0; i < packets_.size(); ++i) {
    if (!packets_[i].hidden) shown_.push_back({static_cast<int32_t>(i), packets_[i].pts});
  }
  const auto time = [](const ShownFrame& frame) { return frame.pts; };
  std::ranges::stable_sort(shown_, {}, time);
  sorted_by_time_ = std::ranges::adjacent_find(shown_, {}, time) == shown_.end() &&
                    (shown_.empty() || shown_.front().pts != AV_NOPTS_VALUE);
  make_lookups();
}

Index::Index(std::vector<PacketFacts> packets, std::vector<ShownFrame> shown)
    : packets_(std::move(packets)), shown_(std::move(shown)) {
  sorted_by_time_ = std::ranges::adjacent_find(shown_, [](const auto& one, const auto& next) {
                      return one.pts >= next.pts;
                    }) == shown_.end();
  make_lookups();
}

void Index::make_lookups() {
  numbers_.assign(packets_.size(), -1);
  for (std::size_t n = 0; n < shown_.size(); ++n) {
    numbers_[shown_[n].packet] = static_cast<int32_t>(n);
  }
  for (std::size_t i = 0; i < packets_.size(); ++i) {
    if (packets_[i].key) keys_.push_back(static_cast<int32_t>(i));
  }
  const auto mark_by = [&](Mark mark, int64_t PacketFacts::* field, int64_t unknown) {
    by_mark_.clear();
    for (std::size_t i = 0; i < packets_.size(); ++i) {
      const int64_t value = packets_[i].*field;
      if (value == unknown || !by_mark_.emplace(value, static_cast<int32_t>(i)).second) {
        return false;
      }
    }
    mark_ = mark;
    return true;
  };
  if (!mark_by(Mark::kPosition, &PacketFacts::pos, -1) &&
      !mark_by(Mark::kPts, &PacketFacts::pts, AV_NOPTS_VALUE)) {
    by_mark_.clear();
  }
}

int32_t Index::key_for(int32_t number, int further_back) const {
  const ShownFrame& wanted = shown_[number];
  auto key = std::ranges::upper_bound(keys_, wanted.packet);
  while (key != keys_.begin()) {
    --key;
    // What is shown before a key frame but coded behind it (an open GOP) leans on what came before.
    const PacketFacts& facts = packets_[*key];
    const bool leads = numbers_[*key] >= 0 ? numbers_[*key] <= number
                                           : facts.pts == AV_NOPTS_VALUE || facts.pts <= wanted.pts;
    if (leads && further_back-- == 0) return *key;
  }
  return 0;
}

std::optional<int32_t> Index::find(const AVPacket& packet) const {
  if (mark_ == Mark::kNone) return std::nullopt;
  const auto found = by_mark_.find(mark_ == Mark::kPosition ? packet.pos : packet.pts);
  // A seek may land within a packet, whose rest has the marks of the whole.
  if (found == by_mark_.end() || packets_[found->second].size_bytes != packet.size) {
    return std::nullopt;
  }
  return found->second;
}

}  // namespace videngine::frames
