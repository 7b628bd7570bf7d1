#include "mux/remux.h"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "av/check.h"
#include "av/handles.h"
#include "demux/input.h"

namespace videngine {
namespace {

// A source of packets of one stream. Each begins at time 0.
class Track {
 public:
  Track() = default;
  Track(const Track&) = delete;
  Track& operator=(const Track&) = delete;
  virtual ~Track() = default;

  // Sets what the muxer has to know.
  virtual void describe(AVStream& stream) const = 0;
  [[nodiscard]] virtual AVRational time_base() const = 0;
  // The next packet, or nullptr at the end.
  [[nodiscard]] virtual const AVPacket* peek() const = 0;
  virtual av::Packet take() = 0;
};

// One track file with its next packet.
class TrackFile final : public Track {
 public:
  TrackFile(const std::string& path, std::string language)
      : input_(path), stream_(*input_.context()->streams[0]), language_(std::move(language)) {
    advance();
  }

  void describe(AVStream& stream) const override {
    av::check(avcodec_parameters_copy(stream.codecpar, stream_.codecpar),
              "avcodec_parameters_copy");
    stream.time_base = stream_.time_base;
    stream.avg_frame_rate = stream_.avg_frame_rate;
    stream.sample_aspect_ratio = stream_.sample_aspect_ratio;
    if (!language_.empty()) av_dict_set(&stream.metadata, "language", language_.c_str(), 0);
  }
  [[nodiscard]] AVRational time_base() const override { return stream_.time_base; }
  [[nodiscard]] const AVPacket* peek() const override { return next_.get(); }
  av::Packet take() override {
    av::Packet packet = std::move(next_);
    advance();
    // The demuxer does not tell how long some codecs' packets last; what is shown of the last one
    // depends on it.
    if (packet->duration <= 0) {
      const int64_t end = next_ ? next_->dts : stream_.duration - *first_pts_;
      packet->duration = std::max<int64_t>(end - packet->dts, 0);
    }
    return packet;
  }

 private:
  void advance() {
    next_ = av::make_packet();
    const int got = av_read_frame(input_.context(), next_.get());
    if (got == AVERROR_EOF) {
      next_.reset();
      return;
    }
    av::check(got, "av_read_frame", {}, ErrorClass::VidengineError, "packaging_failed");
    // The demuxer moves tracks with negative composition offsets up: the first picture is to be at
    // 0 again.
    if (!first_pts_) first_pts_ = next_->pts + priming();
    next_->pts -= *first_pts_;
    next_->dts -= *first_pts_;
  }

  // Opus begins with priming, as its header says; other sounds have lost theirs.
  [[nodiscard]] int64_t priming() const {
    const AVCodecParameters& coded = *stream_.codecpar;
    if (coded.codec_id != AV_CODEC_ID_OPUS) return 0;
    return av_rescale_q(coded.initial_padding, {1, coded.sample_rate}, stream_.time_base);
  }

  Input input_;
  const AVStream& stream_;
  std::string language_;
  av::Packet next_;
  std::optional<int64_t> first_pts_;
};

class TextSource final : public Track {
 public:
  explicit TextSource(const TextTrack& track) : text_(track) { advance(); }

  void describe(AVStream& stream) const override { text_.describe(stream); }
  [[nodiscard]] AVRational time_base() const override { return TimedText::kTimeBase; }
  [[nodiscard]] const AVPacket* peek() const override { return next_.get(); }
  av::Packet take() override {
    av::Packet packet = std::move(next_);
    advance();
    return packet;
  }

 private:
  void advance() {
    std::optional<av::Packet> packet = text_.next();
    next_ = packet ? std::move(*packet) : nullptr;
  }

