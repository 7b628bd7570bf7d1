#include "mux/timed_text.h"

#include <array>
#include <string_view>
#include <utility>

#include "av/check.h"

namespace videngine {
namespace {

// What the encoder takes styles from; players choose how text looks.
constexpr std::string_view kHeader =
    "[Script Info]\r\nScriptType: v4.00+\r\nPlayResX: 384\r\nPlayResY: 288\r\n\r\n[V4+ Styles]\r\n"
    "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, "
    "Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, "
    "Shadow, Alignment, MarginL, MarginR, MarginV, Encoding\r\n"
    "Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0\r\n"
    "\r\n[Events]\r\n"
    "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\r\n";
constexpr int kMostBytes = 1 << 16;  // a sample's text has a length of 16 bits
// displayFlags of tx3g: some, and all, texts are forced (QuickTime File Format).
constexpr uint8_t kForced = 0xc0;

void check(int code, const char* operation) {
  av::check(code, operation, "subtitles", ErrorClass::VidengineError, "packaging_failed");
}

}  // namespace

TimedText::TimedText(TextTrack track) : track_(std::move(track)) {
  const AVCodec* codec = avcodec_find_encoder(AV_CODEC_ID_MOV_TEXT);
  if (codec == nullptr) {
    throw EngineError(ErrorClass::EncoderUnavailable, "codec_unavailable",
                      "This build of FFmpeg has no encoder of timed text.", "subtitles");
  }
  encoder_.reset(avcodec_alloc_context3(codec));
  if (!encoder_) throw std::bad_alloc();
  encoder_->time_base = kTimeBase;
  encoder_->subtitle_header = static_cast<uint8_t*>(av_mallocz(kHeader.size() + 1));
  if (encoder_->subtitle_header == nullptr) throw std::bad_alloc();
  kHeader.copy(reinterpret_cast<char*>(encoder_->subtitle_header), kHeader.size());
  encoder_->subtitle_header_size = static_cast<int>(kHeader.size());
  check(avcodec_open2(encoder_.get(), codec, nullptr), "avcodec_open2(mov_text)");
}

void TimedText::describe(AVStream& stream) const {
  check(avcodec_parameters_from_context(stream.codecpar, encoder_.get()),
        "avcodec_parameters_from_context");
  if (track_.forced && stream.codecpar->extradata_size > 0) {
    stream.codecpar->extradata[0] |= kForced;
  }
  stream.time_base = kTimeBase;
  stream.disposition = (track_.is_default ? AV_DISPOSITION_DEFAULT : 0) |
                       (track_.forced ? AV_DISPOSITION_FORCED : 0);
  if (!track_.language.empty()) {
    av_dict_set(&stream.metadata, "language", track_.language.c_str(), 0);
  }
  // Players show the handler's name in their menus, newer ones the title.
  av_dict_set(&stream.metadata, "handler_name", track_.name.c_str(), 0);
  av_dict_set(&stream.metadata, "title", track_.name.c_str(), 0);
}

std::optional<av::Packet> TimedText::next() {
  if (cue_ >= track_.cues.size()) return std::nullopt;
  const TextCue& cue = track_.cues[cue_];
  if (cue.start_ms > position_ms_) return packet("", position_ms_, cue.start_ms);
  ++cue_;
  return packet(cue.ass, cue.start_ms, cue.end_ms);
}

av::Packet TimedText::packet(const std::string& ass, int64_t start_ms, int64_t end_ms) {
  av::Packet packet = av::make_packet();
  if (ass.empty()) {
    check(av_new_packet(packet.get(), 2), "av_new_packet");
    packet->data[0] = packet->data[1] = 0;  // a text of length 0
  } else {
    std::string event = "0,0,Default,,0,0,0,," + ass;
    AVSubtitleRect rect{};
    rect.type = SUBTITLE_ASS;
    rect.ass = event.data();
    std::array<AVSubtitleRect*, 1> rects{&rect};
    AVSubtitle subtitle{};
    subtitle.num_rects = 1;
    subtitle.rects = rects.data();
    check(av_new_packet(packet.get(), kMostBytes), "av_new_packet");
    const int size = avcodec_encode_subtitle(encoder_.get(), packet->data, packet->size, &subtitle);
    check(size, "avcodec_encode_subtitle");
    av_shrink_packet(packet.get(), size);
  }
  packet->pts = packet->dts = start_ms;
  packet->duration = end_ms - start_ms;
  packet->flags |= AV_PKT_FLAG_KEY;
  position_ms_ = end_ms;
  return packet;
}

}  // namespace videngine
