#include "mux/muxer.h"

#include <new>
#include <utility>

#include "av/check.h"

namespace videngine {

Muxer::Muxer(std::string id, const std::string& path, const char* format) : id_(std::move(id)) {
  AVFormatContext* context = nullptr;
  av::check(avformat_alloc_output_context2(&context, nullptr, format, path.c_str()),
            "avformat_alloc_output_context2", id_);
  context_.reset(context);
  // Encoder versions in the file would make equal inputs give unequal outputs.
  context->flags |= AVFMT_FLAG_BITEXACT;
  check("avio_open", avio_open(&context->pb, path.c_str(), AVIO_FLAG_WRITE));
}

// libavformat reports some failures of its sink by the return code, some only in pb->error.
void Muxer::check(const char* operation, int code) {
  av::check(code, operation, id_);
  if (context_->pb != nullptr) av::check(context_->pb->error, operation, id_);
}

AVStream& Muxer::add_stream(const AVCodecContext& encoder) {
  AVStream* stream = avformat_new_stream(context_.get(), nullptr);
  if (stream == nullptr) throw std::bad_alloc();
  check("avcodec_parameters_from_context",
        avcodec_parameters_from_context(stream->codecpar, &encoder));
  stream->time_base = encoder.time_base;
  return *stream;
}

void Muxer::write_header(av::Dictionary& options) {
  check("avformat_write_header", avformat_write_header(context_.get(), options.address()));
}

void Muxer::write(av::Packet packet, int stream, AVRational time_base) {
  packet->stream_index = stream;
  av_packet_rescale_ts(packet.get(), time_base, context_->streams[stream]->time_base);
  check("av_write_frame", av_write_frame(context_.get(), packet.get()));
}

void Muxer::flush() { check("av_write_frame(flush)", av_write_frame(context_.get(), nullptr)); }

int64_t Muxer::finish() {
  check("av_write_trailer", av_write_trailer(context_.get()));
  avio_flush(context_->pb);
  check("avio_flush", 0);
  const int64_t size_bytes = avio_size(context_->pb);
  check("avio_close", avio_closep(&context_->pb));
  return size_bytes;
}

}  // namespace videngine
