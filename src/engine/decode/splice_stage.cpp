#include "decode/splice_stage.h"

#include <algorithm>
#include <string>

#include "av/check.h"

extern "C" {
#include <libavutil/channel_layout.h>
#include <libavutil/samplefmt.h>
}

namespace videngine {
namespace {

int64_t samples_in(int64_t us, int rate_hz) { return av_rescale(us, rate_hz, AV_TIME_BASE); }
int64_t us_of(int64_t samples, int rate_hz) { return av_rescale(samples, AV_TIME_BASE, rate_hz); }

// Leaves `count` samples from `first` on; the planes belong to the same buffers.
void keep_samples(AVFrame& frame, int first, int count) {
  const auto format = static_cast<AVSampleFormat>(frame.format);
  const int channels = frame.ch_layout.nb_channels;
  const bool planar = av_sample_fmt_is_planar(format) != 0;
  const int step = av_get_bytes_per_sample(format) * (planar ? 1 : channels);
  const int planes = planar ? channels : 1;
  for (int i = 0; i < planes; ++i) frame.extended_data[i] += static_cast<ptrdiff_t>(first) * step;
  for (int i = 0; i < std::min(planes, AV_NUM_DATA_POINTERS); ++i) {
    frame.data[i] = frame.extended_data[i];
  }
  frame.nb_samples = count;
}

// In swscale's words. What a frame does not say follows from its size, as for players.
std::string_view matrix_of(const AVFrame& frame) {
  switch (frame.colorspace) {
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      return "bt2020";
    case AVCOL_SPC_SMPTE170M:
    case AVCOL_SPC_BT470BG:
      return "bt601";
    case AVCOL_SPC_UNSPECIFIED:
      return frame.height <= 576 ? "bt601" : "bt709";
    default:
      return "bt709";
  }
}

bool is_full_range(const AVFrame& frame) {
  return frame.color_range == AVCOL_RANGE_JPEG || frame.format == AV_PIX_FMT_YUVJ420P;
}

}  // namespace

PictureSplice::PictureSplice(std::vector<Clip> clips, int width_px, int height_px,
                             graph::Stages& stages, graph::PictureClock& clock)
    : clips_(std::move(clips)),
      width_px_(width_px),
      height_px_(height_px),
      stages_(stages),
      clock_(clock) {}

av::Frame PictureSplice::framed(av::Frame frame) {
  if (!first_) {
    first_ = av::make_frame();
    av::check(av_frame_copy_props(first_.get(), frame.get()), "av_frame_copy_props");
    first_->height = frame->height;
    first_->format = frame->format;
  }
  const AVRational sar = frame->sample_aspect_ratio;
  const bool square = sar.num <= 0 || sar.num == sar.den;
  const bool same_colour =
      matrix_of(*frame) == matrix_of(*first_) && is_full_range(*frame) == is_full_range(*first_);
  if (square && same_colour && frame->width == width_px_ && frame->height == height_px_) {
    return frame;
  }
  if (!frame_ || !frame_->fits(*frame)) {
    const auto range = [](const AVFrame& f) { return is_full_range(f) ? "full" : "limited"; };
    const std::string size = std::to_string(width_px_) + ":" + std::to_string(height_px_);
    // Pixels that are not square become so in the first step, so that the second keeps the shape.
    const std::string whole = square ? "" : "scale=trunc(iw*sar/2)*2:ih:flags=bicubic,setsar=1,";
    frame_.emplace(*frame, kTimelineBase,
                   whole + "scale=" + size +
                       ":force_original_aspect_ratio=decrease:force_divisible_by=2:flags=bicubic"
                       ":in_color_matrix=" +
                       std::string(matrix_of(*frame)) + ":out_color_matrix=" +
                       std::string(matrix_of(*first_)) + ":in_range=" + range(*frame) +
                       ":out_range=" + range(*first_) + ",pad=" + size + ":-1:-1,setsar=1");
  }
  frame = frame_->apply(std::move(frame));
  frame->colorspace = first_->colorspace;
  frame->color_range = first_->color_range;
  frame->color_primaries = first_->color_primaries;
  frame->color_trc = first_->color_trc;
  return frame;
}

bool PictureSplice::deliver(av::Frame frame, int64_t at_us) {
  frame = framed(std::move(frame));
  frame->pts = at_us;
  const bool wanted = outlet_.push(*frame);
  ++frames;
  position_us = at_us;
  clock_.advance(at_us);
  return wanted;
}

// The frame on screen where the clip begins opens it, even if it was first shown before.
bool PictureSplice::splice(const Clip& clip, int64_t offset_us) {
  av::Frame opening;
  bool opened = false;
  while (std::optional<av::Frame> next = clip.frames->pop()) {
    av::Frame frame = std::move(*next);
    const int64_t since_start_us = frame->pts - clip.range.start_us;
    if (since_start_us + kRoundingUs >= clip.range.length_us) break;
    if (since_start_us <= kRoundingUs) {
      opening = std::move(frame);
      continue;
    }
    if (!opened) {
      opened = true;
      av::Frame first = opening ? std::move(opening) : av::share(*frame);
      if (!deliver(std::move(first), offset_us)) return false;
    }
    if (!deliver(std::move(frame), offset_us + since_start_us)) return false;
  }
  return opened || !opening || deliver(std::move(opening), offset_us);
}

void PictureSplice::run() {
  int64_t offset_us = 0;
  bool wanted = true;
  for (const Clip& clip : clips_) {
    if (wanted) wanted = splice(clip, offset_us);
    clip.frames->close();
    if (stages_.stopped()) return;
    offset_us += clip.range.length_us;
  }
  clock_.finish(wanted ? offset_us : graph::PictureClock::kForever);
  outlet_.finish();
}

SoundSplice::SoundSplice(std::vector<Clip> clips) : clips_(std::move(clips)) {}

bool SoundSplice::holds_up_demuxer() const {
  const SoundDecodeStage* decoder = clips_[current_].decoder;
  return decoder != nullptr && decoder->holds_up_demuxer();
}

bool SoundSplice::silence(int64_t from_us, int64_t to_us) {
  constexpr int kBlockSamples = 4096;
  const int rate_hz = like_ ? like_->sample_rate : 48'000;
  const int64_t first = samples_in(from_us, rate_hz);
  const int64_t end = samples_in(to_us, rate_hz);
  for (int64_t at = first; at < end; at += kBlockSamples) {
    const av::Frame frame = av::make_frame();
    frame->sample_rate = rate_hz;
    frame->format = like_ ? like_->format : AV_SAMPLE_FMT_FLTP;
    frame->nb_samples = static_cast<int>(std::min<int64_t>(kBlockSamples, end - at));
    if (like_) {
      av::check(av_channel_layout_copy(&frame->ch_layout, &like_->ch_layout), "channel layout");
    } else {
      av_channel_layout_default(&frame->ch_layout, 2);
    }
    av::check(av_frame_get_buffer(frame.get(), 0), "av_frame_get_buffer");
    av::check(av_samples_set_silence(frame->extended_data, 0, frame->nb_samples,
                                     frame->ch_layout.nb_channels,
                                     static_cast<AVSampleFormat>(frame->format)),
              "av_samples_set_silence");
    frame->pts = us_of(at, rate_hz);
    if (!outlet_.push(*frame)) return false;
  }
  return true;
}

bool SoundSplice::splice(const Clip& clip, int64_t offset_us) {
  const auto& [start_us, length_us] = clip.range;
  int64_t end_us = 0;  // of what was delivered of this clip, from its start
  while (clip.frames) {
    std::optional<av::Frame> next = clip.frames->pop();
    if (!next) break;
    av::Frame frame = std::move(*next);
    const int rate_hz = frame->sample_rate;
    const int64_t from_us = frame->pts - start_us;
    if (from_us >= length_us) break;
    like_ = av::share(*frame);
    const int64_t first = from_us < 0 ? samples_in(-from_us, rate_hz) : 0;
    const int64_t room = samples_in(length_us - from_us, rate_hz);
    const int64_t count = std::min<int64_t>(frame->nb_samples, room) - first;
    if (count <= 0) continue;
    const int64_t at_us = std::max<int64_t>(from_us, 0);
    // Holes inside a clip are the resampler's business: it tells them from rounded timestamps.
    if (end_us == 0 && !silence(offset_us, offset_us + at_us)) return false;
    keep_samples(*frame, static_cast<int>(first), static_cast<int>(count));
    frame->pts = offset_us + at_us;
    end_us = at_us + us_of(count, rate_hz);
    if (!outlet_.push(*frame)) return false;
  }
  return end_us >= length_us || silence(offset_us + end_us, offset_us + length_us);
}

void SoundSplice::run() {
  int64_t offset_us = 0;
  bool wanted = true;
  for (std::size_t i = 0; i < clips_.size(); ++i) {
    current_ = i;
    if (wanted) wanted = splice(clips_[i], offset_us);
    if (clips_[i].frames) clips_[i].frames->close();
    offset_us += clips_[i].range.length_us;
  }
  outlet_.finish();
}

}  // namespace videngine
