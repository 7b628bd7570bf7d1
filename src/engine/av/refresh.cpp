#include "av/refresh.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace videngine::av {
namespace {

constexpr int kTypeBits = 0x1f;
constexpr int kIdrSlice = 5;

bool is_idr(uint8_t header) { return (header & kTypeBits) == kIdrSlice; }

// Units behind their lengths, as MP4 and Matroska have them (ISO/IEC 14496-15, 5.3.3.1).
bool has_idr_by_length(std::span<const uint8_t> data, std::size_t length_bytes) {
  while (data.size() > length_bytes) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < length_bytes; ++i) length = length << 8 | data[i];
    data = data.subspan(length_bytes);
    if (length > 0 && is_idr(data.front())) return true;
    if (length >= data.size()) return false;
    data = data.subspan(length);
  }
  return false;
}

// Units behind start codes (ITU-T H.264, Annex B).
bool has_idr_by_start_code(std::span<const uint8_t> data) {
  for (std::size_t i = 0; i + 3 < data.size(); ++i) {
    if (data[i] == 0 && data[i + 1] == 0 && data[i + 2] == 1 && is_idr(data[i + 3])) return true;
  }
  return false;
}

}  // namespace

bool refreshes(const AVPacket& packet, const AVCodecParameters& stream) {
  if ((packet.flags & AV_PKT_FLAG_KEY) == 0) return false;
  if (stream.codec_id != AV_CODEC_ID_H264) return true;
  const std::span data(packet.data, static_cast<std::size_t>(packet.size));
  const std::span extra(stream.extradata, static_cast<std::size_t>(stream.extradata_size));
  constexpr std::size_t kLengthSizeAt = 4;
  if (extra.size() <= kLengthSizeAt || extra.front() != 1) return has_idr_by_start_code(data);
  return has_idr_by_length(data, (extra[kLengthSizeAt] & 3U) + 1);
}

}  // namespace videngine::av
