#include "frames/cursor.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "av/check.h"
#include "av/frame_facts.h"
#include "av/side_data.h"
#include "frames/damage.h"
#include "frames/stream_choice.h"

namespace videngine::frames {
namespace {

// More packets than any codec keeps back, with the frames that threads work on.
constexpr std::size_t kMostInFlight = 256;
constexpr int kPacketsPerCheck = 256;

}  // namespace

Cursor::Cursor(std::string path, std::string stream, int threads,
               std::shared_ptr<const Input::Known> known)
    : path_(std::move(path)),
      choice_(std::move(stream)),
      threads_(threads),
      known_(std::move(known)) {
  open();
}

void Cursor::open() {
  decoder_.reset();
  input_.reset();
  if (known_) {
    input_.emplace(path_, &stopped_, *known_);
  } else {
    input_.emplace(path_, &stopped_);
  }
  stream_ = choose_stream(context(), choice_, AVMEDIA_TYPE_VIDEO);
  for (unsigned i = 0; i < context().nb_streams; ++i) {
    if (static_cast<int>(i) != stream_) context().streams[i]->discard = AVDISCARD_ALL;
  }
  decoder_.emplace(stream(), threads_);
  next_packet_ = 0;
  held_ = false;
  read_error_ = 0;
  sent_.clear();
  last_pts_.reset();
}

std::vector<PacketFacts> Cursor::scan(const Check& check) {
  std::vector<PacketFacts> packets;
  while (read()) {
    packets.push_back(facts_of(*packet_));
    if (packets.size() % kPacketsPerCheck == 0) check();
  }
  if (packets.size() > std::numeric_limits<int32_t>::max()) throw std::bad_alloc();
  next_packet_ = static_cast<int32_t>(packets.size());
  return packets;
}

std::optional<Cursor::Step> Cursor::next() {
  while (true) {
    av::Frame frame = av::make_frame();
    const int got = decoder_->receive(*frame);
    if (got >= 0) return finish(std::move(frame));
    if (got == AVERROR_EOF) return std::nullopt;
    if (got == AVERROR(EAGAIN)) {
      auto failed = feed();
      if (failed) return failed;
    } else {
      return Step{nullptr, -1, missed_pts(), got, true};
    }
  }
}

// The next packet to be decoded; false at the end.
bool Cursor::read() {
  if (std::exchange(held_, false)) return true;
  if (given_.empty()) return !only_given_ && read_file();
  av_packet_unref(packet_.get());
  av::check(av_packet_ref(packet_.get(), given_.front().get()), "av_packet_ref", path_);
  given_.pop_front();
  return true;
}

std::shared_ptr<const AVPacket> Cursor::read_packet() {
  if (!read_file()) return nullptr;
  ++next_packet_;
  av::Packet packet = av::make_packet();
  av_packet_move_ref(packet.get(), packet_.get());
  return packet;
}

void Cursor::decode(const Packets& packets, int32_t first, bool only) {
  forget();
  given_.assign(packets.begin(), packets.end());
  only_given_ = only;
  next_packet_ = first;
}

// The next packet of our stream in the file; false at its end.
bool Cursor::read_file() {
  while (true) {
    av_packet_unref(packet_.get());
    const int got = av_read_frame(&context(), packet_.get());
    if (stopped_) {
      throw EngineError(ErrorClass::Cancelled, "canceled", "The reading was stopped.", path_);
    }
    if (got == AVERROR(EAGAIN)) continue;
    if (got < 0) {
      if (got != AVERROR_EOF) read_error_ = got;
      return false;
    }
    if (packet_->stream_index == stream_) return true;
  }
}

std::optional<Cursor::Step> Cursor::feed() {
  if ((aim_.end && next_packet_ > aim_.last_packet) || !read()) {
    decoder_->send(nullptr);
    return std::nullopt;
  }
  const int32_t number = next_packet_++;
  decoder_->skip_unneeded(
      aim_.skip && number < aim_.last_packet &&
      !std::ranges::binary_search(aim_.numbers, int64_t{index_->number_of(number)}));
  sent_.emplace(number, Sent{facts_of(*packet_), (packet_->flags & AV_PKT_FLAG_CORRUPT) != 0});
  if (sent_.size() > kMostInFlight) sent_.erase(sent_.begin());
  packet_->pts = number;
  const int sent = decoder_->send(packet_.get());
  av_packet_unref(packet_.get());
  if (sent >= 0) return std::nullopt;
  return Step{nullptr, -1, missed_pts(), sent, true};
}

Cursor::Step Cursor::finish(av::Frame frame) {
  // Codecs that code two fields, or two frames, in a packet leave the timestamp out at times.
  const auto from =
      frame->pts == AV_NOPTS_VALUE ? sent_.begin() : sent_.find(static_cast<int32_t>(frame->pts));
  Step step;
  Sent packet;
  if (from != sent_.end()) {
    step.packet = from->first;
    packet = from->second;
    sent_.erase(from);
  }
  const int32_t number = index_ && step.packet >= 0 ? index_->number_of(step.packet) : -1;
  if (number >= 0) {
    step.pts = index_->shown()[number].pts;
  } else if (packet.facts.pts != AV_NOPTS_VALUE) {
    step.pts = packet.facts.pts;
  } else if (frame->pkt_dts != AV_NOPTS_VALUE) {
    step.pts = frame->pkt_dts;  // of the packet that made this frame come out
  } else {
    // Nothing says when: frames follow each other at the rate that the stream is taken to have.
    const AVRational rate = av_guess_frame_rate(&context(), context().streams[stream_], nullptr);
    const int64_t step_ticks = packet.facts.duration > 0 ? packet.facts.duration
                               : rate.num > 0
                                   ? av_rescale_q(1, av_inv_q(rate), stream().time_base)
                                   : av_rescale_q(1, AVRational{1, 25}, stream().time_base);
    step.pts = last_pts_ ? *last_pts_ + step_ticks : 0;
  }
  last_pts_ = step.pts;
  frame->pts = step.pts;
#if VIDENGINE_HAS_FRAME_DURATION
  frame->duration = packet.facts.duration;
#else
  frame->pkt_duration = packet.facts.duration;
#endif
  step.damaged = packet.corrupt || frame->decode_error_flags != 0 ||
                 (frame->flags & AV_FRAME_FLAG_CORRUPT) != 0;
  av::add_hdr_metadata(*frame, stream());
  step.frame = std::move(frame);
  return step;
}

// The earliest of what was sent and did not come out, behind what did.
int64_t Cursor::missed_pts() const {
  std::optional<int64_t> earliest;
  for (const auto& [_, sent] : sent_) {
    const int64_t pts = sent.facts.pts;
    if (pts == AV_NOPTS_VALUE || sent.facts.hidden || (last_pts_ && pts <= *last_pts_)) continue;
    earliest = std::min(earliest.value_or(pts), pts);
  }
  return earliest.value_or(last_pts_.value_or(0));
}

void Cursor::seek(std::shared_ptr<const Index> index, int32_t packet) {
  index_ = std::move(index);
  const PacketFacts& wanted = index_->packets()[packet];
  // Formats seek by one timestamp or the other, and some land behind what they were asked for.
  const int64_t time = wanted.dts == AV_NOPTS_VALUE   ? wanted.pts
                       : wanted.pts == AV_NOPTS_VALUE ? wanted.dts
                                                      : std::min(wanted.pts, wanted.dts);
  const int64_t second = av_rescale_q(1, AVRational{1, 1}, stream().time_base);
  bool found = packet == 0 && next_packet_ == 0 && !held_;  // nothing was read yet
  for (const int64_t back : {int64_t{0}, 2 * second}) {
    if (found || time == AV_NOPTS_VALUE) break;
    if (av_seek_frame(&context(), stream_, time - back, AVSEEK_FLAG_BACKWARD) < 0) break;
    held_ = false;
    while (read()) {
      const auto here = index_->find(*packet_);
      if (!here) continue;
      found = *here <= packet;
      next_packet_ = *here;
      held_ = true;
      break;
    }
  }
  if (!found) {
    open();
    held_ = read();
  }
  while (held_ && next_packet_ < packet) {
    held_ = false;
    ++next_packet_;
    held_ = read();
  }
  forget();
}

void Cursor::forget() {
  decoder_->flush();
  sent_.clear();
  last_pts_.reset();
  aim_ = {};
}

double Cursor::time_s(int64_t pts) const {
  return av_q2d(stream().time_base) * static_cast<double>(pts) -
         static_cast<double>(input_->origin_us()) / AV_TIME_BASE;
}

bool Cursor::whole() const {
  // Other containers do not list their packets.
  const bool lists_all = std::string_view(context().iformat->name).starts_with("mov");
  return read_error_ == 0 &&
         (!lists_all || next_packet_ >= avformat_index_get_entries_count(&stream()));
}

void Cursor::require_whole() const {
  if (whole()) return;
  const int64_t pts = last_pts_.value_or(0);
  if (read_error_ != 0) {
    throw Damage("The source cannot be read further than " + std::to_string(time_s(pts)) +
                     " s: " + av::describe(read_error_) + ".",
                 pts, time_s(pts));
  }
  throw Damage("The source breaks off at " + std::to_string(time_s(pts)) +
                   " s: " + std::to_string(next_packet_) + " of " +
                   std::to_string(avformat_index_get_entries_count(&stream())) +
                   " pictures are there. It is truncated or damaged.",
               pts, time_s(pts));
}

}  // namespace videngine::frames
