#include "frames/sound.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>
#include <utility>

#include "av/check.h"
#include "decode/decoder.h"
#include "demux/input.h"
#include "filter/resampler.h"
#include "frames/damage.h"
#include "frames/stream_choice.h"

extern "C" {
#include <libavutil/samplefmt.h>
}

namespace videngine::frames {
namespace {

// How much earlier decoding begins than what is wanted: codecs' overlaps and reservoirs, and the
// resampler's filter, have come to rest by then.
constexpr int64_t kLeadUs = AV_TIME_BASE / 2;

// Containers whose timestamps tell the very sample after a seek. Others round them to milliseconds
// or guess them: their sound is counted from the first sample.
bool seeks_to_the_sample(const AVFormatContext& context) {
  constexpr std::array<std::string_view, 6> kExact{"mov,mp4", "wav", "w64",
                                                   "aiff",    "caf", "mpegts"};
  const std::string_view name = context.iformat->name;
  return std::ranges::any_of(kExact,
                             [&](std::string_view exact) { return name.starts_with(exact); });
}

std::string layout_of(const AVFrame& frame, int channels) {
  const AVChannelLayout& own = frame.ch_layout;
  const bool as_it_is = channels == 0 && own.order != AV_CHANNEL_ORDER_UNSPEC;
  const av::ChannelLayout usual(channels == 0 ? own.nb_channels : channels);
  std::array<char, 128> name{};
  av::check(av_channel_layout_describe(as_it_is ? &own : usual.get(), name.data(), name.size()),
            "av_channel_layout_describe");
  return name.data();
}

// Takes decoded sound in order and keeps what is wanted of it.
class Collector {
 public:
  Collector(const SoundWanted& wanted, const AVStream& stream, int64_t origin_us)
      : wanted_(wanted), time_base_(stream.time_base), origin_us_(origin_us) {}

  // Where a frame begins, in microseconds from the source's origin.
  [[nodiscard]] int64_t time_us(int64_t pts) const {
    return av_rescale_q(pts, time_base_, AV_TIME_BASE_Q) - origin_us_;
  }
  void add(const AVFrame& frame) {
    if (!resampler_) begin(frame);
    push(frame, frame.pts == AV_NOPTS_VALUE ? end_us_ : time_us(frame.pts));
  }
  [[nodiscard]] bool full() const {
    return wanted_.samples && position_ >= wanted_.first_sample + *wanted_.samples;
  }
  // Whether the first sound came in time for all that is wanted to be as if decoded from the start.
  [[nodiscard]] bool began_early_enough(int64_t first_wanted_us) const {
    return resampler_ && began_us_ <= first_wanted_us - kLeadUs / 2;
  }
  Sound finish() {
    if (resampler_ && !full()) resampler_->drain(taker());
    return std::move(sound_);
  }

 private:
  // Decoding may begin anywhere, but the resampler's steps must not depend on where: it begins at a
  // sample of the source that is one of the result, too. What lies between is silence.
  void begin(const AVFrame& frame) {
    const std::string layout = layout_of(frame, wanted_.channels);
    sound_.channels = av::ChannelLayout(layout).channels();
    const int from_hz = frame.sample_rate;
    const int64_t step = from_hz / std::gcd(from_hz, wanted_.sample_rate_hz);
    began_us_ = frame.pts == AV_NOPTS_VALUE ? 0 : time_us(frame.pts);
    const int64_t place = av_rescale(began_us_, from_hz, AV_TIME_BASE);
    const int64_t before = ((place % step) + step) % step;
    position_ = (place - before) / step * (step * wanted_.sample_rate_hz / from_hz);
    resampler_.emplace(wanted_.sample_rate_hz, layout,
                       av_rescale(position_, AV_TIME_BASE, wanted_.sample_rate_hz));
    if (position_ > wanted_.first_sample) {
      const int64_t missing = position_ - wanted_.first_sample;
      const int64_t most = std::min(missing, wanted_.samples.value_or(missing));
      sound_.samples.assign(static_cast<std::size_t>(most * sound_.channels), 0.0F);
    }
    if (before == 0) return;
    const av::Frame silence = av::make_frame();
    silence->format = frame.format;
    silence->sample_rate = from_hz;
    silence->nb_samples = static_cast<int>(before);
    av::check(av_channel_layout_copy(&silence->ch_layout, &frame.ch_layout),
              "av_channel_layout_copy");
    av::check(av_frame_get_buffer(silence.get(), 0), "av_frame_get_buffer");
    av_samples_set_silence(silence->extended_data, 0, silence->nb_samples,
                           frame.ch_layout.nb_channels, static_cast<AVSampleFormat>(frame.format));
    push(*silence, began_us_ - av_rescale(before, AV_TIME_BASE, from_hz));
  }

  void push(const AVFrame& frame, int64_t time_us) {
    const av::Frame placed = av::share(frame);
    placed->pts = time_us;
    end_us_ = time_us + av_rescale(frame.nb_samples, AV_TIME_BASE, frame.sample_rate);
    resampler_->push(*placed, taker());
  }

  Resampler::Take taker() {
    return [this](const uint8_t* const* planes, int count) {
      const int64_t end =
          wanted_.samples ? wanted_.first_sample + *wanted_.samples : position_ + count;
      const int64_t from = std::max<int64_t>(wanted_.first_sample - position_, 0);
      const int64_t to = std::min<int64_t>(count, end - position_);
      for (int64_t i = from; i < to; ++i) {
        for (int c = 0; c < sound_.channels; ++c) {
          sound_.samples.push_back(reinterpret_cast<const float*>(planes[c])[i]);
        }
      }
      position_ += count;
    };
  }

