#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rational.h"

namespace videngine {

// A source's packets in another container; nothing is encoded.
struct RepackPlan {
  std::string source_path;
  std::string target;
  std::string container;     // libavformat's name of the muxer: mp4, mov, matroska, webm, mpegts
  std::vector<int> streams;  // of the source, in the order that they are to have
  bool metadata = true;      // titles, tags and chapters; languages of tracks stay in any case
  Rational start_s;          // from the source's origin
  std::optional<Rational> duration_s;
};

// Writes the target; the moov of an MP4 comes first. A picture can begin only with a key frame: the
// cut is at the last one at or before start_s, and everything ends where start_s + duration_s is
// reached in decoding order. Returns where the target begins and how long it is.
// Throws what Input throws, InputError range_outside_source, ResourceError disk_full,
// VidengineError packaging_failed.
std::pair<Rational, Rational> repack(const RepackPlan& plan);

}  // namespace videngine
