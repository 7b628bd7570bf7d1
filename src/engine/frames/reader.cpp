#include "frames/reader.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "av/frame_facts.h"
#include "demux/probe.h"

extern "C" {
#include <libavutil/cpu.h>
#include <libavutil/imgutils.h>
}

namespace videngine::frames {
namespace {

// What the pictures of all decoders of a crew may take, and how many a decoder has: those that it
// predicts from, those that wait for their turn, and that which it works on.
constexpr int64_t kCrewBytes = int64_t{1} << 30;
constexpr int64_t kPicturesPerDecoder = 20;

// What the frames may take that a feed's decoders make before their turn.
constexpr int64_t kAheadBytes = int64_t{512} << 20;

// Codecs of which each packet becomes one frame, so that a scan of the packets counts the frames.
// Others hide frames, or pack two into one.
bool one_frame_a_packet(AVCodecID codec) {
  constexpr std::array kCodecs{AV_CODEC_ID_H264,     AV_CODEC_ID_HEVC,       AV_CODEC_ID_AV1,
                               AV_CODEC_ID_VP9,      AV_CODEC_ID_MPEG1VIDEO, AV_CODEC_ID_MJPEG,
                               AV_CODEC_ID_PRORES,   AV_CODEC_ID_MPEG2VIDEO, AV_CODEC_ID_DNXHD,
                               AV_CODEC_ID_FFV1,     AV_CODEC_ID_RAWVIDEO,   AV_CODEC_ID_DVVIDEO,
                               AV_CODEC_ID_HUFFYUV,  AV_CODEC_ID_UTVIDEO,    AV_CODEC_ID_FFVHUFF,
                               AV_CODEC_ID_JPEG2000, AV_CODEC_ID_PNG,        AV_CODEC_ID_V210};
  return std::ranges::find(kCodecs, codec) != kCodecs.end();
}

StreamLook look_at(const Cursor& cursor) {
  AVStream* stream = cursor.context().streams[cursor.stream().index];
  StreamLook look;
  look.index = stream->index;
  look.time_base = Rational::of(stream->time_base);
  look.origin_us = cursor.input().origin_us();
  look.rotation_deg = rotation_deg(*stream);
  const AVRational sar = av_guess_sample_aspect_ratio(&cursor.context(), stream, nullptr);
  if (sar.num > 0 && sar.den > 0) look.sample_aspect_ratio = Rational::of(sar);
  const AVCodecParameters& coded = *stream->codecpar;
  const int bytes = av_image_get_buffer_size(static_cast<AVPixelFormat>(coded.format), coded.width,
                                             coded.height, 1);
  look.frame_bytes = std::max(bytes, 1);
  return look;
}

int thread_count(const ReaderOptions& options) {
  return options.threads > 0 ? options.threads : av_cpu_count();
}

std::size_t crew_size(const ReaderOptions& options, const StreamLook& look) {
  const int64_t room = kCrewBytes / (kPicturesPerDecoder * look.frame_bytes);
  return static_cast<std::size_t>(std::clamp<int64_t>(room, 1, thread_count(options)));
}

}  // namespace

Reader::Reader(std::string path, ReaderOptions options)
    : path_(std::move(path)),
      options_(std::move(options)),
      fresh_(std::make_unique<Cursor>(path_, options_.stream, options_.threads)),
      look_(look_at(*fresh_)),
      known_(fresh_->input().known()),
      crew_([this] { return std::make_unique<Picker>(new_cursor(1), options_.damaged); },
            crew_size(options_, look_)) {}

std::unique_ptr<Cursor> Reader::new_cursor(int threads) const {
  return std::make_unique<Cursor>(path_, options_.stream, threads, known_);
}

std::unique_ptr<Cursor> Reader::take_cursor() {
  if (fresh_) return std::move(fresh_);
  return new_cursor(options_.threads);
}

std::shared_ptr<const Index> Reader::index(const Check& check) {
  {
    const std::scoped_lock lock(index_mutex_);
    if (index_) return index_;
  }
  const std::scoped_lock lock(cursor_mutex_);
  return index_beside(check);
}

std::shared_ptr<const Index> Reader::index_beside(const Check& check) {
  const std::scoped_lock lock(index_mutex_);
  if (!index_) index_ = make_index(check, false);
  return index_;
}

void Reader::use(std::shared_ptr<const Index> index) {
  const std::scoped_lock lock(index_mutex_);
  index_ = std::move(index);
}

std::shared_ptr<const Index> Reader::make_index(const Check& check, bool by_decoding) {
  std::unique_ptr<Cursor> scanner = std::move(fresh_);
  if (!scanner) scanner = std::make_unique<Cursor>(path_, options_.stream, options_.threads);
  const AVCodecID codec = scanner->stream().codecpar->codec_id;
  std::vector<PacketFacts> packets = scanner->scan(check);
  if (!picker_) picker_ = std::make_unique<Picker>(std::move(scanner), options_.damaged);
  auto index = std::make_shared<const Index>(packets);
  const bool by_time = !by_decoding && one_frame_a_packet(codec) && index->sorted_by_time();
  // An edit list may hide the first, and begin in the middle of its group.
  const bool begins_whole = !index->shown().empty() && index->packets().front().key &&
                            index->shown().front().pts >= index->packets().front().pts;
  if (by_time && begins_whole) return index;
  // What was cut out of a longer source begins with pictures that cannot be decoded: those that
  // come before the first good key frame are counted.
  std::vector<ShownFrame> shown;
  std::vector<bool> seen(packets.size());
  Cursor cursor(path_, options_.stream, options_.threads);
  while (const auto step = cursor.next()) {
    check();
    const auto packet = static_cast<std::size_t>(step->packet);
    if (!step->frame || step->packet < 0 || packet >= seen.size() || seen[packet]) continue;
    if (by_time && av::is_key(*step->frame) && !step->damaged) {
      std::ranges::copy_if(index->shown(), std::back_inserter(shown),
                           [&](const ShownFrame& frame) { return frame.pts >= step->pts; });
      return std::make_shared<const Index>(std::move(packets), std::move(shown));
    }
    seen[packet] = true;
    shown.push_back({step->packet, step->pts});
  }
  decoded_whole_ = true;
  return std::make_shared<const Index>(std::move(packets), std::move(shown));
}

std::unique_ptr<Feed> Reader::play(std::size_t capacity) {
  Decoding decoding;
  {
    const std::scoped_lock lock(cursor_mutex_);
    decoding.source = std::move(fresh_);
  }
  if (!decoding.source) decoding.source = new_cursor(options_.threads);
  // A feed may outlive its reader.
  decoding.hire = [path = path_, stream = options_.stream, known = known_](int threads) {
    return std::make_unique<Cursor>(path, stream, threads, known);
  };
  decoding.threads = thread_count(options_);
  decoding.policy = options_.damaged;
  const bool groups_count = one_frame_a_packet(decoding.source->stream().codecpar->codec_id);
  if (groups_count && decoding.threads > 1 && options_.damaged == Damaged::kRaise) {
    decoding.most_ahead = static_cast<std::size_t>(kAheadBytes / look_.frame_bytes);
  }
  return std::make_unique<Feed>(std::move(decoding), capacity);
}

void Reader::pick(std::span<const int64_t> numbers, const Take& take, const Check& check) {
  if (numbers.empty()) return;
  const std::scoped_lock lock(cursor_mutex_);
  while (true) {
    const auto index = index_beside(check);
    const auto count = static_cast<int64_t>(index->shown().size());
    if (numbers.back() >= count || numbers.front() < 0) {
      throw std::out_of_range(
          "there is no frame " +
          std::to_string(numbers.front() < 0 ? numbers.front() : numbers.back()) +
          ": the source has " + std::to_string(count));
    }
    bool all = false;
    if (crew_.suits(*index, numbers)) {
      all = crew_.pick(index, decoded_whole_, numbers, take, check);
    } else {
      if (!picker_) picker_ = std::make_unique<Picker>(take_cursor(), options_.damaged);
      all = picker_->pick(index, decoded_whole_, numbers, take, check);
    }
    if (all) return;
    // Some packet is no frame although nothing is wrong with it: count what the decoder gives.
    auto counted = make_index(check, true);
    const std::scoped_lock index_lock(index_mutex_);
    index_ = std::move(counted);
  }
}

}  // namespace videngine::frames
