#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "av/handles.h"

namespace videngine {

// A text in ASS's markup, in milliseconds. Cues of a track follow each other without overlap.
struct TextCue {
  int64_t start_ms = 0;
  int64_t end_ms = 0;
  std::string ass;
};

// Subtitles of a file.
struct TextTrack {
  std::string language;  // ISO 639-2, or empty
  std::string name;
  bool is_default = false;
  bool forced = false;
  std::vector<TextCue> cues;
};

// Encodes cues as 3GPP timed text (mov_text), empty texts filling the time between them. Owns its
// encoder; not thread-safe. All throw EncoderUnavailable, VidengineError packaging_failed.
class TimedText {
 public:
  static constexpr AVRational kTimeBase{1, 1000};

  explicit TimedText(TextTrack track);

  // Sets what the muxer has to know.
  void describe(AVStream& stream) const;
  // The next packet in kTimeBase, or nothing at the end.
  std::optional<av::Packet> next();

 private:
  av::Packet packet(const std::string& ass, int64_t start_ms, int64_t end_ms);

  TextTrack track_;
  av::CodecContext encoder_;
  std::size_t cue_ = 0;
  int64_t position_ms_ = 0;
};

}  // namespace videngine
