#pragma once

#include <string>

#include "av/check.h"
#include "av/handles.h"

namespace videngine {

// Sends one frame (nullptr drains) to an encoder and gives every packet that is ready to `take`.
template <typename Take>
void encode_with(AVCodecContext& context, const AVFrame* frame, const std::string& subject,
                 const Take& take) {
  av::check(avcodec_send_frame(&context, frame), "avcodec_send_frame", subject);
  while (true) {
    av::Packet packet = av::make_packet();
    const int got = avcodec_receive_packet(&context, packet.get());
    if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return;
    av::check(got, "avcodec_receive_packet", subject);
    take(std::move(packet));
  }
}

}  // namespace videngine
