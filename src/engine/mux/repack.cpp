#include "mux/repack.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>

#include "av/check.h"
#include "av/compat.h"
#include "av/handles.h"
#include "demux/input.h"

namespace videngine {
namespace {

constexpr int64_t kForever = std::numeric_limits<int64_t>::max();
// How far back a key frame is looked for; doubled every time.
constexpr int64_t kFirstStepBackUs = 2LL * AV_TIME_BASE;

// One run: source and target with the clock of each of its streams. Not thread-safe.
class Repacker {
 public:
  explicit Repacker(const RepackPlan& plan);
  std::pair<Rational, Rational> run();

 private:
  struct Track {
    int index = 0;  // in the target
    bool done = false;
    int64_t last_dts = AV_NOPTS_VALUE;  // in the target's time base
  };

  void check(int code, const char* operation) const {
    av::check(code, operation, plan_.target, ErrorClass::VidengineError, "packaging_failed");
  }
  [[nodiscard]] const AVStream& source(int stream) const {
    return *input_.context()->streams[stream];
  }
  [[nodiscard]] bool is_picture(int stream) const;
  [[nodiscard]] int64_t time_us(const AVPacket& packet, int64_t timestamp) const;
  void add_stream(int stream);
  void copy_chapters();
  void open();
  void find_start();
  std::optional<int64_t> key_frame_before_start(int64_t from_us);
  void copy_packets();
  void copy(AVPacket& packet, Track& track);
  [[nodiscard]] bool all_done() const;

