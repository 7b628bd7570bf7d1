#include "frames/feed.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace videngine::frames {

Feed::Feed(Decoding decoding, std::size_t capacity)
    : decoding_(std::move(decoding)),
      capacity_(std::max<std::size_t>(capacity, 1)),
      groups_(*decoding_.source, decoding_.most_ahead) {
  thread_ = std::thread([this] { run(); });
}

Feed::~Feed() {
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
  }
  decoding_.source->stop();
  room_.notify_all();
  thread_.join();
  for (std::thread& helper : helpers_) helper.join();
}

void Feed::run() noexcept {
  const TurnPointer first = begin_turn();
  if (!first) return;
  try {
    if (!first->coded.alone || first->coded.last) return decode_on_from(*first, 0);
    const auto threads = static_cast<std::size_t>(decoding_.threads);
    const std::size_t decoders =
        std::min(threads, 1 + decoding_.most_ahead / first->coded.packets.size());
    const auto each = static_cast<int>((threads + decoders - 1) / decoders);
    {
      const std::scoped_lock lock(mutex_);
      others_ = decoders - 1;
    }
    for (std::size_t i = 1; i < decoders; ++i) {
      helpers_.emplace_back([this, each] { labour(each, begin_turn()); });
    }
    labour(each, first);
  } catch (...) {
    finish(*first, std::current_exception());
  }
}

// Decodes this turn, and those that nobody else has begun.
void Feed::labour(int threads, TurnPointer turn) noexcept {
  std::unique_ptr<Cursor> cursor;
  for (; turn; turn = begin_turn()) {
    try {
      if (!cursor) cursor = decoding_.hire(threads);
      decode(*turn, *cursor);
    } catch (...) {
      finish(*turn, std::current_exception());
    }
  }
}

// Null if there is none left.
Feed::TurnPointer Feed::begin_turn() noexcept {
  const std::scoped_lock reading(reading_);
  {
    const std::scoped_lock lock(mutex_);
    if (all_begun_ || closed_) return nullptr;
  }
  auto turn = std::make_shared<Turn>();
  try {
    turn->coded = groups_.next();
  } catch (...) {
    turn->failure = std::current_exception();
    turn->finished = true;
  }
  const std::scoped_lock lock(mutex_);
  turn->before = std::exchange(previous_, turn);
  all_begun_ = turn->coded.last || turn->failure;
  largest_group_ = std::max(largest_group_, turn->coded.packets.size());
  turns_.push_back(turn);
  if (!turn->failure) return turn;
  filled_.notify_one();
  return nullptr;
}

void Feed::decode(Turn& turn, Cursor& cursor) {
  const Group& coded = turn.coded;
  if (!coded.alone) return decode_on_from(turn, 0);
  cursor.decode(coded.packets, coded.first_packet, true);
  const std::size_t expected = coded.frames();
  std::size_t given = 0;
  int64_t last_pts = 0;
  while (auto step = cursor.next()) {
    const bool follows = given == 0 || step->pts > last_pts;
    if (!step->frame || step->damaged || given == expected || !follows) {
      return decode_on_from(turn, given);
    }
    last_pts = step->pts;
    if (!give(turn, std::move(step->frame))) return;
    ++given;
  }
  bool whole = given == expected;
  if (coded.last) {
    const std::scoped_lock both(reading_, mutex_);
    if (turn.dropped) return;
    whole = whole && decoding_.source->whole();
  }
  if (!whole) return decode_on_from(turn, given);
  finish(turn, nullptr);
}

// Something is amiss, or the group does not end: one decoder goes on to the end of the source, as
// if there had been no other. `given` frames of the turn were given already.
void Feed::decode_on_from(Turn& turn, std::size_t given) {
  {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return closed_ || turn.dropped || first_unfinished() == &turn; });
    if (closed_ || turn.dropped) return;
  }
  Cursor& source = *decoding_.source;
  int32_t first_packet = 0;
  const Packets packets = take_over_from(turn, first_packet);
  source.decode(packets, first_packet, false);
  Sieve sieve(decoding_.policy, source);
  while (auto step = source.next()) {
    const bool earlier = step->packet >= 0 && step->packet < turn.coded.first_packet;
    av::Frame frame = sieve.sift(std::move(*step));
    if (!frame || earlier) continue;
    if (given > 0) {
      --given;
    } else if (!give(turn, std::move(frame))) {
      return;
    }
  }
  if (decoding_.policy == Damaged::kRaise) source.require_whole();
  finish(turn, nullptr);
}

