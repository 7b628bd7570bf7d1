#pragma once

#include <string>

#include "av/handles.h"

namespace videngine {

// The CODECS value of an opened encoder by RFC 6381, such as avc1.64001f or mp4a.40.2. H.264 and
// HEVC: ISO/IEC 14496-15 annex E; AAC: ISO/IEC 14496-3; AV1 and VP9: their ISOBMFF bindings. Empty
// where none is defined.
std::string codec_string(const AVCodecContext& encoder);

}  // namespace videngine
