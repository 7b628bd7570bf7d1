#include "mux/codec_string.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace videngine {
namespace {

using Bytes = std::span<const uint8_t>;

std::string hex(uint32_t value, int width, bool upper = true) {
  std::array<char, 16> text{};
  if (upper) {
    std::snprintf(text.data(), text.size(), "%0*X", width, value);
  } else {
    std::snprintf(text.data(), text.size(), "%0*x", width, value);
  }
  return text.data();
}

std::string two_digits(int value) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%02d", value);
  return text.data();
}

std::string join(std::initializer_list<std::string_view> parts) {
  std::string whole;
  for (const std::string_view part : parts) whole += part;
  return whole;
}

int bit_depth(const AVCodecContext& encoder) {
  const AVPixFmtDescriptor* facts = av_pix_fmt_desc_get(encoder.pix_fmt);
  return facts == nullptr ? 8 : facts->comp[0].depth;
}

// What follows the first start code whose NAL unit `wanted` accepts by its first byte.
template <typename Wanted>
Bytes nal_unit(Bytes stream, const Wanted& wanted) {
  for (std::size_t i = 0; i + 3 < stream.size(); ++i) {
    const bool start_code = stream[i] == 0 && stream[i + 1] == 0 && stream[i + 2] == 1;
    if (start_code && wanted(stream[i + 3])) return stream.subspan(i + 3);
  }
  return {};
}

// The profile, constraint and level bytes of the first sequence parameter set, in either form of
// extradata.
std::string avc1(Bytes extradata) {
  const bool record = extradata.size() >= 4 && extradata[0] == 1;
  const Bytes sps =
      record ? extradata : nal_unit(extradata, [](uint8_t byte) { return (byte & 0x1F) == 7; });
  if (sps.size() < 4) return {};
  return join({"avc1.", hex(sps[1], 2, false), hex(sps[2], 2, false), hex(sps[3], 2, false)});
}

// The profile_tier_level of the first sequence parameter set: 12 bytes, in either form of
// extradata.
std::vector<uint8_t> profile_tier_level(Bytes extradata) {
  constexpr std::size_t kLength = 12;
  if (extradata.size() > kLength && extradata[0] == 1) {
    return {extradata.begin() + 1, extradata.begin() + 1 + kLength};
  }
  constexpr int kSps = 33;
  const Bytes sps = nal_unit(extradata, [](uint8_t byte) { return ((byte >> 1) & 0x3F) == kSps; });
  std::vector<uint8_t> plain;  // without the bytes that prevent start codes
  for (std::size_t i = 0; i < sps.size() && plain.size() < 3 + kLength; ++i) {
    if (i >= 2 && sps[i] == 3 && sps[i - 1] == 0 && sps[i - 2] == 0) continue;
    plain.push_back(sps[i]);
  }
  if (plain.size() < 3 + kLength) return {};
  return {plain.begin() + 3, plain.end()};  // behind two bytes of header and one of ids
}

std::string hvc1(Bytes extradata) {
  const std::vector<uint8_t> facts = profile_tier_level(extradata);
  if (facts.empty()) return {};
  uint32_t compatibility = 0;  // in reverse bit order
  for (int bit = 0; bit < 32; ++bit) {
    if ((facts[1 + bit / 8] >> (7 - bit % 8) & 1) != 0) compatibility |= 1U << bit;
  }
  constexpr std::array<const char*, 4> kSpaces{"", "A", "B", "C"};
  const char* tier = (facts[0] & 0x20) != 0 ? ".H" : ".L";
  std::string text = join({"hvc1.", kSpaces[facts[0] >> 6], std::to_string(facts[0] & 0x1F), ".",
                           hex(compatibility, 0), tier, std::to_string(facts[11])});
  std::size_t constraints = 6;
  while (constraints > 0 && facts[4 + constraints] == 0) --constraints;
  for (std::size_t i = 0; i < constraints; ++i) text.append(".").append(hex(facts[5 + i], 0));
  return text;
}

