#include "frames/groups.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "av/refresh.h"

namespace videngine::frames {
namespace {

// Smaller groups are joined: each costs a decoder its start and its end.
constexpr std::size_t kLeastPackets = 12;
// Of packets that wait to be decoded.
constexpr int64_t kMostBytes = int64_t{64} << 20;

// Whether a packet tells when it is shown, and has all that is needed to decode it: new parameters
// hold for all packets that follow.
bool stands_alone(const AVPacket& packet) {
  return packet.pts != AV_NOPTS_VALUE &&
         av_packet_get_side_data(&packet, AV_PKT_DATA_NEW_EXTRADATA, nullptr) == nullptr &&
         av_packet_get_side_data(&packet, AV_PKT_DATA_PARAM_CHANGE, nullptr) == nullptr;
}

bool stand_alone(const Packets& packets) {
  return std::ranges::all_of(packets, [](const auto& packet) { return stands_alone(*packet); });
}

int64_t latest(const Packets& packets) {
  int64_t pts = std::numeric_limits<int64_t>::min();
  for (const auto& packet : packets) pts = std::max(pts, packet->pts);
  return pts;
}

// Whether the first of these is shown after `pts`, and before all the others.
bool are_shown_behind(const Packets& packets, int64_t pts) {
  const int64_t first = packets.front()->pts;
  return first > pts &&
         std::ranges::none_of(packets, [&](const auto& packet) { return packet->pts < first; });
}

int64_t bytes_of(const Packets& packets) {
  int64_t bytes = 0;
  for (const auto& packet : packets) bytes += packet->size;
  return bytes;
}

void append(Packets& packets, Packets more) {
  std::ranges::move(more, std::back_inserter(packets));
}

}  // namespace

std::size_t Group::frames() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      packets, [](const auto& packet) { return (packet->flags & AV_PKT_FLAG_DISCARD) == 0; }));
}

bool GroupReader::refreshes(const AVPacket& packet) const {
  return av::refreshes(packet, *source_.stream().codecpar);
}

// From the key frame that was read last to before the next one; empty at the end of the source.
Packets GroupReader::read_up_to_key() {
  Packets packets;
  if (key_) packets.push_back(std::exchange(key_, nullptr));
  while (packets.size() <= most_packets_ && bytes_ <= kMostBytes) {
    std::shared_ptr<const AVPacket> packet = source_.read_packet();
    if (!packet) break;
    bytes_ += packet->size;
    if (!packets.empty() && refreshes(*packet)) {
      key_ = std::move(packet);
      break;
    }
    packets.push_back(std::move(packet));
  }
  return packets;
}

Group GroupReader::next() {
  Group group;
  group.first_packet = next_packet_;
  group.packets = std::exchange(behind_, {});
  bytes_ = bytes_of(group.packets);
  if (group.packets.empty()) group.packets = read_up_to_key();
  if (group.packets.empty() || !refreshes(*group.packets.front())) {
    return all_that_is_left(std::move(group));
  }
  while (true) {
    if (group.packets.size() > most_packets_ || bytes_ > kMostBytes ||
        !stand_alone(group.packets)) {
      return all_that_is_left(std::move(group));
    }
    behind_ = read_up_to_key();
    if (behind_.empty()) {
      group.last = true;
      break;
    }
    if (group.packets.size() >= kLeastPackets && are_shown_behind(behind_, latest(group.packets))) {
      break;
    }
    append(group.packets, std::exchange(behind_, {}));
  }
  next_packet_ += static_cast<int32_t>(group.packets.size());
  return group;
}

Group GroupReader::all_that_is_left(Group group) {
  append(group.packets, take_rest());
  group.alone = false;
  group.last = true;
  return group;
}

Packets GroupReader::take_rest() {
  Packets rest = std::exchange(behind_, {});
  if (key_) rest.push_back(std::exchange(key_, nullptr));
  return rest;
}

}  // namespace videngine::frames
