#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "av/handles.h"
#include "decode/decoder.h"
#include "demux/input.h"
#include "frames/index.h"

namespace videngine::frames {

// Packets as they are in a file.
using Packets = std::vector<std::shared_ptr<const AVPacket>>;

// One decoder on its way through the pictures of a source. Every packet is given its place in the
// file as its timestamp, so that each frame tells which packet it came from, whatever timestamps
// the source has. Owns file and decoder. Not thread-safe but for stop().
class Cursor {
 public:
  // What comes next: a frame, or what went wrong instead of one.
  struct Step {
    av::Frame frame;      // pts and duration in the stream's time base; null: `error`
    int32_t packet = -1;  // in the order of the file
    int64_t pts = 0;      // of the frame, or of the one that was missed
    int error = 0;        // libav's code; 0: none
    bool damaged = false;
  };

  // `stream` as in "v:0": the first of the pictures; or the number of a stream.
  // `known` of the same source makes it quicker, but for scan().
  // Throws what Input and Decoder throw, and InputError source_no_streams.
  Cursor(std::string path, std::string stream, int threads,
         std::shared_ptr<const Input::Known> known = nullptr);

  // Nothing at the end of the source. Throws Cancelled after stop().
  std::optional<Step> next();
  // What all packets say, in the order of the file; standing at the start. Then a seek is needed.
  std::vector<PacketFacts> scan(const Check& check);
  // Goes to a packet, so that the next frames are those that decode from there.
  void seek(std::shared_ptr<const Index> index, int32_t packet);
  // What the next frames are wanted for, until the next call or seek.
  struct Aim {
    std::span<const int64_t> numbers;  // of the frames that are wanted, in order; must live on
    int32_t last_packet = -1;          // of the last of them in the file
    bool skip = false;  // leave frames out that are neither wanted nor needed, up to last_packet
    bool end = false;   // behind last_packet as if the source ended there
  };
  void aim(const Aim& aim) { aim_ = aim; }
  // The next packet of the source, for another cursor to decode; null at the end.
  std::shared_ptr<const AVPacket> read_packet();
  // Forgets what came before and decodes these packets, of which the first is number `first`.
  // Behind them the source goes on, where read_packet() has come to, or (`only`) ends.
  void decode(const Packets& packets, int32_t first, bool only);
  // From any thread: ends reading.
  void stop() { stopped_ = true; }

  [[nodiscard]] const AVStream& stream() const { return *context().streams[stream_]; }
  [[nodiscard]] const Input& input() const { return *input_; }
  [[nodiscard]] AVFormatContext& context() const { return *input_->context(); }
  // A time in the source's own clock.
  [[nodiscard]] double time_s(int64_t pts) const;
  // How many packets were fed, or read, counted from the file's start.
  [[nodiscard]] int32_t packets_read() const { return next_packet_; }
  // Whether the source goes as far as it says it does; at its end only.
  [[nodiscard]] bool whole() const;
  // Throws Damage if it does not.
  void require_whole() const;

 private:
  struct Sent {
    PacketFacts facts;
    bool corrupt = false;
  };

  void open();
  bool read();
  bool read_file();
  void forget();
  std::optional<Step> feed();
  Step finish(av::Frame frame);
  [[nodiscard]] int64_t missed_pts() const;

  std::string path_;
  std::string choice_;
  int threads_;
  std::shared_ptr<const Input::Known> known_;
  std::atomic<bool> stopped_ = false;
  std::optional<Input> input_;
  std::optional<Decoder> decoder_;
  av::Packet packet_ = av::make_packet();
  bool held_ = false;  // packet_ was read by a seek and is yet to be fed
  std::deque<std::shared_ptr<const AVPacket>> given_;  // to be decoded in place of the file's
  bool only_given_ = false;
  int stream_ = -1;
  int32_t next_packet_ = 0;
  int read_error_ = 0;
  std::map<int32_t, Sent> sent_;  // packets whose frames have not come out
  std::optional<int64_t> last_pts_;
  std::shared_ptr<const Index> index_;
  Aim aim_;
};

}  // namespace videngine::frames