class BitReader {
 public:
  explicit BitReader(Bytes bytes) : bytes_(bytes) {}
  uint32_t read(int bits) {
    uint32_t value = 0;
    for (; bits > 0; --bits, ++at_) {
      const bool there = at_ / 8 < bytes_.size();
      value = value << 1 | (there ? bytes_[at_ / 8] >> (7 - at_ % 8) & 1U : 0U);
    }
    return value;
  }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
};

std::string av01(int profile, int level, bool high, int depth) {
  return join({"av01.", std::to_string(profile), ".", two_digits(level), high ? "H." : "M.",
               two_digits(depth)});
}

// From av1C, or from the beginning of a sequence header (AV1 5.5.1). Streams with a decoder model
// are not read: no encoder here writes one.
std::string av01(Bytes extradata, int depth) {
  if (extradata.size() >= 4 && extradata[0] == 0x81) {
    return av01(extradata[1] >> 5, extradata[1] & 0x1F, (extradata[2] & 0x80) != 0, depth);
  }
  if (extradata.size() < 6 || (extradata[0] >> 3 & 0xF) != 1) return {};
  const bool sized = (extradata[0] & 2) != 0;
  BitReader bits(extradata.subspan(sized ? 2 : 1));
  const auto profile = static_cast<int>(bits.read(3));
  bits.read(1);                      // still_picture
  if (bits.read(1) != 0) return {};  // reduced header: of images only
  if (bits.read(1) != 0) return {};  // timing_info
  bits.read(1 + 5 + 12);             // display delay, operating points, the first one's idc
  const auto level = static_cast<int>(bits.read(5));
  return av01(profile, level, level > 7 && bits.read(1) != 0, depth);
}

// The level is the first that takes the size and the rate: VP9's streams do not say it.
std::string vp09(const AVCodecContext& encoder) {
  struct Level {
    int value;
    int64_t samples_per_s;
    int64_t samples;
  };
  constexpr std::array<Level, 14> kLevels{{{10, 829440, 36864},
                                           {11, 2764800, 73728},
                                           {20, 4608000, 122880},
                                           {21, 9216000, 245760},
                                           {30, 20736000, 552960},
                                           {31, 36864000, 983040},
                                           {40, 83558400, 2228224},
                                           {41, 160432128, 2228224},
                                           {50, 311951360, 8912896},
                                           {51, 588251136, 8912896},
                                           {52, 1176502272, 8912896},
                                           {60, 1176502272, 35651584},
                                           {61, 2353004544, 35651584},
                                           {62, 4706009088, 35651584}}};
  const int64_t samples = static_cast<int64_t>(encoder.width) * encoder.height;
  const double rate = encoder.framerate.den > 0 ? av_q2d(encoder.framerate) : 0;
  const auto* level = std::ranges::find_if(kLevels, [&](const Level& one) {
    return samples <= one.samples &&
           static_cast<double>(samples) * rate <= static_cast<double>(one.samples_per_s);
  });
  const AVPixFmtDescriptor* facts = av_pix_fmt_desc_get(encoder.pix_fmt);
  const bool subsampled = facts == nullptr || (facts->log2_chroma_w + facts->log2_chroma_h) == 2;
  const int depth = bit_depth(encoder);
  const int profile = (depth > 8 ? 2 : 0) + (subsampled ? 0 : 1);
  const int known = level == kLevels.end() ? kLevels.back().value : level->value;
  return join({"vp09.", two_digits(profile), ".", std::to_string(known), ".", two_digits(depth)});
}

}  // namespace

std::string codec_string(const AVCodecContext& encoder) {
  const Bytes extradata{encoder.extradata, static_cast<std::size_t>(encoder.extradata_size)};
  switch (encoder.codec_id) {
    case AV_CODEC_ID_H264:
      return avc1(extradata);
    case AV_CODEC_ID_HEVC:
      return hvc1(extradata);
    case AV_CODEC_ID_AV1:
      return av01(extradata, bit_depth(encoder));
    case AV_CODEC_ID_VP9:
      return vp09(encoder);
    case AV_CODEC_ID_VP8:
      return "vp8";
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
