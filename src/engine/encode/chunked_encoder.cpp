#include "encode/chunked_encoder.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <utility>

#include <pthread.h>

#include "analysis/orders.h"
#include "av/check.h"

namespace videngine {
namespace {

// A chunk's beginning costs about as much as some pictures; a short one gains nothing.
constexpr double kLeastChunk_s = 1;
constexpr std::size_t kTrialPictures = 24;
constexpr double kTrialCrf = 26;
// What is thought to be in the buffer when a chunk begins before the one in front of it has ended.
constexpr double kUsualFilling = 0.75;
constexpr int kMostAgain = 3;  // times that a chunk is encoded again
constexpr double kToldAgain = 0.7;

// The plan of one encoder, without a rate: every chunk has a quality.
VideoRenditionPlan of_one_chunk(VideoRenditionPlan plan) {
  plan.chunk_encoders = 1;
  plan.bitrate_bps.reset();
  if (!plan.crf) plan.crf = kTrialCrf;
  // Without it x264 writes its mean quantizer into the parameter sets, of which a stream has one.
  constexpr const char* kStitchable = "stitchable=1";
  const auto params =
      std::ranges::find(plan.options, "x264-params", &std::pair<std::string, std::string>::first);
  if (params == plan.options.end()) {
    plan.options.emplace_back("x264-params", kStitchable);
  } else {
    params->second += std::string(":") + kStitchable;
  }
  return plan;
}

// All that a muxer asks an encoder for.
av::CodecContext facts_of(const AVCodecContext& encoder, const std::string& id) {
  const av::CodecParameters parameters(avcodec_parameters_alloc());
  av::CodecContext facts(avcodec_alloc_context3(encoder.codec));
  if (!facts || !parameters) throw std::bad_alloc();
  av::check(avcodec_parameters_from_context(parameters.get(), &encoder),
            "avcodec_parameters_from_context", id);
  av::check(avcodec_parameters_to_context(facts.get(), parameters.get()),
            "avcodec_parameters_to_context", id);
  facts->time_base = encoder.time_base;
  facts->framerate = encoder.framerate;
  facts->flags = encoder.flags;
  return facts;
}

void add(bool key, int64_t cost, ChunkRate::Chunk& to) {
  ++to.pictures;
  (key ? to.cost.keys : to.cost.others) += static_cast<double>(cost);
}

void count(const AVPacket& packet, ChunkRate::Amount& bits) {
  ((packet.flags & AV_PKT_FLAG_KEY) != 0 ? bits.keys : bits.others) += 8.0 * packet.size;
}

double thread_cpu_s() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace

ChunkedEncoder::ChunkedEncoder(const VideoRenditionPlan& plan, Rational frame_rate,
                               const AVFrame& like)
    : plan_(of_one_chunk(plan)),
      beside_(static_cast<std::size_t>(plan.chunk_encoders)),
      least_pictures_(static_cast<std::size_t>(std::ceil(kLeastChunk_s * frame_rate.to_double()))),
      frame_rate_(frame_rate),
      like_(av::share(like)) {
  const std::unique_ptr<VideoEncoder> one = make_video_encoder(plan_, frame_rate_, *like_);
  facts_ = facts_of(one->context(), plan_.id);
  carries_captions_ = one->carries_captions();
  if (plan.bitrate_bps) rate_.emplace(plan, frame_rate);
  if (plan.max_bitrate_bps) buffer_.emplace(plan, frame_rate);
}

ChunkedEncoder::~ChunkedEncoder() {
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  chunks_.clear();  // waits for their threads
}

void ChunkedEncoder::encode(const AVFrame* frame, bool key, const Take& take) {
  while (give_first(false, take)) {
  }
  const bool long_enough = !chunks_.empty() && chunks_.back()->pictures.size() >= least_pictures_;
  if (!chunks_.empty() && (frame == nullptr || (key && long_enough))) {
    const std::scoped_lock lock(mutex_);
    chunks_.back()->whole = true;
    changed_.notify_all();
  }
  if (frame == nullptr) {
    while (give_first(true, take)) {
    }
    return;
  }
  if (chunks_.empty() || chunks_.back()->whole) begin_chunk(take);
  const std::scoped_lock lock(mutex_);
  chunks_.back()->pictures.push_back({av::share(*frame), key});
  changed_.notify_all();
}

// Waits until there is an encoder for it, and room for its pictures.
void ChunkedEncoder::begin_chunk(const Take& take) {
  const auto running = [this] {
    return std::ranges::count_if(chunks_, [](const auto& chunk) { return !chunk->done; });
  };
  while (chunks_.size() > beside_) give_first(true, take);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return std::cmp_less(running(), beside_); });
  start(*chunks_.emplace_back(std::make_unique<Chunk>()));
}

void ChunkedEncoder::start(Chunk& chunk) {
  chunk.thread = std::jthread([this, &chunk] { run(chunk); });
}

