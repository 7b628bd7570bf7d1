#include "encode/still_stage.h"

#include <cstdio>

#include "encode/codec_call.h"
#include "filter/picture_chain.h"

namespace videngine {
namespace {

// Containers round their timestamps to milliseconds: a frame this close behind the time asked for
// is the one that was meant.
constexpr int64_t kRoundingUs = 1000;

// One image as the codec writes it; `picture` has the codec's pixel format.
av::Packet encode_image(const StillPlan& plan, const AVFrame& picture) {
  const bool jpg = plan.format == "jpg";
  const AVCodec* codec = avcodec_find_encoder(jpg ? AV_CODEC_ID_MJPEG : AV_CODEC_ID_PNG);
  if (codec == nullptr) {
    throw EngineError(ErrorClass::EncoderUnavailable, "codec_unavailable",
                      "This build of FFmpeg writes no " + plan.format + " images.", plan.id);
  }
  const av::CodecContext context(avcodec_alloc_context3(codec));
  if (!context) throw std::bad_alloc();
  context->width = picture.width;
  context->height = picture.height;
  context->pix_fmt = static_cast<AVPixelFormat>(picture.format);
  context->color_range = picture.color_range;
  context->time_base = {1, 1};
  context->flags |= AV_CODEC_FLAG_BITEXACT;
  const av::Frame frame = av::share(picture);
  frame->pts = 0;
  if (jpg) {
    // JPEG's quality 1 to 100 on the codec's scale 31 (worst) to 2.
    const int scale = 31 - 29 * plan.quality / 100;
    context->flags |= AV_CODEC_FLAG_QSCALE;
    context->global_quality = scale * FF_QP2LAMBDA;
    frame->quality = context->global_quality;
  }
  av::check(avcodec_open2(context.get(), codec, nullptr), "avcodec_open2", plan.id,
            ErrorClass::EncoderUnavailable, "encoder_init_failed");
  av::Packet image;
  const auto keep = [&](av::Packet packet) { image = std::move(packet); };
  encode_with(*context, frame.get(), plan.id, keep);
  encode_with(*context, nullptr, plan.id, keep);
  return image;
}

void write_file(const StillPlan& plan, const AVPacket& data) {
  AVIOContext* io = nullptr;
  av::check(avio_open(&io, plan.path.c_str(), AVIO_FLAG_WRITE), "avio_open", plan.id);
  avio_write(io, data.data, data.size);
  avio_flush(io);
  const int written = io->error;
  const int closed = avio_closep(&io);
  av::check(written, "avio_write", plan.id);
  av::check(closed, "avio_close", plan.id);
}

}  // namespace

StillStage::StillStage(const StillPlan& plan, std::shared_ptr<graph::FrameQueue> frames,
                       graph::Stages& stages, Report report)
    : plan_(plan), frames_(std::move(frames)), stages_(stages), report_(std::move(report)) {}

void StillStage::run() {
  const int64_t time_us = av_rescale(plan_.time_s.num, AV_TIME_BASE, plan_.time_s.den);
  av::Frame shown;
  while (std::optional<av::Frame> frame = frames_->pop()) {
    if (shown && (*frame)->pts > time_us + kRoundingUs) break;
    shown = std::move(*frame);
  }
  frames_->close();
  if (stages_.stopped()) return;
  if (!shown) {
    throw EngineError(ErrorClass::InputError, "source_corrupt",
                      "No picture of the source can be decoded: the file is damaged.", plan_.id);
  }
  const AVPixelFormat format = plan_.format == "jpg" ? AV_PIX_FMT_YUVJ420P : AV_PIX_FMT_RGB24;
  const av::Frame picture =
      PictureChain(plan_.width_px, plan_.height_px, format, plan_.geometry, plan_.look)
          .apply(*shown);
  shown.reset();
  const av::Packet image = encode_image(plan_, *picture);
  write_file(plan_, *image);
  report_(RenditionFinished{plan_.id, "still", plan_.path, image->size, 1, {}, {}});
}

}  // namespace videngine
