#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "av/handles.h"
#include "encode/analysis_links.h"
#include "plan.h"

namespace videngine {

// One encoder of pictures; one file per family implements it. Owns its codec; not thread-safe.
class VideoEncoder {
 public:
  VideoEncoder() = default;
  VideoEncoder(const VideoEncoder&) = delete;
  VideoEncoder& operator=(const VideoEncoder&) = delete;
  virtual ~VideoEncoder() = default;

  // Receives each packet, timestamps in context().time_base.
  using Take = std::function<void(av::Packet)>;

  // Frames come with pts = frame number; `key` asks for an IDR here. nullptr drains, and writes the
  // statistics of a first pass.
  virtual void encode(const AVFrame* frame, bool key, const Take& take) = 0;
  // Whether it was asked to write the captions that its frames carry, and does.
  [[nodiscard]] virtual bool carries_captions() const = 0;
  // For the muxer: parameters, extradata, time base.
  [[nodiscard]] virtual const AVCodecContext& context() const = 0;
  // Of runs of pictures that were encoded beside each other: the time of a processor that each
  // took.
  [[nodiscard]] virtual std::vector<double> chunk_cpu_s() const { return {}; }
};

// `like` is the first frame: it has the size and the colour facts of all.
// Throws EncoderUnavailable: codec_unavailable (not in this build, or no device for it),
// encoder_init_failed (refuses the parameters). DeviceError: gpu_session_limit, gpu_out_of_memory.
std::unique_ptr<VideoEncoder> make_video_encoder(const VideoRenditionPlan& plan,
                                                 Rational frame_rate, const AVFrame& like,
                                                 const AnalysisLinks& links = {});

// Opens an encoder and has it encode one small black picture, to see whether this machine has it.
// Throws what make_video_encoder throws, and encoder_failed.
void try_video_encoder(const VideoRenditionPlan& plan);

}  // namespace videngine
