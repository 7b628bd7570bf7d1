#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "av/handles.h"

namespace videngine::frames {

// Called now and then by everything that takes long; throws to end it (Ctrl-C, for one).
using Check = std::function<void()>;

// What a container says of one packet of the pictures. Times are in the stream's time base;
// AV_NOPTS_VALUE where it does not say.
struct PacketFacts {
  int64_t pts = AV_NOPTS_VALUE;
  int64_t dts = AV_NOPTS_VALUE;
  int64_t pos = -1;  // where it starts in the file, in bytes; -1: unknown
  int64_t duration = 0;
  int32_t size_bytes = 0;
  bool key = false;
  bool hidden = false;  // decoded for others' sake, as an edit list wants it
};

PacketFacts facts_of(const AVPacket& packet);

// A picture that is shown: the packet it was coded in, by its place in the file, and its time.
struct ShownFrame {
  int32_t packet = 0;
  int64_t pts = 0;
};

// All packets of one stream in the order of the file, and all of its pictures in the order in which
// they are shown: the way from the number of a frame to the place where decoding must begin.
// Immutable once made; any number of threads.
class Index {
 public:
  // From one scan of the packets. The order is that of the timestamps; `sorted_by_time` says
  // whether they allow that.
  explicit Index(std::vector<PacketFacts> packets);
  // From what a decoder gave.
  Index(std::vector<PacketFacts> packets, std::vector<ShownFrame> shown);

  [[nodiscard]] std::span<const PacketFacts> packets() const { return packets_; }
  [[nodiscard]] std::span<const ShownFrame> shown() const { return shown_; }
  // All that are shown have a timestamp, and no two the same.
  [[nodiscard]] bool sorted_by_time() const { return sorted_by_time_; }
  // The number of the frame that a packet becomes; -1: none that is shown.
  [[nodiscard]] int32_t number_of(int32_t packet) const { return numbers_[packet]; }
  // The last packet at which decoding can begin to give frame `number`; 0: none but the start.
  // With `further_back`, so many key frames earlier.
  [[nodiscard]] int32_t key_for(int32_t number, int further_back = 0) const;
  // Which packet this is, after a seek.
  [[nodiscard]] std::optional<int32_t> find(const AVPacket& packet) const;

 private:
  void make_lookups();

  std::vector<PacketFacts> packets_;
  std::vector<ShownFrame> shown_;
  std::vector<int32_t> numbers_;
  std::vector<int32_t> keys_;
  // Packets by what tells them apart: their positions, else their timestamps, else nothing.
  enum class Mark : uint8_t { kPosition, kPts, kNone };
  Mark mark_ = Mark::kNone;
  std::unordered_map<int64_t, int32_t> by_mark_;
  bool sorted_by_time_ = true;
};

}  // namespace videngine::frames
