#pragma once

#include <cstdint>
#include <string>

#include "av/handles.h"

namespace videngine {

// One file in a container of libavformat. Owns the file; a muxer that is destroyed before finish()
// only abandons it. Not thread-safe. All throw ResourceError disk_full, VidengineError
// encoder_failed.
class Muxer {
 public:
  // `id` is the rendition's, for errors.
  Muxer(std::string id, const std::string& path, const char* format);

  // A stream of an opened encoder's packets.
  AVStream& add_stream(const AVCodecContext& encoder);
  void write_header(av::Dictionary& options);
  // `packet` is in `time_base` and is consumed.
  void write(av::Packet packet, int stream, AVRational time_base);
  // Ends the current fragment of a fragmented file.
  void flush();
  // Completes the file; its size in bytes.
  int64_t finish();

  [[nodiscard]] AVFormatContext& context() { return *context_; }

 private:
  void check(const char* operation, int code);

  std::string id_;
  av::OutputContext context_;
};

}  // namespace videngine
