#pragma once

#include "av/handles.h"
#include "encode/x265_api.h"

namespace videngine {

// The parameters that libavcodec's wrapper would give libx265 for a context and its options
// ("preset", "crf", "profile", "x265-params"). Throws EncoderUnavailable: encoder_init_failed.
x265::Parameters x265_parameters(const x265_api& api, const AVCodecContext& context,
                                 const av::Dictionary& options, const std::string& id);

}  // namespace videngine
