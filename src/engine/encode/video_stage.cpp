#include "encode/video_stage.h"

#include "analysis/orders.h"
#include "encode/caption_channels.h"
#include "encode/video_encoder.h"
#include "error.h"
#include "mux/codec_string.h"
#include "mux/track_writer.h"

namespace videngine {

VideoStage::VideoStage(const VideoRenditionPlan& plan, const PicturePlan& picture,
                       std::shared_ptr<graph::FrameQueue> frames,
                       std::shared_ptr<analysis::FindingQueue> findings, graph::Stages& stages,
                       Report report)
    : plan_(plan),
      picture_(picture),
      grid_(plan.segment_s, plan.grid_rate),
      frames_(std::move(frames)),
      findings_(std::move(findings)),
      stages_(stages),
      report_(std::move(report)) {}

double VideoStage::position_s() const {
  return picture_.start_s.to_double() +
         static_cast<double>(encoded_.load()) * picture_.frame_rate.inverse().to_double();
}

void VideoStage::run() {
  const std::unique_ptr<const AnalysisLinks, EndLinks> ends(&links_);
  // Whatever ends it, findings for frames that nobody encodes must not pile up.
  const auto close = [](analysis::FindingQueue* findings) { findings->close(); };
  const std::unique_ptr<analysis::FindingQueue, decltype(close)> unread(findings_.get(), close);
  std::unique_ptr<VideoEncoder> encoder;
  std::unique_ptr<TrackWriter> writer;
  int64_t frames = 0;
  Keyframes keyframes(grid_, plan_.gop_frames, picture_.frame_rate);
  CaptionChannels captions;

  const auto write = [&](av::Packet packet) {
    if (!writer) return;  // a first pass leaves statistics only
    packet->duration = 1;
    const bool key = (packet->flags & AV_PKT_FLAG_KEY) != 0;
    if (key && grid_.starts_segment(packet->pts, picture_.frame_rate)) writer->cut();
    writer->write(std::move(packet));
  };

  while (const std::optional<av::Frame> frame = frames_->pop()) {
    if (!encoder) {
      encoder = make_video_encoder(plan_, picture_.frame_rate, **frame, links_);
      if (plan_.pass_number != 1) {
        writer = std::make_unique<TrackWriter>(plan_.id, plan_.path, encoder->context(),
                                               plan_.segment_s, "", plan_.tag);
      }
    }
    bool key = false;
    if (findings_) {
      const std::optional<analysis::Finding> found = findings_->pop();
      if (!found) break;  // everything is being stopped
      analysis::order(**frame, *found);
      key = found->key;
    } else {
      key = keyframes.next();
    }
    if (encoder->carries_captions()) {
      captions.add(captions_of(**frame));
    } else {
      set_captions(**frame, {});
    }
    encoder->encode(frame->get(), key, write);
    ++frames;
    ++encoded_;
  }
  if (stages_.stopped()) return;
  if (!encoder) {
    throw EngineError(ErrorClass::InputError, "range_outside_source",
                      "The source has no picture in the range that was asked for.", plan_.id);
  }
  encoder->encode(nullptr, false, write);
  if (!writer) return;
  writer->finish();
  const Rational rate = picture_.frame_rate;
  report_(RenditionFinished{plan_.id, "video", plan_.path, writer->size_bytes(), frames,
                            Rational::of(frames * rate.den, rate.num),
                            codec_string(encoder->context()), captions.found(),
                            encoder->chunk_cpu_s()});
}

}  // namespace videngine
