#pragma once

#include "av/check.h"
#include "av/handles.h"

namespace videngine::av {

// What one end of a converter looks like.
struct SoundFormat {
  const AVChannelLayout& layout;
  AVSampleFormat samples;
  int rate_hz;
};

// A converter that is not initialised yet.
inline Swr make_swr(const SoundFormat& from, const SoundFormat& to) {
  SwrContext* swr = nullptr;
  // FFmpeg 5.1 forgot that it only reads the layouts.
  const int made = swr_alloc_set_opts2(&swr, const_cast<AVChannelLayout*>(&to.layout), to.samples,
                                       to.rate_hz, const_cast<AVChannelLayout*>(&from.layout),
                                       from.samples, from.rate_hz, 0, nullptr);
  check(made, "swr_alloc_set_opts2");
  return Swr(swr);
}

}  // namespace videngine::av
