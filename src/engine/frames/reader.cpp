#include "frames/reader.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "av/frame_facts.h"
#include "demux/probe.h"

extern "C" {
#include <libavutil/imgutils.h>
}

namespace videngine::frames {
namespace {

// Further apart than this in the file, it is cheaper to seek than to decode on.
constexpr int32_t kNearPackets = 8;
constexpr int64_t kNearFrames = 16;

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

}  // namespace

Reader::Reader(std::string path, ReaderOptions options)
    : path_(std::move(path)),
      options_(std::move(options)),
      cursor_(std::make_unique<Cursor>(path_, options_.stream, options_.threads)),
      look_(look_at(*cursor_)) {}

std::shared_ptr<const Index> Reader::index(const Check& check) {
  const std::scoped_lock lock(index_mutex_);
  if (!index_) index_ = make_index(check, false);
  return index_;
}

void Reader::use(std::shared_ptr<const Index> index) {
  const std::scoped_lock lock(index_mutex_);
  index_ = std::move(index);
}

std::shared_ptr<const Index> Reader::make_index(const Check& check, bool by_decoding) {
  std::vector<PacketFacts> packets;
  AVCodecID codec = AV_CODEC_ID_NONE;
  {
    Input input(path_);
    codec = input.context()->streams[look_.index]->codecpar->codec_id;
    packets = Index::scan(input, look_.index, check);
  }
  auto index = std::make_shared<const Index>(packets);
  const bool by_time = !by_decoding && one_frame_a_packet(codec) && index->sorted_by_time();
  const bool begins_whole =
      !index->shown().empty() && index->shown().front().packet == 0 && index->packets().front().key;
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
  std::unique_ptr<Cursor> cursor;
  {
    const std::scoped_lock lock(cursor_mutex_);
    if (fresh_) cursor = std::move(cursor_);
    fresh_ = false;
  }
  if (!cursor) cursor = std::make_unique<Cursor>(path_, options_.stream, options_.threads);
  return std::make_unique<Feed>(std::move(cursor), options_.damaged, capacity);
}

void Reader::pick(std::span<const int64_t> numbers, const Take& take, const Check& check) {
  if (numbers.empty()) return;
  const std::scoped_lock lock(cursor_mutex_);
  while (true) {
    const auto index = this->index(check);
    const auto count = static_cast<int64_t>(index->shown().size());
    if (numbers.back() >= count || numbers.front() < 0) {
      throw std::out_of_range(
          "there is no frame " +
          std::to_string(numbers.front() < 0 ? numbers.front() : numbers.back()) +
          ": the source has " + std::to_string(count));
    }
    if (!cursor_) cursor_ = std::make_unique<Cursor>(path_, options_.stream, options_.threads);
    if (std::exchange(fresh_, false)) cursor_->use(index);
    bool all = true;
    for (std::size_t done = 0; all && done < numbers.size();) {
      all = pick_run(index, numbers, done, take, check);
    }
    if (all) return;
    // Some packet is no frame although nothing is wrong with it: count what the decoder gives.
    auto counted = make_index(check, true);
    const std::scoped_lock index_lock(index_mutex_);
    index_ = std::move(counted);
    cursor_.reset();
    last_number_ = -1;
  }
}

// How many of the numbers can be had by decoding on from the first, and the last of their packets.
Reader::Run Reader::run_from(const Index& index, std::span<const int64_t> numbers) {
  Run run;
  for (const int64_t number : numbers) {
    const int32_t key = index.key_for(static_cast<int32_t>(number));
    if (run.count > 0 && key > run.last_packet + kNearPackets) break;
    run.last_packet = std::max(run.last_packet, index.shown()[number].packet);
    ++run.count;
  }
  return run;
}

bool Reader::pick_run(const std::shared_ptr<const Index>& shared, std::span<const int64_t> all,
                      std::size_t& done, const Take& take, const Check& check) {
  const Index& index = *shared;
  const auto wanted = all.subspan(done);
  const Run run = run_from(index, wanted);
  const auto first = static_cast<int32_t>(wanted.front());
  const bool goes_on = last_number_ >= 0 && last_number_ < first;
  const bool near = goes_on && first - last_number_ <= kNearFrames;
  const bool last_run = run.count == wanted.size();
  const bool within_reach =
      goes_on && !drained_ && index.key_for(first) <= cursor_->packets_read() + kNearPackets;
  bool trouble = false;
  // From the quickest way to the surest; a source that is in order needs the first one only.
  enum Way : uint8_t { kOn, kShortcut, kFromKey, kFromKeyBefore, kFromStart };
  for (int way = within_reach ? kOn : shortcut_ ? kShortcut : kFromKey; way <= kFromStart; ++way) {
    const int32_t key = way == kFromStart       ? 0
                        : way == kFromKeyBefore ? index.key_for(first, 1)
                                                : index.key_for(first);
    if (way != kOn) {
      cursor_->seek(shared, key);
      sound_ = true;
    }
    // What follows is decoded only if it may be wanted next.
    const bool drain = way == kShortcut && !(last_run && near);
    drained_ = drain;
    cursor_->aim({.numbers = wanted.first(run.count),
                  .last_packet = run.last_packet,
                  .skip = way <= kShortcut,
                  .end = drain});
    const std::size_t before = done;
    while (auto step = cursor_->next()) {
      check();
      const int32_t number = step->packet < 0 ? -1 : index.number_of(step->packet);
      // Frames that lead a key frame cannot be decoded after a seek to it, and are not asked for.
      const bool leading = number >= 0 && number < index.number_of(key);
      const bool before_key = number < 0 && step->pts < index.packets()[key].pts;
      if (step->damaged && !leading && !before_key) {
        sound_ = false;
        trouble = true;
      }
      if (step->frame && !step->damaged && av::is_key(*step->frame)) sound_ = true;
      if (!step->frame || number < 0) continue;
      last_number_ = number;
      if (number > all[done]) break;
      if (number < all[done]) continue;
      if (!sound_ && options_.damaged != Damaged::kShow) {
        if (way == kFromStart) throw_damage(*cursor_, *step);
        break;
      }
      take(done++, std::move(step->frame));
      if (done - before == run.count) return true;
    }
    if (way == kShortcut) shortcut_ = false;  // this decoder keeps frames back until more is there
    if (done > before) return true;           // the rest is another run's
  }
  last_number_ = -1;
  if (trouble || decoded_whole_) {
    Cursor::Step missing;
    missing.pts = index.shown()[first].pts;
    throw_damage(*cursor_, missing);
  }
  return false;
}

}  // namespace videngine::frames
