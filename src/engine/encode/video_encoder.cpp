#include "encode/video_encoder.h"

#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include "av/check.h"
#include "encode/chunked_encoder.h"
#include "encode/libav_encoder.h"
#include "encode/x265_encoder.h"

namespace videngine {
namespace {

constexpr std::array<std::pair<std::string_view, const EncoderFamily*>, 8> kFamilies{{
    {"libx264", &kX264},
    {"libx265", &kX265},
    {"libsvtav1", &kSvtAv1},
    {"libvpx", &kVpx},
    {"libvpx-vp9", &kVpx},
    {"h264_nvenc", &kNvenc},
    {"hevc_nvenc", &kNvenc},
    {"av1_nvenc", &kNvenc},
}};

// For encoders that choose key frames by counting alone. Where the segment grid is no multiple of
// their GOP, the encoder is drained and a new one begins with a key frame. Rate control begins anew
// there too.
class RestartingEncoder final : public VideoEncoder {
 public:
  RestartingEncoder(const EncoderFamily& family, VideoRenditionPlan plan, Rational frame_rate,
                    const AVFrame& like)
      : family_(family), plan_(std::move(plan)), frame_rate_(frame_rate), like_(av::share(like)) {
    open();
  }

  void encode(const AVFrame* frame, bool key, const Take& take) override {
    const auto in_order = [&take](av::Packet packet) {
      packet->dts = packet->pts;  // every packet shows exactly one picture, in order
      take(std::move(packet));
    };
    if (key && frame != nullptr && frames_ % plan_.gop_frames != 0) {
      encoder_->encode(nullptr, false, in_order);
      open();
    }
    if (frame != nullptr) ++frames_;
    encoder_->encode(frame, false, in_order);
  }

  [[nodiscard]] bool carries_captions() const override { return encoder_->carries_captions(); }
  [[nodiscard]] const AVCodecContext& context() const override { return encoder_->context(); }

 private:
  void open() {
    encoder_.reset();
    encoder_ = std::make_unique<LibavEncoder>(family_, plan_, frame_rate_, *like_);
    frames_ = 0;
  }

  const EncoderFamily& family_;
  VideoRenditionPlan plan_;
  Rational frame_rate_;
  av::Frame like_;
  std::unique_ptr<LibavEncoder> encoder_;
  int64_t frames_ = 0;  // since it was opened
};

}  // namespace

std::unique_ptr<VideoEncoder> make_video_encoder(const VideoRenditionPlan& plan,
                                                 Rational frame_rate, const AVFrame& like,
                                                 const AnalysisLinks& links) {
  if (!links.none()) return std::make_unique<X265Encoder>(plan, frame_rate, like, links);
  if (plan.chunk_encoders > 1) return std::make_unique<ChunkedEncoder>(plan, frame_rate, like);
  for (const auto& [codec, family] : kFamilies) {
    if (codec != plan.codec) continue;
    if (family->forces_keys) {
      return std::make_unique<LibavEncoder>(*family, plan, frame_rate, like);
    }
    return std::make_unique<RestartingEncoder>(*family, plan, frame_rate, like);
  }
  throw EngineError(ErrorClass::EncoderUnavailable, "codec_unavailable",
                    "There is no encoder named " + plan.codec + ".", plan.id);
}

void try_video_encoder(const VideoRenditionPlan& plan) {
  const av::Frame frame = av::make_frame();
  frame->width = 320;
  frame->height = 192;
  frame->format = AV_PIX_FMT_YUV420P;
  frame->color_range = AVCOL_RANGE_MPEG;
  frame->pts = 0;
  av::check(av_frame_get_buffer(frame.get(), 0), "av_frame_get_buffer", plan.id);
  constexpr std::array kBlack{16, 128, 128};
  for (std::size_t plane = 0; plane < kBlack.size(); ++plane) {
    const int rows = plane == 0 ? frame->height : frame->height / 2;
    std::memset(frame->data[plane], kBlack.at(plane),
                static_cast<std::size_t>(frame->linesize[plane]) * rows);
  }
  const auto encoder = make_video_encoder(plan, {25, 1}, *frame);
  const auto drop = [](const av::Packet&) {};
  encoder->encode(frame.get(), true, drop);
  encoder->encode(nullptr, false, drop);
}

}  // namespace videngine
