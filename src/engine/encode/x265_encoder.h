#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "encode/analysis_links.h"
#include "encode/video_encoder.h"
#include "encode/x265_api.h"

namespace videngine {

// libx265 by its own API, which is the only way to what it finds out about pictures while it runs:
// one encoder gives that to another, or takes it from one. Which frames are what, and what their
// costs are, is taken too: an encoder that reads has no look-ahead of its own, and is given its
// frames in the order of coding. What comes out is what libavcodec's wrapper would make, but for
// that, and for times of decoding that are sound from the first picture on. Frames are numbered
// from 0. Owns its encoder; not thread-safe.
class X265Encoder final : public VideoEncoder {
 public:
  X265Encoder(const VideoRenditionPlan& plan, Rational frame_rate, const AVFrame& like,
              AnalysisLinks links);

  // Waits for the other encoder: while that has no room for what this one found, or while more
  // frames lie here than it can need ahead.
  void encode(const AVFrame* frame, bool key, const Take& take) override;
  [[nodiscard]] bool carries_captions() const override { return false; }
  [[nodiscard]] const AVCodecContext& context() const override { return *context_; }

 private:
  struct Held {
    av::Frame frame;
    bool key = false;
  };

  void link(x265_param& parameters) const;
  void read_headers();
  // Codes held frames whose analysis is there; waits for it while more than `most` are held.
  void code_held(std::size_t most, const Take& take);
  void code(const HevcAnalysis& analysis, const Take& take);
  [[nodiscard]] x265_picture picture(const AVFrame& frame, bool key) const;
  // Whether a picture came out.
  bool call(x265_picture* in, const Take& take);
  [[noreturn]] void fail(const std::string& message) const;

  std::string id_;
  AnalysisLinks links_;
  const x265_api* api_;
  av::CodecContext context_;
  x265::Parameters parameters_;
  x265::Encoder encoder_;
  int64_t frames_ = 0;
  int64_t coded_ = 0;
  // Of a reading encoder, by their numbers.
  std::map<int64_t, Held> held_;
  std::size_t most_held_ = 0;
  std::shared_ptr<const HevcAnalysis> next_;  // whose frame is still to come
};

}  // namespace videngine
