#pragma once

// Owning aliases for every libav type that the engine holds. Raw pointers elsewhere only borrow.

#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavfilter/avfilter.h>
#include <libavformat/avformat.h>
#include <libavutil/audio_fifo.h>
#include <libavutil/buffer.h>
#include <libavutil/channel_layout.h>
#include <libavutil/frame.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>
}

namespace videngine::av {

// libav has two habits of freeing: f(T**) and f(T*).
template <auto Free>
struct FreeByAddress {
  template <typename T>
  void operator()(T* pointer) const noexcept {
    Free(&pointer);
  }
};
template <auto Free>
struct FreeByValue {
  template <typename T>
  void operator()(T* pointer) const noexcept {
    Free(pointer);
  }
};
struct FreeIo {  // the buffer belongs to the context, but is not freed with it
  void operator()(AVIOContext* io) const noexcept {
    if (io != nullptr) av_freep(static_cast<void*>(&io->buffer));
    avio_context_free(&io);
  }
};
struct CloseOutput {  // closes the file as well; the trailer is TrackWriter::finish's business
  void operator()(AVFormatContext* context) const noexcept {
    if (context != nullptr && (context->oformat->flags & AVFMT_NOFILE) == 0) {
      avio_closep(&context->pb);
    }
    avformat_free_context(context);
  }
};

using Frame = std::unique_ptr<AVFrame, FreeByAddress<av_frame_free>>;
using Packet = std::unique_ptr<AVPacket, FreeByAddress<av_packet_free>>;
using CodecParameters = std::unique_ptr<AVCodecParameters, FreeByAddress<avcodec_parameters_free>>;
using CodecContext = std::unique_ptr<AVCodecContext, FreeByAddress<avcodec_free_context>>;
// The two ways of closing a format context are two types.
using InputContext = std::unique_ptr<AVFormatContext, FreeByAddress<avformat_close_input>>;
using OutputContext = std::unique_ptr<AVFormatContext, CloseOutput>;
using Io = std::unique_ptr<AVIOContext, FreeIo>;
using FilterGraph = std::unique_ptr<AVFilterGraph, FreeByAddress<avfilter_graph_free>>;
using FilterInOut = std::unique_ptr<AVFilterInOut, FreeByAddress<avfilter_inout_free>>;
using BufferPool = std::unique_ptr<AVBufferPool, FreeByAddress<av_buffer_pool_uninit>>;
using Swr = std::unique_ptr<SwrContext, FreeByAddress<swr_free>>;
using Sws = std::unique_ptr<SwsContext, FreeByValue<sws_freeContext>>;
using AudioFifo = std::unique_ptr<AVAudioFifo, FreeByValue<av_audio_fifo_free>>;

// The speakers of a sound.
class ChannelLayout {
 public:
  // By FFmpeg's name ("stereo", "5.1"); throws std::invalid_argument for any other.
  explicit ChannelLayout(const std::string& name) {
    if (av_channel_layout_from_string(&layout_, name.c_str()) < 0) {
      throw std::invalid_argument("there is no channel layout named " + name);
    }
  }
  // The usual one of so many channels.
  explicit ChannelLayout(int channels) { av_channel_layout_default(&layout_, channels); }
  ChannelLayout(const ChannelLayout&) = delete;
  ChannelLayout& operator=(const ChannelLayout&) = delete;
  ~ChannelLayout() { av_channel_layout_uninit(&layout_); }
  [[nodiscard]] const AVChannelLayout* get() const { return &layout_; }
  [[nodiscard]] int channels() const { return layout_.nb_channels; }

 private:
  AVChannelLayout layout_{};
};

// Owns the entries of an AVDictionary; libav replaces the pointer as it takes options.
class Dictionary {
 public:
  Dictionary() = default;
  Dictionary(const Dictionary&) = delete;
  Dictionary& operator=(const Dictionary&) = delete;
  ~Dictionary() { av_dict_free(&entries_); }
  void set(const char* key, const char* value) { av_dict_set(&entries_, key, value, 0); }
  void set(const char* key, int64_t value) { av_dict_set_int(&entries_, key, value, 0); }
  AVDictionary** address() { return &entries_; }
  [[nodiscard]] bool has(const char* key) const {
    return av_dict_get(entries_, key, nullptr, 0) != nullptr;
  }
  // "" where there is no such entry.
  [[nodiscard]] std::string get(const char* key) const {
    const AVDictionaryEntry* entry = av_dict_get(entries_, key, nullptr, 0);
    return entry == nullptr ? "" : entry->value;
  }
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> entries() const {
    std::vector<std::pair<std::string, std::string>> found;
    const AVDictionaryEntry* entry = nullptr;
    while ((entry = av_dict_get(entries_, "", entry, AV_DICT_IGNORE_SUFFIX)) != nullptr) {
      found.emplace_back(entry->key, entry->value);
    }
    return found;
  }
  // The first option that nobody took, or nullptr.
  [[nodiscard]] const char* left_over() const {
    const AVDictionaryEntry* entry = av_dict_get(entries_, "", nullptr, AV_DICT_IGNORE_SUFFIX);
    return entry == nullptr ? nullptr : entry->key;
  }

 private:
  AVDictionary* entries_ = nullptr;
};

inline Frame make_frame() {
  Frame frame(av_frame_alloc());
  if (!frame) throw std::bad_alloc();
  return frame;
}
inline Packet make_packet() {
  Packet packet(av_packet_alloc());
  if (!packet) throw std::bad_alloc();
  return packet;
}
// A second reference to the same picture or sound; frames are read-only once they have left their
// maker.
inline Frame share(const AVFrame& frame) {
  Frame copy(av_frame_clone(&frame));
  if (!copy) throw std::bad_alloc();
  return copy;
}

}  // namespace videngine::av
