#include "encode/gif_stage.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <limits>

#include "encode/codec_call.h"
#include "encode/palette.h"
#include "error.h"
#include "filter/frame_pool.h"

namespace videngine {
namespace {

constexpr AVRational kCentisecond{1, 100};  // GIF's own tick

// Pictures on their way from the first pass to the second, in a file that is gone with this object.
class Spool {
 public:
  Spool(std::string path, int width_px, int height_px, std::string subject)
      : path_(std::move(path)),
        row_bytes_(static_cast<std::size_t>(width_px) * 4),
        rows_(height_px),
        subject_(std::move(subject)) {
    av::check(avio_open(&io_, path_.c_str(), AVIO_FLAG_READ_WRITE), "avio_open", subject_);
  }
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;
  ~Spool() {
    avio_closep(&io_);
    std::error_code nobody_cares;
    std::filesystem::remove(path_, nobody_cares);
  }

  void write(const AVFrame& picture) {
    for (int y = 0; y < rows_; ++y) {
      avio_write(io_, picture.data[0] + static_cast<ptrdiff_t>(y) * picture.linesize[0],
                 static_cast<int>(row_bytes_));
    }
    av::check(io_->error, "avio_write", subject_);
    ++pictures_;
  }
  void rewind() {
    avio_closep(&io_);
    av::check(avio_open(&io_, path_.c_str(), AVIO_FLAG_READ), "avio_open", subject_);
  }
  void read(AVFrame& picture) {
    for (int y = 0; y < rows_; ++y) {
      const int got =
          avio_read(io_, picture.data[0] + static_cast<ptrdiff_t>(y) * picture.linesize[0],
                    static_cast<int>(row_bytes_));
      av::check(got == static_cast<int>(row_bytes_) ? 0 : AVERROR(EIO), "avio_read", subject_);
    }
  }
  [[nodiscard]] int64_t pictures() const { return pictures_; }

 private:
  std::string path_;
  std::size_t row_bytes_;
  int rows_;
  std::string subject_;
  AVIOContext* io_ = nullptr;
  int64_t pictures_ = 0;
};

// The file: pictures in PAL8 with pts in centiseconds.
class GifWriter {
 public:
  // The last picture is shown for `last_cs`: versions of FFmpeg differ in what they make of it.
  GifWriter(const GifPlan& plan, int64_t last_cs) : id_(plan.id) {
    AVFormatContext* allocated = nullptr;
    av::check(avformat_alloc_output_context2(&allocated, nullptr, "gif", plan.path.c_str()),
              "avformat_alloc_output_context2", id_);
    file_.reset(allocated);
    const AVCodec* codec = avcodec_find_encoder(AV_CODEC_ID_GIF);
    if (codec == nullptr) {
      throw EngineError(ErrorClass::EncoderUnavailable, "codec_unavailable",
                        "This build of FFmpeg writes no GIF.", id_);
    }
    encoder_.reset(avcodec_alloc_context3(codec));
    if (!encoder_) throw std::bad_alloc();
    encoder_->width = plan.width_px;
    encoder_->height = plan.height_px;
    encoder_->pix_fmt = AV_PIX_FMT_PAL8;
    encoder_->time_base = kCentisecond;
    encoder_->flags |= AV_CODEC_FLAG_BITEXACT;
    av::check(avcodec_open2(encoder_.get(), codec, nullptr), "avcodec_open2", id_,
              ErrorClass::EncoderUnavailable, "encoder_init_failed");
    AVStream* stream = avformat_new_stream(file_.get(), nullptr);
    if (stream == nullptr) throw std::bad_alloc();
    stream->time_base = kCentisecond;
    av::check(avcodec_parameters_from_context(stream->codecpar, encoder_.get()),
              "avcodec_parameters_from_context", id_);
    av::check(avio_open(&file_->pb, plan.path.c_str(), AVIO_FLAG_WRITE), "avio_open", id_);
    av::Dictionary options;
    options.set("final_delay", std::min<int64_t>(last_cs, std::numeric_limits<uint16_t>::max()));
    av::check(avformat_write_header(file_.get(), options.address()), "avformat_write_header", id_);
  }

  void write(const AVFrame* picture) {
    encode_with(*encoder_, picture, id_, [this](av::Packet packet) {
      av_packet_rescale_ts(packet.get(), kCentisecond, file_->streams[0]->time_base);
      av::check(av_interleaved_write_frame(file_.get(), packet.get()), "av_interleaved_write_frame",
                id_);
    });
  }
  void finish() {
    write(nullptr);
    av::check(av_write_trailer(file_.get()), "av_write_trailer", id_);
    avio_flush(file_->pb);
    av::check(file_->pb->error, "avio_write", id_);
  }

 private:
  std::string id_;
  av::OutputContext file_;
  av::CodecContext encoder_;
};

}  // namespace

GifStage::GifStage(const GifPlan& plan, std::shared_ptr<graph::FrameQueue> frames,
                   const graph::PictureClock& clock, graph::Stages& stages, Report report)
    : plan_(plan),
      frames_(std::move(frames)),
      clock_(clock),
      stages_(stages),
      report_(std::move(report)),
      rate_(plan.frame_rate, plan.start_s.to_us(), plan.duration_s),
      chain_(plan.width_px, plan.height_px, AV_PIX_FMT_RGB32, plan.geometry, plan.look) {}

void GifStage::run() {
  Spool spool(plan_.path + ".pictures", plan_.width_px, plan_.height_px, plan_.id);
  PaletteMaker colours(plan_.width_px, plan_.height_px);
  av::Frame shown;
  av::Frame picture;
  const auto keep = [&](av::Frame frame) {
    if (!shown || shown->data[0] != frame->data[0]) picture = chain_.apply(*frame);
    picture->pts = frame->pts;
    shown = std::move(frame);
    colours.add(*picture);
    spool.write(*picture);
    return true;
  };
  bool wanted = true;
  while (wanted) {
    std::optional<av::Frame> frame = frames_->pop();
    if (stages_.stopped()) return;
    if (!frame) break;
    wanted = rate_.push(std::move(*frame), keep);
  }
  if (wanted) rate_.drain(clock_.known_end_us(), keep);
  frames_->close();
  if (spool.pictures() == 0) {
    throw EngineError(ErrorClass::InputError, "range_outside_source",
                      "The source has no picture in the range that was asked for.", plan_.id);
  }
  PaletteUser painter(plan_.width_px, plan_.height_px, *colours.finish());
  const Rational rate = plan_.frame_rate;
  const auto time_cs = [rate](int64_t n) {
    return av_rescale(n * kCentisecond.den, rate.den, rate.num);
  };
  GifWriter writer(plan_, time_cs(spool.pictures()) - time_cs(spool.pictures() - 1));
  FramePool pool(plan_.width_px, plan_.height_px, AV_PIX_FMT_RGB32);
  spool.rewind();
  for (int64_t n = 0; n < spool.pictures(); ++n) {
    if (stages_.stopped()) return;
    const av::Frame next = pool.get();
    spool.read(*next);
    const av::Frame painted = painter.apply(*next);
    painted->pts = time_cs(n);
    writer.write(painted.get());
  }
  writer.finish();
  report_(RenditionFinished{plan_.id,
                            "gif",
                            plan_.path,
                            static_cast<int64_t>(std::filesystem::file_size(plan_.path)),
                            spool.pictures(),
                            Rational::of(spool.pictures() * rate.den, rate.num),
                            {}});
}

}  // namespace videngine