// All packets that were read from `turn` on, or, if it was tried, from the one before: what is
// amiss may be so for want of that. Its followers are dropped, and nobody else reads the source any
// more.
Packets Feed::take_over_from(const Turn& turn, int32_t& first) {
  const std::scoped_lock both(reading_, mutex_);
  all_begun_ = true;
  Packets packets;
  first = turn.coded.first_packet;
  if (turn.coded.alone && turn.before) {
    first = turn.before->coded.first_packet;
    packets = turn.before->coded.packets;
  }
  const auto own = std::ranges::find(turns_, &turn, &TurnPointer::get);
  for (auto at = own; at != turns_.end(); ++at) {
    std::ranges::copy((*at)->coded.packets, std::back_inserter(packets));
    (*at)->dropped = at != own;
  }
  turns_.erase(std::next(own), turns_.end());
  std::ranges::move(groups_.take_rest(), std::back_inserter(packets));
  room_.notify_all();
  return packets;
}

// False if the frame is not wanted any more.
bool Feed::give(Turn& turn, av::Frame frame) {
  std::unique_lock lock(mutex_);
  room_.wait(lock, [&] {
    const bool next = first_unfinished() == &turn;
    const bool room = next ? available() < capacity_ : ahead() < most_ahead();
    return closed_ || turn.dropped || room;
  });
  if (closed_ || turn.dropped) return false;
  turn.frames.push_back(std::move(frame));
  const bool enough = available() >= wanted_;
  lock.unlock();
  if (enough) filled_.notify_one();
  return true;
}

void Feed::finish(Turn& turn, std::exception_ptr failure) {
  const std::scoped_lock lock(mutex_);
  turn.before.reset();
  turn.failure = std::move(failure);
  turn.finished = true;
  filled_.notify_one();
  room_.notify_all();
}

const Feed::Turn* Feed::first_unfinished() const {
  const auto found =
      std::ranges::find_if(turns_, [](const TurnPointer& turn) { return !turn->finished; });
  return found == turns_.end() ? nullptr : found->get();
}

// Frames that can be taken now.
std::size_t Feed::available() const {
  std::size_t count = 0;
  for (const TurnPointer& turn : turns_) {
    count += turn->frames.size();
    if (!turn->finished || turn->failure) break;
  }
  return count;
}

// Frames whose turn has not come.
std::size_t Feed::ahead() const {
  std::size_t count = 0;
  bool behind = false;
  for (const TurnPointer& turn : turns_) {
    if (behind) count += turn->frames.size();
    behind = behind || !turn->finished;
  }
  return count;
}

// A group for each of the other decoders: more is of no use.
std::size_t Feed::most_ahead() const {
  return std::min(decoding_.most_ahead, others_ * largest_group_);
}

// Whether no more can be had than is available.
bool Feed::over() const {
  for (const TurnPointer& turn : turns_) {
    if (turn->failure) return true;
    if (!turn->finished) return false;
  }
  return all_begun_;
}

std::vector<av::Frame> Feed::take(std::size_t least, std::size_t most,
                                  std::chrono::milliseconds patience) {
  std::vector<av::Frame> taken;
  {
    std::unique_lock lock(mutex_);
    wanted_ = std::min(least, capacity_);
    const auto ready = [this] { return available() >= wanted_ || over(); };
    if (!filled_.wait_for(lock, patience, ready)) return taken;
    const std::size_t count = std::min(most, available());
    while (taken.size() < count) {
      std::deque<av::Frame>& frames = turns_.front()->frames;
      const auto end = frames.begin() +
                       static_cast<std::ptrdiff_t>(std::min(frames.size(), count - taken.size()));
      std::move(frames.begin(), end, std::back_inserter(taken));
      frames.erase(frames.begin(), end);
      if (taken.size() < count) turns_.pop_front();
    }
  }
  room_.notify_all();
  return taken;
}

bool Feed::ended() {
  const std::scoped_lock lock(mutex_);
  if (!over() || available() > 0) return false;
  for (const TurnPointer& turn : turns_) {
    if (turn->failure) std::rethrow_exception(turn->failure);
  }
  return true;
}

}  // namespace videngine::frames
