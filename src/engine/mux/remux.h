#pragma once

#include <string>
#include <vector>

#include "mux/timed_text.h"
#include "rational.h"

namespace videngine {

// Puts finished track files into one file without encoding anything. Every track's first packet
// becomes time 0. All throw ResourceError disk_full, VidengineError packaging_failed.

// One progressive file with its index first: WebM where `target` ends in .webm, else MP4, which
// alone takes `texts`. `languages` go with `tracks`, "" for none.
void remux_file(const std::vector<std::string>& tracks, const std::vector<std::string>& languages,
                const std::vector<TextTrack>& texts, const std::string& target);

// MPEG-TS segments, cut at key frames on the segment grid, and an HLS media playlist of them.
// `segment_pattern` is a printf pattern in `folder`, e.g. segment_%d.ts. Returns the timestamp of
// the first picture, or sound if there is none, in 1/90000 s.
int64_t remux_ts(const std::vector<std::string>& tracks, const std::string& folder,
                 Rational segment_s, const std::string& playlist,
                 const std::string& segment_pattern);

}  // namespace videngine