// Gives the packets of the first chunk if it is done, or when it is. False: there is none.
bool ChunkedEncoder::give_first(bool wait, const Take& take) {
  if (chunks_.empty()) return false;
  Chunk& first = *chunks_.front();
  {
    std::unique_lock lock(mutex_);
    if (wait) changed_.wait(lock, [&first] { return first.done; });
    if (!first.done) return false;
  }
  first.thread.join();
  if (first.failure) std::rethrow_exception(first.failure);
  if (overdraws(first)) {
    encode_again(first);
    return true;
  }
  cpu_s_.push_back(first.cpu_s);
  std::vector<av::Packet> packets;
  {
    const std::scoped_lock lock(mutex_);
    packets.swap(first.packets);
    chunks_.pop_front();
  }
  for (av::Packet& packet : packets) take(std::move(packet));
  return true;
}

// Whether a chunk needs more than is in the buffer, and it helps to encode it again.
bool ChunkedEncoder::overdraws(const Chunk& chunk) {
  if (!buffer_) return false;
  DecoderBuffer after = *buffer_;
  bool in_time = true;
  for (const av::Packet& packet : chunk.packets) in_time &= after.take(8LL * packet->size);
  if (!in_time && chunk.again < kMostAgain) return true;
  buffer_ = after;
  return false;
}

void ChunkedEncoder::encode_again(Chunk& chunk) {
  if (rate_) rate_->take_back(chunk.rate, chunk.bits);
  chunk.packets.clear();
  chunk.bits = {};
  // What is in the buffer is known now. x264 may miss it all the same while it knows no picture of
  // the chunk: each time it is told of less.
  const double told = buffer_->filled_bits() * std::pow(kToldAgain, chunk.again);
  chunk.buffered_bits = std::max<int64_t>(std::llround(told), 1);
  ++chunk.again;
  {
    const std::scoped_lock lock(mutex_);
    chunk.done = false;
  }
  start(chunk);
}

void ChunkedEncoder::run(Chunk& chunk) noexcept {
  pthread_setname_np(pthread_self(), (plan_.id.substr(0, 9) + " chunk").c_str());
  const double began_s = thread_cpu_s();
  std::exception_ptr failure;
  try {
    encode_chunk(chunk);
  } catch (const Stopped&) {  // nobody waits for it any more
  } catch (...) {
    failure = std::current_exception();
  }
  const std::scoped_lock lock(mutex_);
  chunk.cpu_s += thread_cpu_s() - began_s;
  chunk.failure = failure;
  chunk.done = true;
  changed_.notify_all();
}

void ChunkedEncoder::encode_chunk(Chunk& chunk) {
  VideoRenditionPlan plan = plan_;
  if (rate_) {
    if (chunk.rate.pictures == 0) plan_rate(chunk);
    plan.crf = chunk.rate.crf;
  }
  if (buffer_) {
    const int64_t usual = std::llround(kUsualFilling * static_cast<double>(*plan.buffer_size_bits));
    plan.options.emplace_back("rc_init_occupancy",
                              std::to_string(chunk.buffered_bits.value_or(usual)));
  }
  const std::unique_ptr<VideoEncoder> encoder = make_video_encoder(plan, frame_rate_, *like_);
  const auto keep = [&](av::Packet packet) {
    count(*packet, chunk.bits);
    chunk.packets.push_back(std::move(packet));
  };
  for (std::size_t i = 0; const Picture* next = picture(chunk, i); ++i) {
    encoder->encode(next->frame.get(), next->key, keep);
    if (buffer_) continue;  // it may be encoded again
    const std::scoped_lock lock(mutex_);
    chunk.pictures[i].frame.reset();
  }
  encoder->encode(nullptr, false, keep);
  if (rate_) rate_->end(chunk.rate, chunk.bits);
}

// Picture `number` of a chunk, once it is there; null: the chunk has no more.
const ChunkedEncoder::Picture* ChunkedEncoder::picture(Chunk& chunk, std::size_t number) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return number < chunk.pictures.size() || chunk.whole || stopped_; });
  if (stopped_) throw Stopped();
  return number < chunk.pictures.size() ? &chunk.pictures[number] : nullptr;
}

// Waits until all of a chunk is there and decides what it may take. The first one tries what its
// beginning costs; others wait until that is known.
void ChunkedEncoder::plan_rate(Chunk& chunk) {
  const bool tries = [this] {
    const std::scoped_lock lock(mutex_);
    return !std::exchange(trial_begun_, true);
  }();
  if (tries) try_first(chunk);
  std::unique_lock lock(mutex_);
  if (tries) {
    trial_done_ = true;
    changed_.notify_all();
  }
  changed_.wait(lock, [&] { return (trial_done_ && chunk.whole) || stopped_; });
  if (stopped_) throw Stopped();
  for (const Picture& one : chunk.pictures) add(one.key, analysis::cost_of(*one.frame), chunk.rate);
  rate_->begin(chunk.rate);
}

void ChunkedEncoder::try_first(Chunk& chunk) {
  ChunkRate::Chunk trial;
  trial.crf = kTrialCrf;
  ChunkRate::Amount bits;
  const std::unique_ptr<VideoEncoder> encoder = make_video_encoder(plan_, frame_rate_, *like_);
  const auto learn = [&](const av::Packet& packet) { count(*packet, bits); };
  for (std::size_t i = 0; i < kTrialPictures; ++i) {
    const Picture* next = picture(chunk, i);
    if (next == nullptr) break;
    add(next->key, analysis::cost_of(*next->frame), trial);
    encoder->encode(next->frame.get(), next->key, learn);
  }
  encoder->encode(nullptr, false, learn);
  rate_->tried(trial, bits);
}

}  // namespace videngine
