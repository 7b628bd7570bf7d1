#include "av/log.h"

#include <array>
#include <cstdarg>
#include <deque>
#include <mutex>

extern "C" {
#include <libavutil/log.h>
}

namespace videngine::av {
namespace {

constexpr std::size_t kKeptLines = 20;
constexpr int kLineBytes = 512;

struct Ring {
  std::mutex mutex;
  std::deque<std::string> lines;
};

// Never destroyed: codec threads may still log while the process exits.
Ring& ring() {
  static Ring& instance = *new Ring;
  return instance;
}

// Called by C code on any thread: must not throw.
void keep_line(void* context, int level, const char* format, va_list arguments) noexcept {
  if (level > AV_LOG_WARNING) return;
  try {
    std::array<char, kLineBytes> text{};
    int print_prefix = 1;
    av_log_format_line2(context, level, format, arguments, text.data(), kLineBytes, &print_prefix);
    std::string line = text.data();
    while (!line.empty() && line.back() == '\n') line.pop_back();
    if (line.empty()) return;
    const std::scoped_lock lock(ring().mutex);
    if (!ring().lines.empty() && ring().lines.back() == line) return;
    ring().lines.push_back(std::move(line));
    if (ring().lines.size() > kKeptLines) ring().lines.pop_front();
  } catch (...) {  // a lost log line is better than an exception in a C frame
  }
}

}  // namespace

void capture_log() { av_log_set_callback(keep_line); }

std::vector<std::string> recent_log_lines() {
  const std::scoped_lock lock(ring().mutex);
  return {ring().lines.begin(), ring().lines.end()};
}

}  // namespace videngine::av
