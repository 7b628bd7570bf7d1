#include "frames/stream_choice.h"

#include <charconv>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include "error.h"

namespace videngine::frames {
namespace {

struct Kind {
  std::string_view letter;
  std::string_view name;
};

Kind kind_of(AVMediaType type) {
  return type == AVMEDIA_TYPE_AUDIO ? Kind{"a:", "sound"} : Kind{"v:", "pictures"};
}

}  // namespace

int choose_stream(const AVFormatContext& context, const std::string& choice, AVMediaType type) {
  const Kind kind = kind_of(type);
  const bool of_kind = choice.starts_with(kind.letter);
  const std::string_view digits = std::string_view(choice).substr(of_kind ? 2 : 0);
  unsigned wanted = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), wanted);
  if (error != std::errc() || end != digits.end()) {
    throw std::invalid_argument("there is no stream \"" + choice + "\": name one as \"" +
                                std::string(kind.letter) + "0\" (the first of the " +
                                std::string(kind.name) + ") or \"0\"");
  }
  unsigned found = 0;
  for (unsigned i = 0; i < context.nb_streams; ++i) {
    const AVStream& stream = *context.streams[i];
    if (stream.codecpar->codec_type != type) continue;
    if (!of_kind && i == wanted) return static_cast<int>(i);
    if ((stream.disposition & AV_DISPOSITION_ATTACHED_PIC) != 0) continue;
    if (of_kind && found == wanted) return static_cast<int>(i);
    ++found;
  }
  throw EngineError(ErrorClass::InputError, "source_no_streams",
                    "The source has no " + std::string(kind.name) + " as stream \"" + choice +
                        "\": it has " + std::to_string(context.nb_streams) + " streams, " +
                        std::to_string(found) + " of them with " + std::string(kind.name) + ".");
}

}  // namespace videngine::frames
