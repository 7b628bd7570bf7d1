#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "frames/cursor.h"

namespace videngine::frames {

// Packets in the order of the file that decode without any others, into frames that are shown
// behind all earlier ones and before all later ones: one closed group of pictures, or several.
struct Group {
  int32_t first_packet = 0;
  Packets packets;
  bool alone = true;  // false: who decodes it has to go on to the end of the source
  bool last = false;  // nothing follows

  // How many frames it makes.
  [[nodiscard]] std::size_t frames() const;
};

// Reads a source as groups. Where one would be longer than `most_packets`, or packets do not tell
// where one ends, it is not alone, and no other follows. Not thread-safe.
class GroupReader {
 public:
  GroupReader(Cursor& source, std::size_t most_packets)
      : source_(source), most_packets_(most_packets) {}

  // Empty, not alone and last for a source without packets. Not to be called behind the last.
  Group next();
  // What was read and is in no group yet.
  Packets take_rest();

 private:
  [[nodiscard]] bool refreshes(const AVPacket& packet) const;
  Packets read_up_to_key();
  Group all_that_is_left(Group group);

  Cursor& source_;
  const std::size_t most_packets_;
  int32_t next_packet_ = 0;
  int64_t bytes_ = 0;                    // of the group that is being read
  Packets behind_;                       // from the key frame on that the next group begins with
  std::shared_ptr<const AVPacket> key_;  // read, and in neither
};

}  // namespace videngine::frames
