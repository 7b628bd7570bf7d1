#include "mux/codec_string.h"

#include <array>
#include <cstdio>
#include <span>

namespace videngine {
namespace {

// The profile, constraint and level bytes of the first sequence parameter set, in either form of
// extradata.
std::string avc1(std::span<const uint8_t> extradata) {
  std::array<char, 16> text{};
  const auto print = [&](std::span<const uint8_t> sps) {
    std::snprintf(text.data(), text.size(), "avc1.%02x%02x%02x", sps[0], sps[1], sps[2]);
    return std::string(text.data());
  };
  if (extradata.size() >= 4 && extradata[0] == 1) return print(extradata.subspan(1));
  for (std::size_t i = 0; i + 6 < extradata.size(); ++i) {
    const bool start_code = extradata[i] == 0 && extradata[i + 1] == 0 && extradata[i + 2] == 1;
    if (start_code && (extradata[i + 3] & 0x1F) == 7) return print(extradata.subspan(i + 4));
  }
  return {};
}

}  // namespace

std::string codec_string(const AVCodecContext& encoder) {
  switch (encoder.codec_id) {
    case AV_CODEC_ID_H264:
      return avc1({encoder.extradata, static_cast<std::size_t>(encoder.extradata_size)});
    case AV_CODEC_ID_AAC:
      return "mp4a.40.2";  // AAC-LC: the only object type that we encode
    case AV_CODEC_ID_MP3:
      return "mp4a.40.34";  // MPEG-1 layer 3, as HLS names it
    case AV_CODEC_ID_OPUS:
      return "opus";
    case AV_CODEC_ID_VORBIS:
      return "vorbis";
    case AV_CODEC_ID_FLAC:
      return "flac";
    default:
      return {};
  }
}

}  // namespace videngine
