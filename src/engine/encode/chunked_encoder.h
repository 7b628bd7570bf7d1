#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "encode/chunk_rate.h"
#include "encode/video_encoder.h"

namespace videngine {

// Encodes runs of whole groups of pictures (chunks) beside each other, each with an encoder of its
// own, and gives their packets as one stream. For encoders to which a group means nothing once
// it has ended: x264 whose frames were looked at before (analysis/). With a constant quality the
// pictures are those of one encoder, bit for bit; a bit rate is kept by a CRF for each chunk; where
// there is a buffer, a chunk that would overdraw what the one before has left in it is encoded
// again.
//
// Owns the chunks' threads, and holds the frames of at most so many chunks as there are encoders,
// and one more.
class ChunkedEncoder final : public VideoEncoder {
 public:
  ChunkedEncoder(const VideoRenditionPlan& plan, Rational frame_rate, const AVFrame& like);
  ~ChunkedEncoder() override;

  void encode(const AVFrame* frame, bool key, const Take& take) override;
  [[nodiscard]] bool carries_captions() const override { return carries_captions_; }
  [[nodiscard]] const AVCodecContext& context() const override { return *facts_; }
  [[nodiscard]] std::vector<double> chunk_cpu_s() const override { return cpu_s_; }

 private:
  struct Picture {
    av::Frame frame;
    bool key;
  };
  struct Chunk {
    ChunkRate::Chunk rate;                 // where there is one: what is planned for it
    ChunkRate::Amount bits{};              // that it took
    std::optional<int64_t> buffered_bits;  // in the buffer when it begins, as far as it is told
    int again = 0;                         // so often it was encoded again
    std::deque<Picture> pictures;
    bool whole = false;  // no more will come
    bool done = false;
    std::vector<av::Packet> packets;
    double cpu_s = 0;
    std::exception_ptr failure;
    std::jthread thread;
  };
  struct Stopped : std::exception {};

  // The feeding thread's.
  void begin_chunk(const Take& take);
  void start(Chunk& chunk);
  bool give_first(bool wait, const Take& take);
  bool overdraws(const Chunk& chunk);
  void encode_again(Chunk& chunk);
  // A chunk's thread's.
  void run(Chunk& chunk) noexcept;
  void encode_chunk(Chunk& chunk);
  void plan_rate(Chunk& chunk);
  void try_first(Chunk& chunk);
  const Picture* picture(Chunk& chunk, std::size_t number);

  const VideoRenditionPlan plan_;  // of one chunk
  const std::size_t beside_;
  const std::size_t least_pictures_;  // of a chunk
  const Rational frame_rate_;
  const av::Frame like_;
  av::CodecContext facts_;
  bool carries_captions_ = false;
  std::optional<ChunkRate> rate_;
  std::optional<DecoderBuffer> buffer_;
  std::vector<double> cpu_s_;

  std::mutex mutex_;  // of what is below
  std::condition_variable changed_;
  bool stopped_ = false;
  bool trial_begun_ = false;                   // of what pictures cost, by the first chunk
  bool trial_done_ = false;                    //
  std::deque<std::unique_ptr<Chunk>> chunks_;  // in order; the last one may still grow
};

}  // namespace videngine
