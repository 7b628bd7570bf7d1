#include "error.h"

#include "av/log.h"

namespace videngine {

EngineError::EngineError(ErrorClass what_to_do, std::string stable_code, const std::string& message,
                         std::string about)
    : std::runtime_error(message),
      kind(what_to_do),
      code(std::move(stable_code)),
      subject(std::move(about)),
      log(av::recent_log_lines()) {}

}  // namespace videngine
