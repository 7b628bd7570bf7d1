#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "av/handles.h"
#include "rational.h"

namespace videngine {

// Facts that nothing is decided from, for those who want to know all about a source.

// Tags as the container has them, in whatever encoding; at most kMaxTags of kMaxTagBytes.
using Tags = std::map<std::string, std::string>;
inline constexpr std::size_t kMaxTags = 64;
inline constexpr std::size_t kMaxTagBytes = 1000;
Tags read_tags(const AVDictionary* metadata);

// What a container says beside its packets, in ffprobe's names: mastering display, content light
// level, Dolby Vision's configuration, display matrix.
struct SideData {
  std::string type;
  std::map<std::string, std::variant<int64_t, std::string>> values;
};
std::vector<SideData> read_side_data(const AVStream& stream);

// Names of the roles that a stream has: default, forced, attached_pic.
std::vector<std::string> read_dispositions(const AVStream& stream);

// The four characters of a codec in its container; others than printable ones as [27].
std::string read_codec_tag(const AVStream& stream);

struct Chapter {
  Rational start_s;  // from the source's origin
  Rational end_s;
  Tags tags;
};
std::vector<Chapter> read_chapters(const AVFormatContext& context, int64_t origin_us);

}  // namespace videngine
