#include "encode/libav_encoder.h"

#include <fstream>
#include <iterator>

#include "encode/codec_call.h"
#include "encode/without_realtime.h"

namespace videngine {
namespace {

void set_picture(AVCodecContext& c, const AVFrame& like, Rational frame_rate) {
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
}

void set_rate(AVCodecContext& c, const VideoRenditionPlan& plan) {
  c.gop_size = plan.gop_frames;
  c.keyint_min = plan.gop_frames;
  c.thread_count = plan.threads;
  c.flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_CLOSED_GOP;
  if (plan.pass_number == 1) c.flags |= AV_CODEC_FLAG_PASS1;
  if (plan.pass_number == 2) c.flags |= AV_CODEC_FLAG_PASS2;
  // 0 is "none" to every family, and the only way to say so to those that have a default.
  c.bit_rate = plan.bitrate_bps.value_or(0);
  if (plan.max_bitrate_bps) {
    c.rc_max_rate = *plan.max_bitrate_bps;
    c.rc_buffer_size = static_cast<int>(*plan.buffer_size_bits);
  }
}

}  // namespace

void add_parameter(av::Dictionary& options, const char* option, const std::string& parameter) {
  std::string whole = options.get(option);
  if (!whole.empty()) whole += ':';
  options.set(option, (whole + parameter).c_str());
}

av::CodecContext make_context(const VideoRenditionPlan& plan, Rational frame_rate,
                              const AVFrame& like) {
  const AVCodec* codec = avcodec_find_encoder_by_name(plan.codec.c_str());
  if (codec == nullptr) {
    throw EngineError(ErrorClass::EncoderUnavailable, "codec_unavailable",
                      "This build of FFmpeg has no encoder named " + plan.codec + ".", plan.id);
  }
  av::CodecContext context(avcodec_alloc_context3(codec));
  if (!context) throw std::bad_alloc();
  set_picture(*context, like, frame_rate);
  set_rate(*context, plan);
  return context;
}

std::mutex& opening_lock() {
  static std::mutex mutex;
  return mutex;
}

LibavEncoder::LibavEncoder(const EncoderFamily& family, const VideoRenditionPlan& plan,
                           Rational frame_rate, const AVFrame& like)
    : id_(plan.id),
      carries_captions_(family.carries_captions && plan.captions),
      follows_types_(plan.lookahead.has_value()),
      fewest_timed_(family.fewest_timed),
      statistics_path_(plan.statistics_path),
      context_(make_context(plan, frame_rate, like)) {
  if (plan.pass_number == 2) read_statistics();
  av::Dictionary options;
  for (const auto& [name, value] : plan.options) options.set(name.c_str(), value.c_str());
  Opening opening{plan, like, *context_, options};
  family.prepare(opening);
  const int opened = [&] {
    const std::scoped_lock one_at_a_time(opening_lock());
    const WithoutRealtime guard;
    return avcodec_open2(context_.get(), context_->codec, options.address());
  }();
  if (opened < 0 && family.refusal != nullptr) throw family.refusal(opened, plan);
  av::check(opened, "avcodec_open2(" + plan.codec + ")", id_, ErrorClass::EncoderUnavailable,
            "encoder_init_failed");
  if (const char* unknown = options.left_over()) {
    throw EngineError(ErrorClass::EncoderUnavailable, "encoder_init_failed",
                      plan.codec + " does not know the option " + unknown + ".", id_);
  }
}

void LibavEncoder::encode(const AVFrame* frame, bool key, const Take& take) {
  if (frame == nullptr) {
    encode_with(*context_, nullptr, id_, [&](av::Packet packet) {
      if (frames_ < fewest_timed_) packet->dts = packet->pts;
      take(std::move(packet));
    });
    if ((context_->flags & AV_CODEC_FLAG_PASS1) != 0) write_statistics();
    return;
  }
  ++frames_;
  const av::Frame input = av::share(*frame);
  if (!follows_types_) input->pict_type = key ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
  encode_with(*context_, input.get(), id_, take);
}

// x264 and x265 keep a file of their own at this path; others hand their statistics over.
void LibavEncoder::read_statistics() {
  std::ifstream file(statistics_path_, std::ios::binary);
  statistics_.assign(std::istreambuf_iterator<char>(file), {});
  if (statistics_.empty()) {
    throw EngineError(ErrorClass::VidengineError, "encoder_failed",
                      "The first pass left no statistics.", id_);
  }
  context_->stats_in = statistics_.data();
}

void LibavEncoder::write_statistics() const {
  if (context_->stats_out == nullptr) return;
  std::ofstream file(statistics_path_, std::ios::binary);
  file << context_->stats_out;
  file.close();
  if (!file) {
    throw EngineError(ErrorClass::ResourceError, "disk_full",
                      "There is no space left for the job's working files.", id_);
  }
}

}  // namespace videngine
