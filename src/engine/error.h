#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace videngine {

// What a caller can do about a failure. Spelled as the Python classes in errors.py.
enum class ErrorClass {
  InputError,          // the source is at fault: do not retry
  EncoderUnavailable,  // this machine cannot encode that
  DeviceError,         // retry elsewhere
  ResourceError,       // disk or memory
  Cancelled,
  VidengineError,  // our own fault
};

// A failure with all that a person needs to act on it. `code` is stable and documented, `subject`
// the rendition or file it is about, `log` the last lines that libav logged before it.
class EngineError : public std::runtime_error {
 public:
  EngineError(ErrorClass what_to_do, std::string stable_code, const std::string& message,
              std::string about = {});

  ErrorClass kind;
  std::string code;
  std::string subject;
  std::vector<std::string> log;
};

}  // namespace videngine
