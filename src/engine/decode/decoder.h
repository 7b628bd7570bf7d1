#pragma once

#include <functional>

#include "av/handles.h"

namespace videngine {

// One opened decoder. Owns it; not thread-safe.
class Decoder {
 public:
  // Throws InputError source_unsupported_codec.
  Decoder(const AVStream& stream, int threads);

  // Decodes one packet, or drains with nullptr, and gives each frame that comes out, in
  // presentation order and with pts in the stream's time base. Damaged packets are skipped and
  // counted. `take` returns false to stop.
  bool decode(const AVPacket* packet, const std::function<bool(av::Frame)>& take);

  // Decodes one key frame as if it stood alone: codecs put frames in order by what they find
  // between key frames, and lose their way where that is left out.
  bool decode_alone(const AVPacket& packet, const std::function<bool(av::Frame)>& take);

  [[nodiscard]] const AVCodecContext& context() const { return *context_; }
  [[nodiscard]] int64_t damaged_packets() const { return damaged_packets_; }
  [[nodiscard]] int64_t frames() const { return frames_; }

 private:
  av::CodecContext context_;
  int64_t damaged_packets_ = 0;
  int64_t frames_ = 0;
};

}  // namespace videngine