  const SoundWanted& wanted_;
  AVRational time_base_;
  int64_t origin_us_;
  std::optional<Resampler> resampler_;
  Sound sound_;
  int64_t position_ = 0;  // of the next sample that the resampler gives, from the origin
  int64_t began_us_ = 0;
  int64_t end_us_ = 0;
};

[[noreturn]] void throw_sound_damage(const Collector& collector, int64_t pts,
                                     const std::string& cause) {
  const double time_s = static_cast<double>(collector.time_us(pts)) / AV_TIME_BASE;
  throw Damage("The sound at " + std::to_string(time_s) + " s (pts " + std::to_string(pts) +
                   ") is damaged: " + cause +
                   R"(. Open the source with damaged="skip" to go on behind it.)",
               pts, time_s);
}

// Whether a container that lists its packets lists more than those that came.
bool breaks_off(const AVFormatContext& context, const AVStream& stream, int64_t last_dts) {
  const int listed = avformat_index_get_entries_count(&stream);
  if (!std::string_view(context.iformat->name).starts_with("mov") || listed == 0) return false;
  const AVIndexEntry* last = avformat_index_get_entry(const_cast<AVStream*>(&stream), listed - 1);
  return last_dts == AV_NOPTS_VALUE || last->timestamp > last_dts;
}

// One way through the source; nothing if the seek led to behind what is wanted.
std::optional<Sound> read_from(const std::string& path, const SoundWanted& wanted, bool seek,
                               const Check& check) {
  const Input input(path);
  AVFormatContext* context = input.context();
  const int number = choose_stream(*context, wanted.stream, AVMEDIA_TYPE_AUDIO);
  AVStream* stream = context->streams[number];
  for (unsigned i = 0; i < context->nb_streams; ++i) {
    if (static_cast<int>(i) != number) context->streams[i]->discard = AVDISCARD_ALL;
  }
  Decoder decoder(*stream, 1);
  Collector collector(wanted, *stream, input.origin_us());
  const int64_t first_us = av_rescale(wanted.first_sample, AV_TIME_BASE, wanted.sample_rate_hz);
  const int from_hz = std::max(stream->codecpar->sample_rate, 1);
  const int64_t step_us =  // see Collector::begin
      AV_TIME_BASE / std::gcd(from_hz, wanted.sample_rate_hz);
  const int64_t target_us = first_us - kLeadUs - step_us;
  if (seek) {
    if (target_us <= 0 || !seeks_to_the_sample(*context)) return std::nullopt;
    const int64_t target =
        av_rescale_q(target_us + input.origin_us(), AV_TIME_BASE_Q, stream->time_base);
    if (av_seek_frame(context, number, target, AVSEEK_FLAG_BACKWARD) < 0) return std::nullopt;
    decoder.flush();
  }
  const bool strict = wanted.damaged == Damaged::kRaise;
  const av::Packet packet = av::make_packet();
  int64_t last_pts = 0;
  int64_t last_dts = AV_NOPTS_VALUE;
  bool more = true;
  while (more && !collector.full()) {
    check();
    const int got = av_read_frame(context, packet.get());
    if (got == AVERROR(EAGAIN)) continue;
    more = got >= 0;
    if (!more && got != AVERROR_EOF && strict) {
      throw_sound_damage(collector, last_pts, av::describe(got));
    }
    if (more && packet->stream_index != number) {
      av_packet_unref(packet.get());
      continue;
    }
    if (more && packet->pts != AV_NOPTS_VALUE) last_pts = packet->pts;
    if (more) last_dts = packet->dts;
    if (!more && strict && breaks_off(*context, *stream, last_dts)) {
      throw_sound_damage(collector, last_pts, "the source breaks off there");
    }
    const bool counts = strict && collector.time_us(last_pts) >= first_us;
    const int sent = decoder.send(more ? packet.get() : nullptr);
    av_packet_unref(packet.get());
    if (sent < 0 && sent != AVERROR_EOF && counts) {
      throw_sound_damage(collector, last_pts, av::describe(sent));
    }
    while (!collector.full()) {
      const av::Frame frame = av::make_frame();
      const int received = decoder.receive(*frame);
      if (received == AVERROR(EAGAIN) || received == AVERROR_EOF) break;
      if (received < 0) {
        if (counts) throw_sound_damage(collector, last_pts, av::describe(received));
        continue;
      }
      if (frame->nb_samples <= 0 || frame->sample_rate <= 0) continue;
      frame->pts = frame->best_effort_timestamp;
      collector.add(*frame);
      if (seek && !collector.began_early_enough(first_us)) return std::nullopt;
    }
  }
  if (seek && !collector.began_early_enough(first_us)) return std::nullopt;
  Sound sound = collector.finish();
  if (sound.channels == 0) {
    sound.channels = wanted.channels == 0 ? std::max(stream->codecpar->ch_layout.nb_channels, 1)
                                          : wanted.channels;
  }
  return sound;
}

}  // namespace

Sound read_sound(const std::string& path, const SoundWanted& wanted, const Check& check) {
  if (auto sound = read_from(path, wanted, true, check)) return std::move(*sound);
  return std::move(*read_from(path, wanted, false, check));
}

}  // namespace videngine::frames
