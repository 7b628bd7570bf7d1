#include "demux/demux_stage.h"

#include <algorithm>
#include <cstdlib>

#include "av/check.h"

namespace videngine {
namespace {

// Sound may lie this far ahead of its picture in the file before the demuxer has to wait: packets
// of about 20 ms.
constexpr std::size_t kPacketQueueDepth = 4096;

// A broadcast stream whose clock moves by more than this between two packets has been cut there.
constexpr int64_t kDiscontinuityUs = 10LL * AV_TIME_BASE;

// What a sound decoder wants to hear before the start, and how the two streams may be interleaved.
constexpr int64_t kPrerollUs = AV_TIME_BASE / 10;
// How much further back a seek tries where no key frame was found; doubled every time.
constexpr int64_t kFirstStepBackUs = 2LL * AV_TIME_BASE;

bool is_picture(const AVStream& stream) {
  return stream.codecpar->codec_type == AVMEDIA_TYPE_VIDEO;
}

bool is_text(const AVStream& stream) {
  return stream.codecpar->codec_type == AVMEDIA_TYPE_SUBTITLE;
}

}  // namespace

DemuxStage::DemuxStage(Input& input, graph::Stages& stages, int64_t start_us)
    : input_(input), stages_(stages), start_us_(start_us) {}

std::shared_ptr<graph::PacketQueue> DemuxStage::connect(int stream) {
  auto& queue = queues_[stream];
  if (!queue) {
    // Pictures are large, and decoders take them one by one.
    const AVStream* source = input_.context()->streams[stream];
    queue = std::make_shared<graph::PacketQueue>(is_picture(*source) ? 64 : kPacketQueueDepth);
  }
  return queue;
}

void DemuxStage::seek() {
  AVFormatContext* context = input_.context();
  const bool sound = std::ranges::any_of(
      queues_, [&](const auto& queue) { return !is_picture(*context->streams[queue.first]); });
  int64_t back_us = sound ? kPrerollUs : 0;
  bool moved = false;
  while (start_us_ > back_us) {
    const int64_t target_us = input_.origin_us() + start_us_ - back_us;
    // A seek that fails costs time only: everything before the start is decoded and dropped.
    if (av_seek_frame(context, -1, target_us, AVSEEK_FLAG_BACKWARD) < 0) break;
    moved = true;
    if (key_frame_comes_before_start()) {
      av_seek_frame(context, -1, target_us, AVSEEK_FLAG_BACKWARD);
      return;
    }
    back_us = std::max(2 * back_us, kFirstStepBackUs);
  }
  // Well before the first picture is shown: where pictures are coded out of order, its packet comes
  // before that.
  const int64_t beginning_us = input_.origin_us() - kFirstStepBackUs;
  if (moved) avformat_seek_file(context, -1, INT64_MIN, beginning_us, INT64_MAX, 0);
}

// Formats without an index (MPEG's streams) seek to any packet near by. Reads on.
bool DemuxStage::key_frame_comes_before_start() {
  AVFormatContext* context = input_.context();
  const auto picture = std::ranges::find_if(
      queues_, [&](const auto& queue) { return is_picture(*context->streams[queue.first]); });
  if (picture == queues_.end()) return true;
  const av::Packet packet = av::make_packet();
  while (av_read_frame(context, packet.get()) >= 0 && !stages_.stopped()) {
    const bool ours = packet->stream_index == picture->first;
    const bool key = (packet->flags & AV_PKT_FLAG_KEY) != 0;
    const int64_t pts = packet->pts == AV_NOPTS_VALUE ? packet->dts : packet->pts;
    const AVRational tick = context->streams[packet->stream_index]->time_base;
    av_packet_unref(packet.get());
    if (!ours || pts == AV_NOPTS_VALUE) continue;
    const int64_t at_us = av_rescale_q(pts, tick, AV_TIME_BASE_Q) - input_.origin_us();
    if (at_us > start_us_) return false;
    if (key) return true;
  }
  return false;
}

// Matroska and FLV do not say how long each stream is, only the longest: whether such a file is
// whole shows when all of its streams are read.
void DemuxStage::watch_end() {
  const AVFormatContext& context = *input_.context();
  if (context.duration_estimation_method == AVFMT_DURATION_FROM_BITRATE) return;
  if (!input_.streams_tell_length()) declared_end_us_ = input_.length_us();
}

void DemuxStage::note_end(const AVPacket& packet) {
  if (packet.pts == AV_NOPTS_VALUE) return;
  const AVRational tick = input_.context()->streams[packet.stream_index]->time_base;
  const int64_t end_us = av_rescale_q(packet.pts + packet.duration, tick, AV_TIME_BASE_Q);
  end_us_ = std::max(end_us_, end_us - input_.origin_us());
}

void DemuxStage::smooth_timestamps(AVPacket& packet) {
  AVFormatContext* context = input_.context();
  const AVStream* stream = context->streams[packet.stream_index];
  StreamClock& clock = clocks_[packet.stream_index];
  if (packet.dts != AV_NOPTS_VALUE && (context->iformat->flags & AVFMT_TS_DISCONT) != 0) {
    const int64_t dts_us = av_rescale_q(packet.dts, stream->time_base, AV_TIME_BASE_Q);
    const int64_t duration_us = av_rescale_q(packet.duration, stream->time_base, AV_TIME_BASE_Q);
    if (clock.expected_dts_us != AV_NOPTS_VALUE) {
      const int64_t error_us = dts_us + jump_us_ - clock.expected_dts_us;
      if (std::abs(error_us) > kDiscontinuityUs) jump_us_ -= error_us;
    }
    clock.offset_us = jump_us_;
    clock.expected_dts_us = dts_us + jump_us_ + duration_us;
  }
  if (clock.offset_us == 0) return;
  const int64_t offset = av_rescale_q(clock.offset_us, AV_TIME_BASE_Q, stream->time_base);
  if (packet.pts != AV_NOPTS_VALUE) packet.pts += offset;
  if (packet.dts != AV_NOPTS_VALUE) packet.dts += offset;
}

void DemuxStage::run() {
  AVFormatContext* context = input_.context();
  watch_end();
  for (unsigned i = 0; i < context->nb_streams && declared_end_us_ == 0; ++i) {
    if (!queues_.contains(static_cast<int>(i))) context->streams[i]->discard = AVDISCARD_ALL;
  }
  seek();
  std::size_t open = queues_.size();
  while (open > 0) {
    av::Packet packet = av::make_packet();
    const int got = av_read_frame(context, packet.get());
    if (stages_.stopped()) return;
    if (got == AVERROR(EAGAIN)) continue;
    if (got < 0) {
      // Damage in the middle ends the source as its end does; whether too much is missing is looked
      // at here or, where the stream itself says how long it is, behind the decoder.
      if (declared_end_us_ > 0) input_.require_whole(end_us_, declared_end_us_);
      break;
    }
    note_end(*packet);
    const auto queue = queues_.find(packet->stream_index);
    if (queue == queues_.end()) continue;
    smooth_timestamps(*packet);
    if (!queue->second->push(std::move(packet))) {
      // Nobody wants this stream any more: stop when that is true of all. Texts end with what they
      // stand beside: there may be none for the rest of the film.
      open = 0;
      for (const auto& [index, other] : queues_) {
        open += other->closed() || is_text(*context->streams[index]) ? 0 : 1;
      }
    }
  }
  for (const auto& [_, queue] : queues_) queue->finish();
}

}  // namespace videngine
