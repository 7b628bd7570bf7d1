#include "decode/decode_stages.h"

#include <algorithm>
#include <string>

#include "av/check.h"
#include "av/frame_facts.h"
#include "av/side_data.h"
#include "filter/rotator.h"

namespace videngine {
namespace {

// Where the stream's rate is unknown a frame is taken to last 1/25 s.
int64_t nominal_duration_us(const AVStream& stream) {
  const AVRational rate =
      stream.avg_frame_rate.num > 0 ? stream.avg_frame_rate : stream.r_frame_rate;
  return rate.num > 0 && rate.den > 0 ? av_rescale(AV_TIME_BASE, rate.den, rate.num)
                                      : AV_TIME_BASE / 25;
}

// Frames leave the decoder in the order in which they are shown. Timestamps that step back by no
// more than this are wrong (the last B-frames of a program stream have their neighbours'); a larger
// step is a cut in the source.
constexpr int kMisplacedFrames = 4;

// Puts a decoded frame on the timeline; `fallback_us` is where it belongs if it has no timestamp.
void to_timeline(AVFrame& frame, AVRational time_base, int64_t origin_us, int64_t fallback_us) {
  frame.pts = frame.pts == AV_NOPTS_VALUE
                  ? fallback_us
                  : av_rescale_q(frame.pts, time_base, kTimelineBase) - origin_us;
}

}  // namespace

PictureDecodeStage::PictureDecodeStage(Input& input, int stream, int threads, int rotation_deg,
                                       bool keyframes_only, graph::Stages& stages,
                                       graph::PictureClock& clock,
                                       std::shared_ptr<graph::PacketQueue> packets)
    : input_(input),
      stream_(*input.context()->streams[stream]),
      rotation_deg_(rotation_deg),
      keyframes_only_(keyframes_only),
      stages_(stages),
      clock_(clock),
      packets_(std::move(packets)),
      decoder_(stream_, threads) {}

graph::Outlet& PictureDecodeStage::outlet(const std::string& deinterlace) {
  return branches_.try_emplace(deinterlace, deinterlace, rotation_deg_).first->second.outlet;
}

// False: nobody wants more.
bool PictureDecodeStage::give(const AVFrame& frame) {
  bool wanted = false;
  for (auto& [mode, branch] : branches_) {
    wanted |= branch.deinterlacer.push(av::share(frame), [&branch = branch](av::Frame ready) {
      return branch.outlet.push(*branch.upright.turn(std::move(ready)));
    });
  }
  return wanted;
}

void PictureDecodeStage::run() {
  const int64_t origin_us = input_.origin_us();
  const int64_t nominal_us = nominal_duration_us(stream_);
  int64_t end_us = 0;

  const auto deliver = [&](av::Frame frame) {
    const int64_t duration_ticks = av::frame_duration(*frame);
    const int64_t duration_us = duration_ticks > 0
                                    ? av_rescale_q(duration_ticks, stream_.time_base, kTimelineBase)
                                    : nominal_us;
    to_timeline(*frame, stream_.time_base, origin_us, end_us);
    const int64_t back_us = position_us - frame->pts;
    if (frames > 0 && back_us >= 0 && back_us <= kMisplacedFrames * nominal_us) frame->pts = end_us;
    end_us = std::max(end_us, frame->pts + duration_us);
    ++frames;
    position_us = frame->pts;
    av::add_hdr_metadata(*frame, stream_);
    const bool wanted = give(*frame);
    clock_.advance(position_us);
    return wanted;
  };

  bool wanted = true;
  while (wanted) {
    const std::optional<av::Packet> packet = packets_->pop();
    if (stages_.stopped()) return;
    if (packet && keyframes_only_) {
      const AVPacket& seen = **packet;
      if (seen.pts != AV_NOPTS_VALUE) {  // the source ends with it, shown or not
        const int64_t after = seen.pts + seen.duration;
        end_us =
            std::max(end_us, av_rescale_q(after, stream_.time_base, kTimelineBase) - origin_us);
      }
      const bool key = (seen.flags & AV_PKT_FLAG_KEY) != 0;
      if (key) wanted = decoder_.decode_alone(seen, deliver);
      continue;
    }
    wanted = decoder_.decode(packet ? packet->get() : nullptr, deliver);
    if (!packet) break;
  }
  packets_->close();
  for (auto& [mode, branch] : branches_) {
    branch.deinterlacer.drain([&branch = branch](av::Frame frame) {
      return branch.outlet.push(*branch.upright.turn(std::move(frame)));
    });
  }
  if (wanted) check_whole(end_us);
  clock_.finish(wanted ? end_us : graph::PictureClock::kForever);
  for (auto& [mode, branch] : branches_) branch.outlet.finish();
}

void PictureDecodeStage::check_whole(int64_t end_us) const {
  if (decoder_.frames() == 0) {
    throw EngineError(ErrorClass::InputError, "source_corrupt",
                      "No picture of the source can be decoded: the file is damaged.",
                      "stream " + std::to_string(stream_.index));
  }
  // Broadcast streams do not say how long they are: the distance between their first and last
  // timestamp is no length where the clock was cut in between.
  const AVFormatContext& file = *input_.context();
  const bool guessed = file.duration_estimation_method == AVFMT_DURATION_FROM_BITRATE ||
                       (file.iformat->flags & AVFMT_TS_DISCONT) != 0;
  if (stream_.duration <= 0 || guessed) return;
  input_.require_whole(end_us, av_rescale_q(stream_.duration, stream_.time_base, kTimelineBase));
}

SoundDecodeStage::SoundDecodeStage(Input& input, int stream,
                                   std::shared_ptr<graph::PacketQueue> packets)
    : stream_(*input.context()->streams[stream]),
      origin_us_(input.origin_us()),
      packets_(std::move(packets)),
      decoder_(stream_, 1) {}

void SoundDecodeStage::run() {
  int64_t end_us = 0;
  const auto deliver = [&](av::Frame frame) {
    to_timeline(*frame, stream_.time_base, origin_us_, end_us);
    end_us = frame->pts + av_rescale(frame->nb_samples, AV_TIME_BASE, frame->sample_rate);
    return outlet_.push(*frame);
  };
  bool wanted = true;
  while (wanted) {
    const std::optional<av::Packet> packet = packets_->pop();
    wanted = decoder_.decode(packet ? packet->get() : nullptr, deliver);
    if (!packet) break;
  }
  packets_->close();
  outlet_.finish();
}

}  // namespace videngine
