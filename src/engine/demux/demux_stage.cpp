#include "demux/demux_stage.h"

#include <cstdlib>

#include "av/check.h"

namespace videngine {
namespace {

// Sound may lie this far ahead of its picture in the file before the demuxer has to wait: packets
// of about 20 ms.
constexpr std::size_t kPacketQueueDepth = 4096;

// A broadcast stream whose clock moves by more than this between two packets has been cut there.
constexpr int64_t kDiscontinuityUs = 10LL * AV_TIME_BASE;

}  // namespace

DemuxStage::DemuxStage(Input& input, graph::Stages& stages, int64_t start_us)
    : input_(input), stages_(stages), start_us_(start_us) {}

std::shared_ptr<graph::PacketQueue> DemuxStage::connect(int stream) {
  auto& queue = queues_[stream];
  if (!queue) {
    // Pictures are large, and decoders take them one by one.
    const AVStream* source = input_.context()->streams[stream];
    const bool picture = source->codecpar->codec_type == AVMEDIA_TYPE_VIDEO;
    queue = std::make_shared<graph::PacketQueue>(picture ? 64 : kPacketQueueDepth);
  }
  return queue;
}

void DemuxStage::seek() {
  if (start_us_ <= 0) return;
  // A seek that fails costs time only: everything before the start is decoded and dropped.
  av_seek_frame(input_.context(), -1, input_.origin_us() + start_us_, AVSEEK_FLAG_BACKWARD);
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
  for (unsigned i = 0; i < context->nb_streams; ++i) {
    if (!queues_.contains(static_cast<int>(i))) context->streams[i]->discard = AVDISCARD_ALL;
  }
  seek();
  std::size_t open = queues_.size();
  while (open > 0) {
    av::Packet packet = av::make_packet();
    const int got = av_read_frame(context, packet.get());
    if (stages_.stopped()) return;
    if (got == AVERROR_EOF) break;
    if (got == AVERROR(EAGAIN)) continue;
    // Damage in the middle ends the source here; the decoder's end decides whether too much of it
    // is missing.
    if (got < 0) break;
    const auto queue = queues_.find(packet->stream_index);
    if (queue == queues_.end()) continue;
    smooth_timestamps(*packet);
    if (!queue->second->push(std::move(packet))) {
      // Nobody wants this stream any more: stop when that is true of all.
      open = 0;
      for (const auto& [_, other] : queues_) open += other->closed() ? 0 : 1;
    }
  }
  for (const auto& [_, queue] : queues_) queue->finish();
}

}  // namespace videngine
