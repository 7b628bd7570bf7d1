#pragma once

#include "av/handles.h"

namespace videngine::av {

// Whether a decoder that begins with this packet knows all that later packets lean on, but for
// pictures that are shown before it. Containers also mark as key frames where a decoder may begin
// to recover: in H.264 only IDR pictures make it forget what came before (ITU-T H.264, 7.4.1.2.4).
bool refreshes(const AVPacket& packet, const AVCodecParameters& stream);

}  // namespace videngine::av
