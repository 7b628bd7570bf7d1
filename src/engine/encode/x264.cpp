#include "encode/codec_call.h"
#include "encode/video_encoder.h"

namespace videngine {
namespace {

class X264Encoder final : public VideoEncoder {
 public:
  X264Encoder(const VideoRenditionPlan& plan, Rational frame_rate, const AVFrame& like)
      : id_(plan.id) {
    const AVCodec* codec = avcodec_find_encoder_by_name("libx264");
    if (codec == nullptr) {
      throw EngineError(ErrorClass::EncoderUnavailable, "codec_unavailable",
                        "This build of FFmpeg has no libx264.", id_);
    }
    context_.reset(avcodec_alloc_context3(codec));
    if (!context_) throw std::bad_alloc();
    AVCodecContext& c = *context_;
    c.width = like.width;
    c.height = like.height;
    c.pix_fmt = static_cast<AVPixelFormat>(like.format);
    c.sample_aspect_ratio = like.sample_aspect_ratio;
    c.color_primaries = like.color_primaries;
    c.color_trc = like.color_trc;
    c.colorspace = like.colorspace;
    c.color_range = like.color_range;
    c.chroma_sample_location = AVCHROMA_LOC_LEFT;
    c.framerate = frame_rate.to_av();
    c.time_base = frame_rate.inverse().to_av();
    c.gop_size = plan.gop_frames;
    c.keyint_min = plan.gop_frames;
    c.thread_count = plan.threads;
    c.flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_CLOSED_GOP;
    if (plan.bitrate_bps) c.bit_rate = *plan.bitrate_bps;
    if (plan.max_bitrate_bps) {
      c.rc_max_rate = *plan.max_bitrate_bps;
      c.rc_buffer_size = static_cast<int>(*plan.buffer_size_bits);
    }
    av::Dictionary options;
    options.set("preset", plan.preset.c_str());
    if (plan.crf) options.set("crf", std::to_string(*plan.crf).c_str());
    // Key frames stand where the segment grid wants them and nowhere else.
    options.set("sc_threshold", static_cast<int64_t>(0));
    options.set("forced-idr", static_cast<int64_t>(1));
    // FFmpeg passes closed captions on by default; they are carried only when a job asks for them.
    options.set("a53cc", static_cast<int64_t>(0));
    av::check(avcodec_open2(&c, codec, options.address()), "avcodec_open2(libx264)", id_,
              ErrorClass::EncoderUnavailable, "encoder_init_failed");
    if (const char* unknown = options.left_over()) {
      throw EngineError(ErrorClass::EncoderUnavailable, "encoder_init_failed",
                        std::string("libx264 does not know the option ") + unknown + ".", id_);
    }
  }

  void encode(const AVFrame* frame, bool key, const Take& take) override {
    if (frame == nullptr) {
      encode_with(*context_, nullptr, id_, take);
      return;
    }
    const av::Frame input = av::share(*frame);
    input->pict_type = key ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    encode_with(*context_, input.get(), id_, take);
  }

  [[nodiscard]] const AVCodecContext& context() const override { return *context_; }

 private:
  std::string id_;
  av::CodecContext context_;
};

}  // namespace

std::unique_ptr<VideoEncoder> make_x264_encoder(const VideoRenditionPlan& plan, Rational frame_rate,
                                                const AVFrame& like) {
  return std::make_unique<X264Encoder>(plan, frame_rate, like);
}

std::unique_ptr<VideoEncoder> make_video_encoder(const VideoRenditionPlan& plan,
                                                 Rational frame_rate, const AVFrame& like) {
  if (plan.codec == "libx264") return make_x264_encoder(plan, frame_rate, like);
  throw EngineError(ErrorClass::EncoderUnavailable, "codec_unavailable",
                    "There is no encoder named " + plan.codec + ".", plan.id);
}

}  // namespace videngine