  const RepackPlan& plan_;
  Input input_;
  av::OutputContext output_;
  std::map<int, Track> tracks_;   // by the source's stream
  std::optional<int> picture_;    // the stream whose key frames are cut at
  int64_t base_us_ = 0;           // of the source's own time: 0 of the target
  int64_t first_us_ = 0;          // from the origin: where the target begins
  int64_t end_us_ = kForever;     // likewise: where it ends
  int64_t written_until_us_ = 0;  // of the target
};

Repacker::Repacker(const RepackPlan& plan) : plan_(plan), input_(plan.source_path) {
  AVFormatContext* context = nullptr;
  check(avformat_alloc_output_context2(&context, nullptr, plan.container.c_str(),
                                       plan.target.c_str()),
        "avformat_alloc_output_context2");
  output_.reset(context);
  // Encoder versions in the file would make equal inputs give unequal outputs.
  output_->flags |= AVFMT_FLAG_BITEXACT;
  input_.context()->flags |= AVFMT_FLAG_GENPTS;  // AVI tells the order of decoding only
}

bool Repacker::is_picture(int stream) const {
  return source(stream).codecpar->codec_type == AVMEDIA_TYPE_VIDEO &&
         (source(stream).disposition & AV_DISPOSITION_ATTACHED_PIC) == 0;
}

// From the origin.
int64_t Repacker::time_us(const AVPacket& packet, int64_t timestamp) const {
  const AVRational tick = source(packet.stream_index).time_base;
  return av_rescale_q(timestamp, tick, AV_TIME_BASE_Q) - input_.origin_us();
}

void Repacker::add_stream(int stream) {
  if (stream < 0 || stream >= static_cast<int>(input_.context()->nb_streams)) {
    throw EngineError(ErrorClass::InputError, "source_no_streams",
                      "The source has no stream " + std::to_string(stream) + ".");
  }
  const AVStream& from = source(stream);
  AVStream* to = avformat_new_stream(output_.get(), nullptr);
  if (to == nullptr) throw std::bad_alloc();
  check(avcodec_parameters_copy(to->codecpar, from.codecpar), "avcodec_parameters_copy");
  // The target's own word for the codec; Apple's players want this one of the two that HEVC has.
  const bool iso = plan_.container == "mp4" || plan_.container == "mov";
  to->codecpar->codec_tag =
      iso && from.codecpar->codec_id == AV_CODEC_ID_HEVC ? MKTAG('h', 'v', 'c', '1') : 0;
  to->time_base = from.time_base;
  to->avg_frame_rate = from.avg_frame_rate;
  to->r_frame_rate = from.r_frame_rate;
  to->sample_aspect_ratio = from.sample_aspect_ratio;
  to->disposition = from.disposition;
#if !VIDENGINE_HAS_CODECPAR_SIDE_DATA
  for (int i = 0; i < from.nb_side_data; ++i) {
    const AVPacketSideData& data = from.side_data[i];
    uint8_t* copy = av_stream_new_side_data(to, data.type, data.size);
    if (copy == nullptr) throw std::bad_alloc();
    std::copy_n(data.data, data.size, copy);
  }
#endif
  if (plan_.metadata) {
    check(av_dict_copy(&to->metadata, from.metadata, 0), "av_dict_copy");
  } else if (const auto* language = av_dict_get(from.metadata, "language", nullptr, 0)) {
    check(av_dict_set(&to->metadata, "language", language->value, 0), "av_dict_set");
  }
  tracks_[stream].index = to->index;
  if (!picture_ && is_picture(stream)) picture_ = stream;
}

void Repacker::copy_chapters() {
  const AVFormatContext& from = *input_.context();
  const int64_t until_us = end_us_ == kForever ? kForever : end_us_ - first_us_;
  for (unsigned i = 0; i < from.nb_chapters; ++i) {
    const AVChapter& chapter = *from.chapters[i];
    const auto shifted = [&](int64_t at) {
      const int64_t us = av_rescale_q(at, chapter.time_base, AV_TIME_BASE_Q) - base_us_;
      return std::clamp<int64_t>(us, 0, until_us);
    };
    const int64_t start = shifted(chapter.start);
    const int64_t end = shifted(chapter.end);
    if (end <= start) continue;
    auto* copy = static_cast<AVChapter*>(av_mallocz(sizeof(AVChapter)));
    if (copy == nullptr) throw std::bad_alloc();
    // From here on the context owns it.
    int count = static_cast<int>(output_->nb_chapters);
    av_dynarray_add(static_cast<void*>(&output_->chapters), &count, copy);
    if (count == 0) throw std::bad_alloc();
    output_->nb_chapters = static_cast<unsigned>(count);
    copy->id = chapter.id;
    copy->time_base = AV_TIME_BASE_Q;
    copy->start = start;
    copy->end = end;
    check(av_dict_copy(&copy->metadata, chapter.metadata, 0), "av_dict_copy");
  }
}

void Repacker::open() {
  if (plan_.metadata) {
    check(av_dict_copy(&output_->metadata, input_.context()->metadata, 0), "av_dict_copy");
    // What these containers say of themselves would be wrong of the target.
    for (const char* key : {"major_brand", "minor_version", "compatible_brands", "encoder"}) {
      av_dict_set(&output_->metadata, key, nullptr, 0);
    }
    copy_chapters();
  }
  av::Dictionary options;
  if (plan_.container == "mp4" || plan_.container == "mov") options.set("movflags", "faststart");
  check(avio_open(&output_->pb, plan_.target.c_str(), AVIO_FLAG_WRITE), "avio_open");
  check(avformat_write_header(output_.get(), options.address()), "avformat_write_header");
}

// Formats without an index seek to any packet near by, so the frames from there on are looked at.
std::optional<int64_t> Repacker::key_frame_before_start(int64_t from_us) {
  const int64_t start_us = plan_.start_s.to_us();
  if (av_seek_frame(input_.context(), -1, input_.origin_us() + from_us, AVSEEK_FLAG_BACKWARD) < 0) {
    return std::nullopt;
  }
  std::optional<int64_t> found;
  const av::Packet packet = av::make_packet();
  while (av_read_frame(input_.context(), packet.get()) >= 0) {
    const bool ours = packet->stream_index == picture_;
    const bool key = (packet->flags & AV_PKT_FLAG_KEY) != 0;
    const int64_t dts = packet->dts == AV_NOPTS_VALUE ? packet->pts : packet->dts;
    const int64_t pts = packet->pts == AV_NOPTS_VALUE ? dts : packet->pts;
    const bool timed = ours && dts != AV_NOPTS_VALUE;
    const int64_t shown_us = timed ? time_us(*packet, pts) : 0;
    const int64_t decoded_us = timed ? time_us(*packet, dts) : 0;
    av_packet_unref(packet.get());
    if (!timed) continue;
    if (key && shown_us <= start_us) found = shown_us;
    if (decoded_us > start_us || (key && shown_us > start_us)) break;
  }
  return found;
}

void Repacker::find_start() {
  AVFormatContext* context = input_.context();
  const int64_t start_us = plan_.start_s.to_us();
  if (plan_.duration_s) end_us_ = start_us + plan_.duration_s->to_us();
  if (start_us == 0) {
    base_us_ = context->start_time == AV_NOPTS_VALUE ? input_.origin_us() : context->start_time;
    first_us_ = std::numeric_limits<int64_t>::min();
    return;
  }
  first_us_ = start_us;
  int64_t from_us = start_us;
  if (picture_) {
    std::optional<int64_t> found;
    // Down to well before the origin: where pictures are coded out of order, the first one's packet
    // comes before it is shown.
    for (int64_t back_us = 0; !found && from_us > -kFirstStepBackUs;
         back_us = std::max(2 * back_us, kFirstStepBackUs)) {
      from_us = std::max(start_us - back_us, -kFirstStepBackUs);
      found = key_frame_before_start(from_us);
    }
    first_us_ = found.value_or(0);
  }
  base_us_ = input_.origin_us() + first_us_;
  // What cannot seek is read from its beginning, and what comes before the cut left out.
  if (av_seek_frame(context, -1, input_.origin_us() + from_us, AVSEEK_FLAG_BACKWARD) < 0) {
    avformat_seek_file(context, -1, INT64_MIN, input_.origin_us() - kFirstStepBackUs, INT64_MAX, 0);
  }
}

bool Repacker::all_done() const {
  bool timed = false;
  for (const auto& [stream, track] : tracks_) {
    const AVMediaType type = source(stream).codecpar->codec_type;
    if (type != AVMEDIA_TYPE_VIDEO && type != AVMEDIA_TYPE_AUDIO) continue;
    if (!is_picture(stream) && type == AVMEDIA_TYPE_VIDEO) continue;
    timed = true;
    if (!track.done) return false;
  }
  return timed;
}

void Repacker::copy(AVPacket& packet, Track& track) {
  const AVRational from = source(packet.stream_index).time_base;
  const AVStream& to = *output_->streams[track.index];
  const int64_t shift = av_rescale_q(base_us_, AV_TIME_BASE_Q, from);
  if (packet.dts == AV_NOPTS_VALUE) packet.dts = packet.pts;
  if (packet.pts == AV_NOPTS_VALUE) packet.pts = packet.dts;
  packet.pts -= shift;
  packet.dts -= shift;
  written_until_us_ =
      std::max(written_until_us_, av_rescale_q(packet.pts + packet.duration, from, AV_TIME_BASE_Q));
  av_packet_rescale_ts(&packet, from, to.time_base);
  if (track.last_dts != AV_NOPTS_VALUE && packet.dts <= track.last_dts) {
    packet.dts = track.last_dts + 1;  // muxers refuse what damaged sources have
    packet.pts = std::max(packet.pts, packet.dts);
  }
  track.last_dts = packet.dts;
  packet.stream_index = track.index;
  packet.pos = -1;
  check(av_interleaved_write_frame(output_.get(), &packet), "av_interleaved_write_frame");
  check(output_->pb->error, "write");
}

void Repacker::copy_packets() {
  const av::Packet packet = av::make_packet();
  bool begun = !picture_;
  while (!all_done()) {
    const int got = av_read_frame(input_.context(), packet.get());
    if (got == AVERROR(EAGAIN)) continue;
    if (got < 0) break;
    const auto track = tracks_.find(packet->stream_index);
    const int64_t dts = packet->dts == AV_NOPTS_VALUE ? packet->pts : packet->dts;
    if (track == tracks_.end() || dts == AV_NOPTS_VALUE) {
      av_packet_unref(packet.get());
      continue;
    }
    const int64_t pts_us = time_us(*packet, packet->pts == AV_NOPTS_VALUE ? dts : packet->pts);
    if (time_us(*packet, dts) >= end_us_) track->second.done = true;
    bool wanted = !track->second.done;
    if (packet->stream_index == picture_) {
      const bool key = (packet->flags & AV_PKT_FLAG_KEY) != 0;
      begun = begun || (key && pts_us >= first_us_);
      wanted = wanted && begun;
    } else {
      wanted = wanted && pts_us >= first_us_;
    }
    if (wanted) {
      copy(*packet, track->second);
    } else {
      av_packet_unref(packet.get());
    }
  }
}

std::pair<Rational, Rational> Repacker::run() {
  for (const int stream : plan_.streams) add_stream(stream);
  for (unsigned i = 0; i < input_.context()->nb_streams; ++i) {
    if (!tracks_.contains(static_cast<int>(i))) {
      input_.context()->streams[i]->discard = AVDISCARD_ALL;
    }
  }
  find_start();
  open();
  copy_packets();
  if (written_until_us_ <= 0) {
    throw EngineError(ErrorClass::InputError, "range_outside_source",
                      "The source has nothing in the part that was asked for.", plan_.target);
  }
  check(av_write_trailer(output_.get()), "av_write_trailer");
  avio_flush(output_->pb);
  check(output_->pb->error, "avio_flush");
  check(avio_closep(&output_->pb), "avio_close");
  const int64_t first_us = std::max<int64_t>(first_us_, 0);
  return {Rational::of(first_us, AV_TIME_BASE), Rational::of(written_until_us_, AV_TIME_BASE)};
}

}  // namespace

std::pair<Rational, Rational> repack(const RepackPlan& plan) { return Repacker(plan).run(); }

}  // namespace videngine
