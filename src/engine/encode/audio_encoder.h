#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "av/handles.h"
#include "plan.h"

namespace videngine {

// One encoder of sound, fed with planar float samples of any number, whatever format its codec
// wants. Owns its codec; not thread-safe.
class AudioEncoder {
 public:
  // Throws EncoderUnavailable codec_unavailable, encoder_init_failed.
  explicit AudioEncoder(const AudioRenditionPlan& plan);

  // Receives packets with pts in samples. The encoder's priming lies before 0; what becomes of it
  // is the container's business.
  using Take = std::function<void(av::Packet)>;

  void encode(const uint8_t* const* planes, int samples, const Take& take);
  void drain(const Take& take);

  [[nodiscard]] const AVCodecContext& context() const { return *context_; }
  // Samples that each packet holds, or may hold where the codec varies it.
  [[nodiscard]] int frame_samples() const;

 private:
  void open(const AVCodec& codec, const AudioRenditionPlan& plan);
  void encode_block(int samples, const Take& take);

  std::string id_;
  av::CodecContext context_;
  av::Swr swr_;  // from planar float to the codec's samples; none where that is the same
  av::AudioFifo fifo_;
  int64_t position_ = 0;
};

}  // namespace videngine
