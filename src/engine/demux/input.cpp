#include "demux/input.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "av/check.h"
#include "av/log.h"

namespace videngine {
namespace {

constexpr int kIoBufferBytes = 1 << 18;

// How much earlier than the picture a sound may start by its encoder's delay.
constexpr int64_t kSoundLeadUs = AV_TIME_BASE / 10;

// Containers we accept. Nothing here opens a second file, a device or a connection.
constexpr const char* kFormats =
    "mov,mp4,matroska,webm,mpegts,mpeg,avi,flv,asf,mxf,ogg,wav,w64,aiff,mp3,aac,flac,ac3,eac3,amr,"
    "caf,"
    "dv,gxf,nut,ivf,h264,hevc,mpegvideo,m4v,yuv4mpegpipe";

constexpr const char* kImageFormats = "png_pipe,jpeg_pipe,webp_pipe";

int refuse_to_open(AVFormatContext* /*context*/, AVIOContext** io, const char* /*url*/,
                   int /*flags*/, AVDictionary** /*options*/) noexcept {
  *io = nullptr;
  return AVERROR(EACCES);
}

int stop_requested(void* stop) noexcept {
  return stop != nullptr && static_cast<const std::atomic<bool>*>(stop)->load() ? 1 : 0;
}

[[noreturn]] void fail(const std::string& code, const std::string& message,
                       const std::string& path) {
  throw EngineError(ErrorClass::InputError, code, message, path);
}

// Of these, the header names all streams, and each packet has its time.
bool tells_all(const AVFormatContext& context) {
  const std::string_view name = context.iformat->name;
  return name.starts_with("mov") || name.starts_with("matroska");
}

}  // namespace

class Input::Known {
 public:
  explicit Known(const Input& input)
      : size_bytes_(input.size_bytes_), origin_us_(input.origin_us_) {
    const AVFormatContext& context = *input.context_;
    for (unsigned i = 0; i < context.nb_streams; ++i) {
      av::CodecParameters parameters(avcodec_parameters_alloc());
      if (!parameters) throw std::bad_alloc();
      av::check(avcodec_parameters_copy(parameters.get(), context.streams[i]->codecpar),
                "avcodec_parameters_copy");
      streams_.push_back(std::move(parameters));
    }
  }

  [[nodiscard]] int64_t origin_us() const { return origin_us_; }
  [[nodiscard]] bool suits(const Input& input) const {
    const AVFormatContext& context = *input.context_;
    if (!tells_all(context) || input.size_bytes_ != size_bytes_) return false;
    if (context.nb_streams != streams_.size()) return false;
    for (unsigned i = 0; i < context.nb_streams; ++i) {
      if (context.streams[i]->codecpar->codec_id != streams_[i]->codec_id) return false;
    }
    return true;
  }
  void tell(AVFormatContext& context) const {
    for (unsigned i = 0; i < context.nb_streams; ++i) {
      av::check(avcodec_parameters_copy(context.streams[i]->codecpar, streams_[i].get()),
                "avcodec_parameters_copy");
    }
  }