  TimedText text_;
  av::Packet next_;
};

using Tracks = std::vector<std::unique_ptr<Track>>;

Tracks open_tracks(const std::vector<std::string>& paths,
                   const std::vector<std::string>& languages) {
  Tracks tracks;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    tracks.push_back(
        std::make_unique<TrackFile>(paths[i], i < languages.size() ? languages[i] : ""));
  }
  return tracks;
}

void remux(const Tracks& tracks, const char* format, const std::string& target,
           av::Dictionary& options) {
  const auto check = [&](int code, const char* operation) {
    av::check(code, operation, target, ErrorClass::VidengineError, "packaging_failed");
  };
  AVFormatContext* context = nullptr;
  check(avformat_alloc_output_context2(&context, nullptr, format, target.c_str()),
        "avformat_alloc_output_context2");
  const av::OutputContext owner(context);
  context->flags |= AVFMT_FLAG_BITEXACT;
  context->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;  // FFmpeg 5.1: FLAC in MP4
  std::set<AVMediaType> kinds;
  for (const std::unique_ptr<Track>& track : tracks) {
    AVStream* stream = avformat_new_stream(context, nullptr);
    if (stream == nullptr) throw std::bad_alloc();
    track->describe(*stream);
    // HEVC's sample entry was chosen when it was encoded; other containers have words of their own.
    const bool same = format == std::string_view("mp4");
    if (!same || stream->codecpar->codec_id != AV_CODEC_ID_HEVC) stream->codecpar->codec_tag = 0;
    // The first track of each kind is what players begin with; subtitles say so themselves.
    const AVMediaType kind = stream->codecpar->codec_type;
    if (kinds.insert(kind).second && kind != AVMEDIA_TYPE_SUBTITLE) {
      stream->disposition |= AV_DISPOSITION_DEFAULT;
    }
  }
  if ((context->oformat->flags & AVFMT_NOFILE) == 0) {
    check(avio_open(&context->pb, target.c_str(), AVIO_FLAG_WRITE), "avio_open");
  }
  check(avformat_write_header(context, options.address()), "avformat_write_header");
  while (true) {
    Track* earliest = nullptr;
    std::size_t index = 0;
    for (std::size_t i = 0; i < tracks.size(); ++i) {
      const AVPacket* next = tracks[i]->peek();
      if (next == nullptr) continue;
      if (earliest == nullptr || av_compare_ts(next->dts, tracks[i]->time_base(),
                                               earliest->peek()->dts, earliest->time_base()) < 0) {
        earliest = tracks[i].get();
        index = i;
      }
    }
    if (earliest == nullptr) break;
    const AVRational time_base = earliest->time_base();
    av::Packet packet = earliest->take();
    packet->stream_index = static_cast<int>(index);
    packet->pos = -1;
    av_packet_rescale_ts(packet.get(), time_base, context->streams[index]->time_base);
    check(av_interleaved_write_frame(context, packet.get()), "av_interleaved_write_frame");
    if (context->pb != nullptr) check(context->pb->error, "write");
  }
  check(av_write_trailer(context), "av_write_trailer");
  if (context->pb != nullptr && (context->oformat->flags & AVFMT_NOFILE) == 0) {
    avio_flush(context->pb);
    check(context->pb->error, "avio_flush");
    check(avio_closep(&context->pb), "avio_close");
  }
}

std::string numbered(const std::string& pattern, int number) {
  std::array<char, 256> name{};
  if (av_get_frame_filename(name.data(), static_cast<int>(name.size()), pattern.c_str(), number) <
      0) {
    throw std::invalid_argument("remux: the segment pattern has no %d");
  }
  return name.data();
}

}  // namespace

void remux_file(const std::vector<std::string>& tracks, const std::vector<std::string>& languages,
                const std::vector<TextTrack>& texts, const std::string& target) {
  av::Dictionary options;
  if (target.ends_with(".webm")) {
    options.set("cues_to_front", static_cast<int64_t>(1));
    remux(open_tracks(tracks, languages), "webm", target, options);
    return;
  }
  options.set("movflags", "faststart");
  Tracks all = open_tracks(tracks, languages);
  for (const TextTrack& text : texts) all.push_back(std::make_unique<TextSource>(text));
  remux(all, "mp4", target, options);
}

int64_t remux_ts(const std::vector<std::string>& tracks, const std::string& folder,
                 Rational segment_s, const std::string& playlist,
                 const std::string& segment_pattern) {
  av::Dictionary options;
  options.set("hls_time", std::to_string(segment_s.to_double()).c_str());
  options.set("hls_list_size", static_cast<int64_t>(0));
  options.set("hls_playlist_type", "vod");
  options.set("hls_flags", "independent_segments");
  options.set("hls_segment_type", "mpegts");
  options.set("hls_segment_filename", (folder + "/" + segment_pattern).c_str());
  options.set("start_number", static_cast<int64_t>(1));
  remux(open_tracks(tracks, {}), "hls", folder + "/" + playlist, options);
  // The muxer chooses where its clock begins; only its file tells.
  constexpr AVRational kTick{1, 90'000};
  const Input first(folder + "/" + numbered(segment_pattern, 1));
  const int picture = av_find_best_stream(first.context(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  const AVStream& stream = *first.context()->streams[std::max(picture, 0)];
  return av_rescale_q(stream.start_time, stream.time_base, kTick);
}

}  // namespace videngine
