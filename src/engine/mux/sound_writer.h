#pragma once

#include <cstdint>
#include <memory>

#include "av/handles.h"
#include "plan.h"

namespace videngine {

// Where the packets of one sound go. finish() completes the file; a writer that is destroyed before
// only abandons it. Not thread-safe.
class SoundWriter {
 public:
  SoundWriter() = default;
  SoundWriter(const SoundWriter&) = delete;
  SoundWriter& operator=(const SoundWriter&) = delete;
  virtual ~SoundWriter() = default;

  // `packet` is in samples, and before 0 as long as it holds the encoder's priming. Consumed.
  virtual void write(av::Packet packet) = 0;
  virtual void finish() = 0;
  [[nodiscard]] virtual int64_t size_bytes() const = 0;
};

// The writer of the plan's container. `encoder` has been opened. Throws ResourceError disk_full,
// VidengineError encoder_failed.
std::unique_ptr<SoundWriter> make_sound_writer(const AudioRenditionPlan& plan,
                                               const AVCodecContext& encoder, int frame_samples);

}  // namespace videngine
