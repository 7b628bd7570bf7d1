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

  // The two halves of decode(), for callers that want to know what failed: libav's codes. Frames
  // keep the pts of their packets.
  int send(const AVPacket* packet);
  int receive(AVFrame& frame);
  // Forgets all that was sent, before a seek or after a drain.
  void flush();
  // Leaves out frames that no other needs, where the codec says so reliably; from the next packet
  // on.
  void skip_unneeded(bool skip);

  [[nodiscard]] const AVCodecContext& context() const { return *context_; }
  [[nodiscard]] int64_t damaged_packets() const { return damaged_packets_; }
  [[nodiscard]] int64_t frames() const { return frames_; }

 private:
  av::CodecContext context_;
  int64_t damaged_packets_ = 0;
  int64_t frames_ = 0;
};

}  // namespace videngine