 private:
  int64_t size_bytes_;
  int64_t origin_us_;
  std::vector<av::CodecParameters> streams_;
};

std::shared_ptr<const Input::Known> Input::known() const {
  return std::make_shared<const Known>(*this);
}

Input::Input(const std::string& path, const std::atomic<bool>* stop, Kind kind)
    : Input(path, stop, kind, nullptr) {}

Input::Input(const std::string& path, const std::atomic<bool>* stop, const Known& known)
    : Input(path, stop, Kind::kFilm, &known) {}

Input::Input(const std::string& path, const std::atomic<bool>* stop, Kind kind, const Known* known)
    : path_(path), stop_(stop) {
  av::capture_log();
  // Not blocking: a pipe dressed up as a file would be waited for until somebody writes to it.
  fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd_ < 0) {
    if (errno == EACCES) fail("source_forbidden", "The source may not be read.", path);
    fail(
        "source_not_found",
        std::string("The source cannot be opened: ") + std::generic_category().message(errno) + ".",
        path);
  }
  struct stat facts{};
  if (::fstat(fd_, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    ::close(fd_);
    fail("source_not_found", "The source is not a regular file.", path);
  }
  size_bytes_ = facts.st_size;
  if (size_bytes_ == 0) {
    ::close(fd_);
    fail("source_corrupt", "The source is empty (0 bytes): upload it again.", path);
  }
  try {
    auto* buffer = static_cast<unsigned char*>(av_malloc(kIoBufferBytes));
    if (buffer == nullptr) throw std::bad_alloc();
    io_.reset(
        avio_alloc_context(buffer, kIoBufferBytes, 0, this, &Input::read, nullptr, &Input::seek));
    AVFormatContext* context = avformat_alloc_context();
    if (!io_ || context == nullptr) throw std::bad_alloc();
    context->pb = io_.get();
    context->flags |= AVFMT_FLAG_CUSTOM_IO;
    context->io_open = &refuse_to_open;
    context->interrupt_callback = {&stop_requested,
                                   const_cast<void*>(static_cast<const void*>(stop_))};
    av::Dictionary options;
    options.set("format_whitelist", kind == Kind::kImage ? kImageFormats : kFormats);
    options.set("max_streams", static_cast<int64_t>(100));
    // On failure libavformat frees the context itself.
    const int opened = avformat_open_input(&context, "", nullptr, options.address());
    if (opened < 0) {
      if (opened == AVERROR(ENOMEM)) throw std::bad_alloc();
      fail("source_corrupt",
           "The source is not a media file of a kind that is accepted (" + av::describe(opened) +
               "). Accepted are MP4/MOV, Matroska/WebM, MPEG-TS/PS, AVI, FLV, MXF, Ogg, WAV, MP3, "
               "FLAC.",
           path);
    }
    context_.reset(context);
    find_streams(known);
  } catch (...) {
    context_.reset();
    ::close(fd_);
    if (stop_ != nullptr && *stop_) {  // the reads failed because they were told to
      throw EngineError(ErrorClass::Cancelled, "canceled", "The work was cancelled.", path);
    }
    throw;
  }
}

Input::~Input() {
  context_.reset();
  ::close(fd_);
}

void Input::find_streams(const Known* known) {
  if (known != nullptr && known->suits(*this)) {
    known->tell(*context_);
    origin_us_ = known->origin_us();
    return;
  }
  const int found = avformat_find_stream_info(context_.get(), nullptr);
  if (found < 0) {
    fail("source_corrupt", "The source's streams cannot be read: " + av::describe(found) + ".",
         path_);
  }
  if (context_->nb_streams == 0) {
    fail("source_no_streams", "The source has neither picture nor sound.", path_);
  }
  origin_us_ = find_origin_us();
}

int64_t Input::find_origin_us() const {
  constexpr int64_t kNone = std::numeric_limits<int64_t>::max();
  int64_t origin = kNone;
  int64_t first_picture = kNone;
  for (unsigned i = 0; i < context_->nb_streams; ++i) {
    const AVStream* stream = context_->streams[i];
    const AVMediaType type = stream->codecpar->codec_type;
    if ((type != AVMEDIA_TYPE_VIDEO && type != AVMEDIA_TYPE_AUDIO) ||
        (stream->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0 ||
        stream->start_time == AV_NOPTS_VALUE) {
      continue;
    }
    const int64_t start = av_rescale_q(stream->start_time, stream->time_base, AV_TIME_BASE_Q);
    origin = std::min(origin, start);
    if (type == AVMEDIA_TYPE_VIDEO) first_picture = std::min(first_picture, start);
  }
  // A film begins with its first picture. Many containers start the sound a few milliseconds
  // before, by what its encoder delays it, which would put every picture between two frames of
  // ours.
  if (first_picture != kNone && first_picture - origin < kSoundLeadUs) origin = first_picture;
  return origin == kNone ? 0 : origin;
}

bool Input::streams_tell_length() const {
  for (unsigned i = 0; i < context_->nb_streams; ++i) {
    const AVStream* stream = context_->streams[i];
    const AVMediaType type = stream->codecpar->codec_type;
    const bool timed = type == AVMEDIA_TYPE_VIDEO || type == AVMEDIA_TYPE_AUDIO;
    if (timed && stream->duration > 0) return true;
  }
  return false;
}

int64_t Input::length_us() const {
  const int64_t told = std::max<int64_t>(context_->duration, 0);
  return streams_tell_length() ? told : std::max<int64_t>(told - origin_us(), 0);
}

void Input::require_whole(int64_t end_us, int64_t declared_end_us) const {
  const int64_t missing_us = declared_end_us - end_us;
  if (missing_us <= std::max<int64_t>(AV_TIME_BASE, declared_end_us / 50)) return;
  const auto seconds = [](int64_t us) {
    const std::string text = std::to_string(static_cast<double>(us) / AV_TIME_BASE);
    return text.substr(0, text.find('.') + 2);
  };
  fail("source_corrupt",
       "The source ends at " + seconds(end_us) + " s of " + seconds(declared_end_us) +
           " s: it is truncated or damaged. Upload it again.",
       path_);
}

int Input::read(void* self, uint8_t* buffer, int size) noexcept {
  const auto* input = static_cast<const Input*>(self);
  if (stop_requested(const_cast<void*>(static_cast<const void*>(input->stop_))) != 0) {
    return AVERROR_EXIT;
  }
  const ssize_t got = ::read(input->fd_, buffer, static_cast<std::size_t>(size));
  if (got < 0) return AVERROR(errno);
  return got == 0 ? AVERROR_EOF : static_cast<int>(got);
}

int64_t Input::seek(void* self, int64_t offset, int whence) noexcept {
  const auto* input = static_cast<const Input*>(self);
  if (whence == AVSEEK_SIZE) return input->size_bytes_;
  const off_t position = ::lseek(input->fd_, offset, whence & ~AVSEEK_FORCE);
  return position < 0 ? AVERROR(errno) : position;
}

}  // namespace videngine
