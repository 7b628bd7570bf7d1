#include "mux/sound_writer.h"

#include <algorithm>

#include "encode/segment_grid.h"
#include "mux/muxer.h"
#include "mux/track_writer.h"

namespace videngine {
namespace {

// A CMAF track whose first sample is at 0 and which has no edit list, because players disagree on
// what one means for segments. Opus tells in its header how much of its beginning is priming, so it
// is kept; codecs that cannot tell lose the packets that hold nothing else.
class CmafSound final : public SoundWriter {
 public:
  CmafSound(const AudioRenditionPlan& plan, const AVCodecContext& encoder, int frame_samples)
      : shift_(encoder.codec_id == AV_CODEC_ID_OPUS ? encoder.initial_padding : 0),
        packet_rate_{plan.sample_rate_hz, frame_samples},
        grid_(plan.segment_s, packet_rate_),
        writer_(plan.id, plan.path, encoder, plan.segment_s, plan.language) {}

  void write(av::Packet packet) override {
    // FLAC's last packet is empty: it brings a new header, too late for a track's.
    if (packet->size == 0 || packet->pts + shift_ < 0) return;
    packet->pts += shift_;
    packet->dts = packet->pts;
    if (grid_.starts_segment(packets_++, packet_rate_)) writer_.cut();
    writer_.write(std::move(packet));
  }
  void finish() override { writer_.finish(); }
  [[nodiscard]] int64_t size_bytes() const override { return writer_.size_bytes(); }

 private:
  int64_t shift_;
  Rational packet_rate_;
  SegmentGrid grid_;
  int64_t packets_ = 0;
  TrackWriter writer_;
};

// A file of its own in a container of libavformat's, which says itself what is priming: by an edit
// list, LAME's header, Opus's pre-skip.
class SoundFile final : public SoundWriter {
 public:
  SoundFile(const AudioRenditionPlan& plan, const AVCodecContext& encoder)
      : vorbis_(encoder.codec_id == AV_CODEC_ID_VORBIS),
        time_base_(encoder.time_base),
        muxer_(plan.id, plan.path, plan.container.c_str()) {
    AVStream& stream = muxer_.add_stream(encoder);
    if (!plan.language.empty()) {
      av_dict_set(&stream.metadata, "language", plan.language.c_str(), 0);
    }
    for (const auto& [key, value] : plan.tags) {
      av_dict_set(&muxer_.context().metadata, key.c_str(), value.c_str(), 0);
    }
    av::Dictionary options;
    if (plan.container == "ipod") options.set("movflags", "faststart");
    if (plan.container == "wav") options.set("rf64", "auto");
    muxer_.write_header(options);
  }

  void write(av::Packet packet) override {
    // Vorbis's first packet only prepares its decoder, which gives nothing for it: the second is 0.
    if (vorbis_) packet->pts = packet->dts = std::max<int64_t>(packet->pts, 0);
    muxer_.write(std::move(packet), 0, time_base_);
  }
  void finish() override { size_bytes_ = muxer_.finish(); }
  [[nodiscard]] int64_t size_bytes() const override { return size_bytes_; }

 private:
  bool vorbis_;
  AVRational time_base_;
  Muxer muxer_;
  int64_t size_bytes_ = 0;
};

}  // namespace

std::unique_ptr<SoundWriter> make_sound_writer(const AudioRenditionPlan& plan,
                                               const AVCodecContext& encoder, int frame_samples) {
  if (plan.container == "cmaf") {
    return std::make_unique<CmafSound>(plan, encoder, frame_samples);
  }
  return std::make_unique<SoundFile>(plan, encoder);
}

}  // namespace videngine
