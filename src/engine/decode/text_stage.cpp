#include "decode/text_stage.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <string_view>

#include "av/check.h"

namespace videngine {
namespace {

// Where a stream does not say how long a text stays.
constexpr int64_t kUsualMs = 4000;
constexpr int64_t kLongestMs = 3600LL * 1000;
constexpr int64_t kMostBytes = 32LL << 20;  // a film's texts have some 100 KiB

struct FreeSubtitle {
  void operator()(AVSubtitle* subtitle) const noexcept {
    avsubtitle_free(subtitle);
    delete subtitle;
  }
};
using Subtitle = std::unique_ptr<AVSubtitle, FreeSubtitle>;

std::string stamp(int64_t ms) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%lld:%02d:%02d.%03d",
                static_cast<long long>(ms / 3'600'000), static_cast<int>(ms / 60'000 % 60),
                static_cast<int>(ms / 1000 % 60), static_cast<int>(ms % 1000));
  return text.data();
}

// Fields of libavcodec's events: order, layer, style, further ones, text.
constexpr int kStyle = 2;

// The place of an event's text: the header names the fields of a file, which has two times and no
// order.
int text_field(std::string_view header) {
  constexpr int kUsual = 8;
  const std::size_t events = header.find("[Events]");
  const std::size_t begin = header.find("Format:", events == std::string_view::npos ? 0 : events);
  if (events == std::string_view::npos || begin == std::string_view::npos) return kUsual;
  const std::string_view names = header.substr(begin, header.find('\n', begin) - begin);
  return static_cast<int>(std::ranges::count(names, ',')) - 1;
}

std::string_view field(std::string_view event, int number) {
  for (; number > 0; --number) {
    const std::size_t comma = event.find(',');
    if (comma == std::string_view::npos) return {};
    event.remove_prefix(comma + 1);
  }
  return event;
}

std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    if (c == '\n') line += "\\N";
    if (c != '\n' && c != '\r') line += c;
  }
  return line;
}

}  // namespace

TextStage::TextStage(const TextRenditionPlan& plan, const Input& input,
                     std::shared_ptr<graph::PacketQueue> packets, graph::Stages& stages,
                     std::function<void(Event)> report)
    : plan_(plan),
      origin_us_(input.origin_us()),
      packets_(std::move(packets)),
      stages_(stages),
      report_(std::move(report)) {
  const AVStream& stream = *input.context()->streams[plan.stream];
  const auto check = [&](int code, const char* operation) {
    av::check(code, operation, plan_.id, ErrorClass::InputError, "source_unsupported_codec");
  };
  const AVCodec* codec = avcodec_find_decoder(stream.codecpar->codec_id);
  if (codec == nullptr || stream.codecpar->codec_type != AVMEDIA_TYPE_SUBTITLE) {
    throw EngineError(ErrorClass::InputError, "source_unsupported_codec",
                      "The source's subtitles cannot be decoded here.", plan_.id);
  }
  decoder_.reset(avcodec_alloc_context3(codec));
  if (!decoder_) throw std::bad_alloc();
  check(avcodec_parameters_to_context(decoder_.get(), stream.codecpar),
        "avcodec_parameters_to_context");
  decoder_->pkt_timebase = stream.time_base;
  check(avcodec_open2(decoder_.get(), codec, nullptr), "avcodec_open2");
}

void TextStage::run() {
  std::ofstream out(plan_.path, std::ios::binary);
  const auto* header = reinterpret_cast<const char*>(decoder_->subtitle_header);
  if (header != nullptr) out << header;
  const int text = text_field(header == nullptr ? "" : header);
  out << "\n[Events]\nFormat: Start, End, Style, Text\n";
  int64_t count = 0;
  int64_t end_ms = 0;
  // After the last packet of the part that anybody shows, the demuxer ends the queue.
  while (const std::optional<av::Packet> packet = packets_->pop()) {
    const Subtitle subtitle(new AVSubtitle{});
    int got = 0;
    const int used = avcodec_decode_subtitle2(decoder_.get(), subtitle.get(), &got, packet->get());
    if (used < 0 || got == 0 || subtitle->pts == AV_NOPTS_VALUE) continue;  // damaged, or empty
    const int64_t at_ms = (subtitle->pts - origin_us_) / 1000;
    const int64_t begin_ms = std::max<int64_t>(at_ms + subtitle->start_display_time, 0);
    const int64_t shown_ms = subtitle->end_display_time;
    const int64_t until_ms = at_ms + (shown_ms > 0 && shown_ms < kLongestMs ? shown_ms : kUsualMs);
    for (unsigned i = 0; i < subtitle->num_rects && until_ms > begin_ms; ++i) {
      const AVSubtitleRect& rect = *subtitle->rects[i];
      if (rect.ass == nullptr) continue;
      const std::string_view style = field(rect.ass, kStyle);
      out << "Dialogue: " << stamp(begin_ms) << ',' << stamp(until_ms) << ','
          << one_line(style.substr(0, style.find(','))) << ',' << one_line(field(rect.ass, text))
          << '\n';
      ++count;
    }
    end_ms = std::max(end_ms, until_ms);
    if (out.tellp() > kMostBytes) break;
  }
  packets_->close();
  if (stages_.stopped()) return;
  const auto size_bytes = static_cast<int64_t>(out.tellp());
  out.close();
  if (!out) {
    throw EngineError(ErrorClass::ResourceError, "disk_full", "The subtitles cannot be written.",
                      plan_.id);
  }
  report_(RenditionFinished{plan_.id, "text", plan_.path, size_bytes, count,
                            Rational::of(end_ms, 1000), ""});
}

}  // namespace videngine
