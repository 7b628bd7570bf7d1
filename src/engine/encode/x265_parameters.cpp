#include "encode/x265_parameters.h"

#include <algorithm>
#include <array>
#include <new>
#include <string>
#include <string_view>

#include "av/check.h"
#include "error.h"

namespace videngine {
namespace {

constexpr std::array<std::string_view, 5> kKnown{"preset", "crf", "profile", "forced-idr",
                                                 "x265-params"};

[[noreturn]] void refuse(const std::string& id, const std::string& message) {
  throw EngineError(ErrorClass::EncoderUnavailable, "encoder_init_failed", message, id);
}

// Code points of "unspecified" are not written.
void set_colour(x265_param& p, const AVCodecContext& c) {
  p.vui.bEnableVideoSignalTypePresentFlag = 1;
  p.vui.bEnableVideoFullRangeFlag = c.color_range == AVCOL_RANGE_JPEG ? 1 : 0;
  p.vui.bEnableColorDescriptionPresentFlag = c.color_primaries != AVCOL_PRI_UNSPECIFIED ||
                                                     c.color_trc != AVCOL_TRC_UNSPECIFIED ||
                                                     c.colorspace != AVCOL_SPC_UNSPECIFIED
                                                 ? 1
                                                 : 0;
  if (p.vui.bEnableColorDescriptionPresentFlag != 0) {
    p.vui.colorPrimaries = c.color_primaries;
    p.vui.transferCharacteristics = c.color_trc;
    p.vui.matrixCoeffs = c.colorspace;
    if (c.color_trc == AVCOL_TRC_ARIB_STD_B67) p.preferredTransferCharacteristics = c.color_trc;
  }
  if (c.chroma_sample_location != AVCHROMA_LOC_UNSPECIFIED) {
    p.vui.bEnableChromaLocInfoPresentFlag = 1;
    p.vui.chromaSampleLocTypeTopField = p.vui.chromaSampleLocTypeBottomField =
        c.chroma_sample_location - 1;
  }
}

void set_picture(x265_param& p, const AVCodecContext& c) {
  p.sourceWidth = c.width;
  p.sourceHeight = c.height;
  p.internalCsp = X265_CSP_I420;
  p.fpsNum = static_cast<uint32_t>(c.framerate.num);
  p.fpsDenom = static_cast<uint32_t>(c.framerate.den);
  set_colour(p, c);
}

void set_rate(x265_param& p, const AVCodecContext& c) {
  constexpr int kKilo = 1000;
  if (c.bit_rate > 0) {
    p.rc.bitrate = static_cast<int>(c.bit_rate / kKilo);
    p.rc.rateControlMode = X265_RC_ABR;
  }
  p.rc.vbvMaxBitrate = static_cast<int>(c.rc_max_rate / kKilo);
  p.rc.vbvBufferSize = c.rc_buffer_size / kKilo;
  p.keyframeMax = c.gop_size;
  p.keyframeMin = c.keyint_min;
  p.bOpenGOP = 0;
  p.bRepeatHeaders = 0;
  p.bEnablePsnr = 0;
  p.frameNumThreads = c.thread_count;
}

}  // namespace

x265::Parameters x265_parameters(const x265_api& api, const AVCodecContext& context,
                                 const av::Dictionary& options, const std::string& id) {
  x265::Parameters parameters(api.param_alloc(), api.param_free);
  if (!parameters) throw std::bad_alloc();
  x265_param& p = *parameters;
  api.param_default(&p);  // what it gives is not set: it could not even be freed
  for (const auto& [name, _] : options.entries()) {
    if (std::ranges::find(kKnown, name) == kKnown.end()) {
      refuse(id, "libx265 does not know the option " + name + ".");
    }
  }
  const std::string preset = options.get("preset");
  if (api.param_default_preset(&p, preset.c_str(), nullptr) < 0) {
    refuse(id, "libx265 has no preset " + preset + ".");
  }
  set_picture(p, context);
  set_rate(p, context);
  const auto parse = [&](const std::string& name, const std::string& value) {
    if (api.param_parse(&p, name.c_str(), value.c_str()) != 0) {
      refuse(id, "libx265 does not take " + name + "=" + value + ".");
    }
  };
  const auto [sar_num, sar_den] = context.sample_aspect_ratio;
  if (sar_num > 0) parse("sar", std::to_string(sar_num) + ":" + std::to_string(sar_den));
  if (options.has("crf")) parse("crf", options.get("crf"));
  av::Dictionary own;
  const std::string joined = options.get("x265-params");
  av::check(av_dict_parse_string(own.address(), joined.c_str(), "=", ":", 0),
            "av_dict_parse_string(x265-params)", id, ErrorClass::EncoderUnavailable,
            "encoder_init_failed");
  for (const auto& [name, value] : own.entries()) parse(name, value);
  const std::string profile = options.get("profile");
  if (!profile.empty() && api.param_apply_profile(&p, profile.c_str()) < 0) {
    refuse(id, "libx265 cannot make the profile " + profile + " of this.");
  }
  return parameters;
}

}  // namespace videngine
