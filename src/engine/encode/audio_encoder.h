#pragma once

#include <functional>
#include <string>

#include "av/handles.h"
#include "plan.h"

namespace videngine {

// One encoder of sound, fed with planar float samples of any number. Owns its codec; not
// thread-safe.
class AudioEncoder {
 public:
  // Throws EncoderUnavailable codec_unavailable, encoder_init_failed.
  explicit AudioEncoder(const AudioRenditionPlan& plan);

  // Receives packets with pts in samples, the first at 0: the encoder's priming is left out,
  // because a track that begins before 0 needs an edit list, and players disagree on what one means
  // for segments.
  using Take = std::function<void(av::Packet)>;

  void encode(const uint8_t* const* planes, int samples, const Take& take);
  void drain(const Take& take);

  [[nodiscard]] const AVCodecContext& context() const { return *context_; }
  // Samples that each packet holds.
  [[nodiscard]] int frame_samples() const;

 private:
  void encode_block(int samples, const Take& take);
  void send(const AVFrame* frame, const Take& take);

  std::string id_;
  av::CodecContext context_;
  av::AudioFifo fifo_;
  int64_t position_ = 0;
};

}  // namespace videngine
