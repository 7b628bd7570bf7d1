#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "av/handles.h"

namespace videngine {

// An opened source: a container of a kind we sell, read through our own I/O from one local file and
// nothing else. libavformat is never given a name, so that a playlist dressed up as a film cannot
// make it open other files; formats that refer to other files are not on the list. Owns file and
// container. Not thread-safe.
class Input {
 public:
  // `stop`, if given, makes long reads end early; it must outlive the input.
  // Throws Cancelled if stopped, InputError source_not_found, source_forbidden, source_corrupt
  // (empty, not media, damaged header).
  enum class Kind : uint8_t { kFilm, kImage };
  explicit Input(const std::string& path, const std::atomic<bool>* stop = nullptr,
                 Kind kind = Kind::kFilm);
  // What opening a source found out by decoding its beginning, which takes most of the time.
  class Known;
  [[nodiscard]] std::shared_ptr<const Known> known() const;
  // The same source again, without finding that out where its container tells the times of all
  // packets. Where it does not (Matroska), only timestamps of presentation are to be relied on.
  Input(const std::string& path, const std::atomic<bool>* stop, const Known& known);
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  ~Input();

  [[nodiscard]] AVFormatContext* context() const { return context_.get(); }
  [[nodiscard]] int64_t size_bytes() const { return size_bytes_; }
  // Where the source's own time begins, in microseconds: its first picture, or a sound that starts
  // well before it.
  [[nodiscard]] int64_t origin_us() const { return origin_us_; }
  // Whether streams say how long they are. Matroska and FLV only tell for the whole file, and count
  // from zero instead of their first picture.
  [[nodiscard]] bool streams_tell_length() const;
  // What the container says, from the origin, in microseconds; 0: nothing.
  [[nodiscard]] int64_t length_us() const;
  // A file that ends long before it says it does was cut off on its way to us: better said than
  // transcoded in silence. Throws InputError source_corrupt.
  void require_whole(int64_t end_us, int64_t declared_end_us) const;

 private:
  // From the streams' first timestamps, which libavformat may move while packets are being read:
  // taken once, so that all stages count from the same instant.
  [[nodiscard]] int64_t find_origin_us() const;
  Input(const std::string& path, const std::atomic<bool>* stop, Kind kind, const Known* known);
  void find_streams(const Known* known);
  static int read(void* self, uint8_t* buffer, int size) noexcept;
  static int64_t seek(void* self, int64_t offset, int whence) noexcept;

  std::string path_;
  int fd_ = -1;
  int64_t size_bytes_ = 0;
  int64_t origin_us_ = 0;
  const std::atomic<bool>* stop_;
  av::Io io_;  // outlives context_, which reads through it
  av::InputContext context_;
};

}  // namespace videngine
