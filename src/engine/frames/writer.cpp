#include "frames/writer.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "av/check.h"
#include "filter/captions.h"
#include "frames/color_matrix.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace videngine::frames {
namespace {

AVColorRange range_of(const WriterPlan& plan) {
  return plan.picture.look.color.range == "pc" ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
}

// Aligned, padded, the right way up.
av::Frame copy_of(const AVFrame& picture) {
  av::Frame copy = av::make_frame();
  copy->format = picture.format;
  copy->width = picture.width;
  copy->height = picture.height;
  av::check(av_frame_get_buffer(copy.get(), 0), "av_frame_get_buffer");
  av::check(av_frame_copy_props(copy.get(), &picture), "av_frame_copy_props");
  av::check(av_frame_copy(copy.get(), &picture), "av_frame_copy");
  return copy;
}

}  // namespace

Writer::Writer(WriterPlan plan)
    : plan_(std::move(plan)),
      format_(av_get_pix_fmt(plan_.picture.pixel_format.c_str())),
      frame_ticks_(std::max<int64_t>(
          av_rescale_q(1, plan_.picture.frame_rate.inverse().to_av(), plan_.time_base.to_av()), 1)),
      pool_(plan_.picture.width_px, plan_.picture.height_px, format_),
      chain_(plan_.picture.width_px, plan_.picture.height_px, format_, plan_.picture.geometry,
             plan_.picture.look) {}

int64_t Writer::pictures() const {
  const std::scoped_lock lock(mutex_);
  return count_;
}

int64_t Writer::in_place() const {
  const std::scoped_lock lock(mutex_);
  return in_place_;
}

void Writer::write(const AVFrame& picture, int64_t pts, bool key) {
  const std::scoped_lock lock(mutex_);
  const bool upside_down = std::ranges::any_of(picture.linesize, [](int size) { return size < 0; });
  encode(upside_down ? *copy_of(picture) : picture, pts, key, picture.data[0]);
}

void Writer::write_borrowed(const AVFrame& picture, int64_t pts, bool key) {
  const std::scoped_lock lock(mutex_);
  const av::Frame told = av::share(picture);
  told->color_range = range_of(plan_);
  encode(picture.format == format_ ? *told : *copy_of(*told), pts, key, picture.data[0]);
}

void Writer::write_rgb(const RgbView& rgb, int64_t pts, bool key) {
  const std::scoped_lock lock(mutex_);
  const av::Frame picture = pool_.get();
  const int wanted = av_color_space_from_name(plan_.picture.look.color.matrix.c_str());
  const auto matrix = wanted < 0 ? AVCOL_SPC_UNSPECIFIED : static_cast<AVColorSpace>(wanted);
  picture->colorspace = told_matrix(matrix, picture->height);
  picture->color_range = range_of(plan_);
  from_rgb(rgb, *picture, scratch_);
  encode(*picture, pts, key, rgb.data);
}

void Writer::encode(const AVFrame& picture, int64_t pts, bool key, const uint8_t* given) {
  if (count_ > 0 && pts <= pts_.back()) {
    throw std::invalid_argument("pts " + std::to_string(pts) + " is not above " +
                                std::to_string(pts_.back()) +
                                ", that of the picture before: pictures are written in the order "
                                "in which they are shown");
  }
  const av::Frame frame = chain_.apply(picture);
  set_captions(*frame, {});
  if (!encoder_) open(*frame);
  const bool regular = count_ == 0 || count_ - last_key_ >= plan_.video.gop_frames;
  if (regular || key) last_key_ = count_;
  if (frame->data[0] == given) ++in_place_;
  frame->pts = count_++;
  pts_.push_back(pts);
  encoder_->encode(frame.get(), regular || key,
                   [this](av::Packet packet) { put(std::move(packet)); });
}

void Writer::open(const AVFrame& first) {
  encoder_ = make_video_encoder(plan_.video, plan_.picture.frame_rate, first);
  muxer_ = std::make_unique<Muxer>(plan_.video.id, plan_.video.path, plan_.container.c_str());
  AVStream& stream = muxer_->add_stream(encoder_->context());
  const std::string& tag = plan_.video.tag;
  const bool mp4 = plan_.container == "mp4" || plan_.container == "mov";
  if (mp4 && !tag.empty()) stream.codecpar->codec_tag = MKTAG(tag[0], tag[1], tag[2], tag[3]);
  stream.time_base = plan_.time_base.to_av();
  stream.avg_frame_rate = encoder_->context().framerate;
  stream.sample_aspect_ratio = encoder_->context().sample_aspect_ratio;
  av::Dictionary options;
  if (mp4) options.set("movflags", "faststart");
  if (plan_.container == "webm") options.set("cues_to_front", int64_t{1});
  muxer_->write_header(options);
}

// Encoders begin their decoding times before the first picture.
int64_t Writer::pts_of(int64_t number) const {
  if (number < 0) return pts_.front() + number * frame_ticks_;
  return pts_.at(static_cast<std::size_t>(number - first_));
}

void Writer::put(av::Packet packet) {
  const int64_t number = packet->pts;
  const int64_t decoded = packet->dts;
  packet->pts = pts_of(number);
  packet->dts = pts_of(decoded);
  packet->duration = number + 1 < count_ ? pts_of(number + 1) - packet->pts : frame_ticks_;
  while (first_ < decoded) {  // neither time comes back to it
    pts_.pop_front();
    ++first_;
  }
  muxer_->write(std::move(packet), 0, plan_.time_base.to_av());
}

int64_t Writer::finish(const Check& check) {
  const std::scoped_lock lock(mutex_);
  encoder_->encode(nullptr, false, [&](av::Packet packet) {
    check();
    put(std::move(packet));
  });
  return muxer_->finish();
}

}  // namespace videngine::frames
