#include "encode/image.h"

#include "encode/codec_call.h"

namespace videngine {
namespace {

// The encoder's own name: libwebp has a second one, for animations.
const char* encoder_name(const std::string& format) {
  if (format == "jpg") return "mjpeg";
  return format == "webp" ? "libwebp" : "png";
}

av::Packet encode_image(const AVFrame& picture, const ImageFormat& format,
                        const std::string& subject) {
  const AVCodec* codec = avcodec_find_encoder_by_name(encoder_name(format.format));
  if (codec == nullptr) {
    throw EngineError(ErrorClass::EncoderUnavailable, "codec_unavailable",
                      "This build of FFmpeg writes no " + format.format + " images.", subject);
  }
  const av::CodecContext context(avcodec_alloc_context3(codec));
  if (!context) throw std::bad_alloc();
  context->width = picture.width;
  context->height = picture.height;
  context->pix_fmt = static_cast<AVPixelFormat>(picture.format);
  context->color_range = picture.color_range;
  context->time_base = {1, 1};
  context->flags |= AV_CODEC_FLAG_BITEXACT;
  av::Dictionary options;
  const av::Frame frame = av::share(picture);
  frame->pts = 0;
  if (format.format == "jpg") {
    // JPEG's quality 1 to 100 on the codec's scale 31 (worst) to 2.
    const int scale = 31 - 29 * format.quality / 100;
    context->flags |= AV_CODEC_FLAG_QSCALE;
    context->global_quality = scale * FF_QP2LAMBDA;
    frame->quality = context->global_quality;
  } else if (format.format == "webp") {
    options.set("quality", format.quality);
  }
  av::check(avcodec_open2(context.get(), codec, options.address()), "avcodec_open2", subject,
            ErrorClass::EncoderUnavailable, "encoder_init_failed");
  av::Packet image;
  const auto keep = [&](av::Packet packet) { image = std::move(packet); };
  encode_with(*context, frame.get(), subject, keep);
  encode_with(*context, nullptr, subject, keep);
  return image;
}

}  // namespace

AVPixelFormat ImageFormat::pixel_format() const {
  if (format == "jpg") return AV_PIX_FMT_YUVJ420P;
  return format == "webp" ? AV_PIX_FMT_RGB32 : AV_PIX_FMT_RGB24;
}

bool is_image_format(const std::string& format) {
  return format == "png" || format == "jpg" || format == "webp";
}

int64_t write_image(const AVFrame& picture, const ImageFormat& format, const std::string& path,
                    const std::string& subject) {
  const av::Packet image = encode_image(picture, format, subject);
  AVIOContext* io = nullptr;
  av::check(avio_open(&io, path.c_str(), AVIO_FLAG_WRITE), "avio_open", subject);
  avio_write(io, image->data, image->size);
  avio_flush(io);
  const int written = io->error;
  const int closed = avio_closep(&io);
  av::check(written, "avio_write", subject);
  av::check(closed, "avio_close", subject);
  return image->size;
}

}  // namespace videngine
