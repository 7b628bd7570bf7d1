#include "av/check.h"

#include <array>
#include <cerrno>

extern "C" {
#include <libavutil/error.h>
}

namespace videngine::av {

std::string describe(int code) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  av_strerror(code, text.data(), text.size());
  return text.data();
}

int check(int code, std::string_view operation, std::string_view subject, ErrorClass kind,
          std::string_view error_code) {
  if (code >= 0) return code;
  if (code == AVERROR(ENOSPC) || code == AVERROR(EDQUOT)) {
    throw EngineError(ErrorClass::ResourceError, "disk_full",
                      "There is no space left for the job's working files.", std::string(subject));
  }
  if (code == AVERROR(ENOMEM)) {
    throw EngineError(ErrorClass::ResourceError, "out_of_memory",
                      std::string(operation) + " could not get memory.", std::string(subject));
  }
  throw EngineError(kind, std::string(error_code),
                    std::string(operation) + " failed: " + describe(code) + ".",
                    std::string(subject));
}

}  // namespace videngine::av
