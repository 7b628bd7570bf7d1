#include <string_view>

#include "av/check.h"
#include "encode/libav_encoder.h"

extern "C" {
#include <libavutil/hwcontext.h>
}

namespace videngine {
namespace {

bool has(const EngineError& error, std::string_view words) {
  for (const std::string& line : error.log) {
    if (line.find(words) != std::string::npos) return true;
  }
  return false;
}

// The words of a line of libav's log, which begins with who logged it.
std::string words(const std::string& line) {
  const std::size_t end = line.starts_with('[') ? line.find("] ") : std::string::npos;
  return end == std::string::npos ? line : line.substr(end + 2);
}

EngineError unavailable(const VideoRenditionPlan& plan, const std::vector<std::string>& log) {
  const std::string why = log.empty() ? "no NVIDIA GPU can be opened" : words(log.front());
  EngineError error(ErrorClass::EncoderUnavailable, "codec_unavailable",
                    "This machine has no " + plan.codec + ": " + why + ".", plan.id);
  error.log = log;
  return error;
}

// What the driver said, as far as libavcodec passes it on.
EngineError refusal(int code, const VideoRenditionPlan& plan) {
  EngineError error(ErrorClass::EncoderUnavailable, "encoder_init_failed",
                    plan.codec + " refused its parameters: " + av::describe(code) + ".", plan.id);
  const auto become = [&](ErrorClass kind, const char* stable_code, const std::string& message) {
    EngineError other(kind, stable_code, message, plan.id);
    other.log = error.log;
    return other;
  };
  // Drivers answer one session too many with "out of memory (10)", newer ones with "incompatible
  // client key (21)".
  if (has(error, "OpenEncodeSessionEx failed") &&
      (code == AVERROR(ENOMEM) || has(error, "(10)") || has(error, "incompatible client key"))) {
    return become(ErrorClass::DeviceError, "gpu_session_limit",
                  "The GPU has no encoder session left: try again when other encodes have ended.");
  }
  if (code == AVERROR(ENOMEM)) {
    return become(ErrorClass::DeviceError, "gpu_out_of_memory", "The GPU has too little memory.");
  }
  for (const char* sign :
       {"Cannot load", "Driver does not support", "No capable devices found", "Codec not supported",
        "OpenEncodeSessionEx failed", "CreateInstance failed", "The minimum required Nvidia"}) {
    if (has(error, sign)) return unavailable(plan, error.log);
  }
  return error;
}

// With a device of its own libavcodec passes on why the session was refused; when it looks for one
// itself, every reason becomes "no capable devices".
void open_device(Opening& opening) {
  const int code = av_hwdevice_ctx_create(&opening.context.hw_device_ctx, AV_HWDEVICE_TYPE_CUDA,
                                          nullptr, nullptr, 0);
  if (code >= 0) return;
  const EngineError error(ErrorClass::EncoderUnavailable, "codec_unavailable", "", opening.plan.id);
  throw unavailable(opening.plan, error.log);
}

void prepare(Opening& opening) {
  const VideoRenditionPlan& plan = opening.plan;
  av::Dictionary& options = opening.options;
  AVCodecContext& c = opening.context;
  open_device(opening);
  options.set("preset", plan.preset.c_str());
  options.set("rc", "vbr");
  if (plan.crf && *plan.crf > 0) {
    options.set("cq", std::to_string(*plan.crf).c_str());
  } else if (plan.crf) {
    options.set("tune", "lossless");  // a quality of 0 means "automatic" to this encoder
  }
  if (plan.pass_number > 0) {  // it looks twice at each frame itself
    c.flags &= ~(AV_CODEC_FLAG_PASS1 | AV_CODEC_FLAG_PASS2);
  }
  // Key frames stand where the segment grid wants them and nowhere else.
  options.set("forced-idr", static_cast<int64_t>(1));
  if (!options.has("no-scenecut")) options.set("no-scenecut", static_cast<int64_t>(1));
  options.set("strict_gop", static_cast<int64_t>(1));
  if (plan.codec != "av1_nvenc") options.set("a53cc", static_cast<int64_t>(0));
}

}  // namespace

const EncoderFamily kNvenc{.prepare = prepare, .refusal = refusal};

}  // namespace videngine
