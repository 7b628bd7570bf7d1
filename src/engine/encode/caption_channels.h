#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "filter/captions.h"

namespace videngine {

// Which caption channels have said anything, in HLS's words: CC1 to CC4 (EIA-608), SERVICE1 to
// SERVICE63 (CEA-708). Not thread-safe.
class CaptionChannels {
 public:
  void add(const std::vector<CaptionTriplet>& captions);
  [[nodiscard]] std::vector<std::string> found() const { return {found_.begin(), found_.end()}; }

 private:
  void add_608(int field, uint8_t first, uint8_t second);
  void end_708_packet();

  struct Field {
    int channel = 1;        // the last control code was meant for it
    bool captions = false;  // and not for text pages or programme data
  };
  std::array<Field, 2> fields_;
  std::vector<uint8_t> packet_;  // of CEA-708, as far as it has come
  std::set<std::string> found_;
};

}  // namespace videngine
