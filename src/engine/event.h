#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "error.h"
#include "rational.h"

namespace videngine {

// How far the slowest rendition has come.
struct Progress {
  double time_s = 0;   // of the source, from the start of the work
  int64_t frames = 0;  // decoded
  double fps = 0;      // decoded frames per second of wall time
};

// One file is complete on disk. `codec_string` is RFC 6381's, empty for images.
struct RenditionFinished {
  std::string id;
  std::string kind;  // video, audio, still, gif, thumbnails, text
  std::string path;
  int64_t size_bytes = 0;
  int64_t frames = 0;
  Rational duration_s;
  std::string codec_string;
  std::vector<std::string> captions = {};  // channels that a picture carries: CC1, SERVICE1
  std::vector<double> chunk_cpu_s = {};    // of chunks that were encoded beside each other
};

// How loud a sound is: by EBU R128, with true peaks by ITU-R BS.1770.
struct LoudnessMeasured {
  std::string id;
  double integrated_lufs = 0;  // -70: silence
  double range_lu = 0;
  double true_peak_dbtp = 0;
};

// One rendition is given up: its encoder or its file failed. The others go on.
struct RenditionFailed {
  std::string id;
  EngineError error;
};

// Something a person may want to know that did not stop the work.
struct Warning {
  std::string code;
  std::string message;
};

// All renditions are complete or given up. `decodes` counts the decoders of pictures that were
// opened, `encodes` the video encoders.
struct Finished {
  int64_t frames = 0;
  int decodes = 0;
  int encodes = 0;
};

using Event =
    std::variant<Progress, RenditionFinished, LoudnessMeasured, RenditionFailed, Warning, Finished>;

}  // namespace videngine
