#pragma once

#include <optional>
#include <string>
#include <vector>

#include "av/handles.h"
#include "demux/details.h"
#include "rational.h"

namespace videngine {

// Facts about one stream; python/videngine/media.py documents every field.
struct StreamFacts {
  int index = 0;
  std::string type;
  std::string codec;
  std::string profile;
  std::optional<Rational> duration_s;
  Rational start_s;
  int64_t bit_rate_bps = 0;
  std::string language;
  std::string title;
  bool is_default = false;
  int width_px = 0;
  int height_px = 0;
  Rational sample_aspect_ratio{1, 1};
  int rotation_deg = 0;
  Rational frame_rate;
  std::optional<Rational> keyframe_interval_s;  // the longest; none: the container does not tell
  bool variable_frame_rate = false;
  std::string pixel_format;
  int bit_depth = 0;
  bool interlaced = false;
  std::string primaries;
  std::string transfer;
  std::string matrix;
  std::string range;
  int max_content_nits = 0;
  double mastering_peak_nits = 0;
  int dolby_vision_profile = 0;
  int dolby_vision_compatibility = 0;
  int sample_rate_hz = 0;
  int channels = 0;
  std::string channel_layout;
  bool attached_picture = false;
  std::string codec_tag;
  int level = 0;       // as the codec counts; 0: it does not say
  int64_t frames = 0;  // as the container says; 0: it does not
  Rational time_base;
  std::vector<std::string> dispositions;
  Tags tags;
  std::vector<SideData> side_data;
};

struct MediaFacts {
  std::string format;
  int64_t size_bytes = 0;
  Rational duration_s;
  int64_t bit_rate_bps = 0;
  Rational start_s;
  std::vector<StreamFacts> streams;
  std::vector<Chapter> chapters;
  Tags tags;
};

// How far to turn the coded picture clockwise for display, to the nearest quarter turn.
int rotation_deg(const AVStream& stream);

// Opens a local file, reads its headers and some packets, and decides nothing.
// Throws what Input's constructor throws.
MediaFacts probe(const std::string& path);

}  // namespace videngine
