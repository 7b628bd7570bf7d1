#include "encode/caption_channels.h"

namespace videngine {
namespace {

// cc_type of A/53: two fields of EIA-608, a further piece and the first piece of a CEA-708 packet.
enum CaptionType : uint8_t { kField1, kField2, kPacketData, kPacketStart };

// Control codes of EIA-608 that begin captions (resume, roll up) and those that begin text pages.
bool begins_captions(uint8_t code) {
  return code == 0x20 || (code >= 0x25 && code <= 0x27) || code == 0x29;
}
bool begins_text(uint8_t code) { return code == 0x2a || code == 0x2b; }

}  // namespace

void CaptionChannels::add(const std::vector<CaptionTriplet>& captions) {
  for (const auto& [flags, first, second] : captions) {
    if ((flags & 0x04) == 0) continue;
    switch (flags & 0x03) {
      case kField1:
      case kField2:
        add_608(flags & 0x03, first & 0x7f, second & 0x7f);  // without the parity
        break;
      case kPacketStart:
        packet_.clear();
        [[fallthrough]];
      default:
        if (packet_.empty() && (flags & 0x03) != kPacketStart) break;
        packet_.push_back(first);
        packet_.push_back(second);
        end_708_packet();
    }
  }
}

void CaptionChannels::add_608(int field, uint8_t first, uint8_t second) {
  Field& state = fields_[static_cast<std::size_t>(field)];
  if (first >= 0x10 && first <= 0x1f) {
    state.channel = (first & 0x08) != 0 ? 2 : 1;
    const bool miscellaneous = (first & 0x76) == 0x14;  // 0x14, 0x15, 0x1c, 0x1d
    if (miscellaneous && begins_captions(second)) state.captions = true;
    if (miscellaneous && begins_text(second)) state.captions = false;
  } else if (first >= 0x01 && first <= 0x0f) {
    state.captions = false;  // extended data services, in field 2
  } else if (first >= 0x20 && state.captions) {
    found_.insert("CC" + std::to_string(2 * field + state.channel));
  }
}

// CEA-708, 5: a byte of sequence number and size, then blocks of a service each.
void CaptionChannels::end_708_packet() {
  const int code = packet_[0] & 0x3f;
  const std::size_t size = code == 0 ? 128 : static_cast<std::size_t>(2 * code);
  if (packet_.size() < size) return;
  for (std::size_t at = 1; at < size;) {
    int service = packet_[at] >> 5;
    const std::size_t length = packet_[at] & 0x1f;
    if (service == 0) break;
    ++at;
    if (service == 7 && length > 0 && at < size) service = packet_[at++] & 0x3f;
    if (length > 0) found_.insert("SERVICE" + std::to_string(service));
    at += length;
  }
  packet_.clear();
}

}  // namespace videngine
