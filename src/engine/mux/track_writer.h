#pragma once

#include <string>

#include "av/handles.h"
#include "mux/muxer.h"
#include "rational.h"

namespace videngine {

// Writes one clear CMAF track file: ftyp, moov, then one fragment for each segment; or WebM, where
// the path ends in .webm, for codecs that MP4 has no place for. finish() completes it; a writer
// that is destroyed before only abandons the file. Not thread-safe.
class TrackWriter {
 public:
  // `id` is the rendition's, for errors. `encoder` has been opened; its first packet is to have pts
  // 0. `segment_s` only chooses a time scale in which frames and segments are whole ticks:
  // packagers cut by comparing ticks. Throws ResourceError disk_full, VidengineError
  // encoder_failed. `tag` is the four characters of the sample entry; empty: the usual one.
  TrackWriter(std::string id, const std::string& path, const AVCodecContext& encoder,
              Rational segment_s, const std::string& language, const std::string& tag = {});

  // Begins a new fragment with the next packet.
  void cut();
  // `packet` is in the encoder's time base and is consumed.
  void write(av::Packet packet);
  void finish();

  [[nodiscard]] int64_t size_bytes() const { return size_bytes_; }

 private:
  bool fragmented_;
  Muxer muxer_;
  AVRational time_base_;
  bool empty_ = true;
  bool has_moov_ = false;
  int64_t size_bytes_ = 0;
};

}  // namespace videngine
