#pragma once

#include <mutex>
#include <string>

#include "encode/video_encoder.h"
#include "error.h"

namespace videngine {

// An encoder as it is about to be opened: libavcodec's context, and the options of its wrapper.
struct Opening {
  const VideoRenditionPlan& plan;
  const AVFrame& like;
  AVCodecContext& context;
  av::Dictionary& options;
};

// What tells one family of encoders from another; each has a file of its own.
struct EncoderFamily {
  // Sets what only this family understands.
  void (*prepare)(Opening& opening) = nullptr;
  // Turns libavcodec's refusal to open into the failure to throw; null for encoder_init_failed.
  EngineError (*refusal)(int code, const VideoRenditionPlan& plan) = nullptr;
  // Whether a frame can be made a key frame by asking for it.
  bool forces_keys = true;
  // Whether it writes the captions that frames carry, if `plan.captions` asks for them.
  bool carries_captions = false;
  // Of fewer pictures its decoding times mean nothing. So few are coded in the order of showing.
  int fewest_timed = 0;
};

extern const EncoderFamily kX264;
extern const EncoderFamily kX265;
extern const EncoderFamily kSvtAv1;
extern const EncoderFamily kVpx;
extern const EncoderFamily kNvenc;

// The context of the encoder that a plan names, before its family and options have a say in it.
// Throws EncoderUnavailable: codec_unavailable.
av::CodecContext make_context(const VideoRenditionPlan& plan, Rational frame_rate,
                              const AVFrame& like);

// Held while an encoder is opened: libx265 fills tables of the whole process then, without a lock.
std::mutex& opening_lock();

// A VideoEncoder through libavcodec.
class LibavEncoder final : public VideoEncoder {
 public:
  LibavEncoder(const EncoderFamily& family, const VideoRenditionPlan& plan, Rational frame_rate,
               const AVFrame& like);

  void encode(const AVFrame* frame, bool key, const Take& take) override;
  [[nodiscard]] bool carries_captions() const override { return carries_captions_; }
  [[nodiscard]] const AVCodecContext& context() const override { return *context_; }

 private:
  void read_statistics();
  void write_statistics() const;

  std::string id_;
  bool carries_captions_;
  bool follows_types_;  // frames come with theirs
  int64_t fewest_timed_;
  int64_t frames_ = 0;
  std::string statistics_;  // of the first pass, read by the codec until it is closed
  std::string statistics_path_;
  av::CodecContext context_;
};

// Adds `key=value` to an option that holds such pairs, as x265-params and svtav1-params do.
void add_parameter(av::Dictionary& options, const char* option, const std::string& parameter);

}  // namespace videngine
