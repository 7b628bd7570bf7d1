#pragma once

#include "av/handles.h"

namespace videngine {

// The 256 colours that show a number of pictures best. Pictures are RGB32. Owns its graph; not
// thread-safe.
class PaletteMaker {
 public:
  PaletteMaker(int width_px, int height_px);

  void add(const AVFrame& picture);
  // The palette of all that was added: a picture of 16 by 16 colours. Nothing can be added then.
  av::Frame finish();

 private:
  av::FilterGraph graph_;
  AVFilterContext* in_ = nullptr;  // both belong to graph_
  AVFilterContext* out_ = nullptr;
};

// Shows RGB32 pictures in the colours of a palette, as PAL8. Owns its graph; not thread-safe.
class PaletteUser {
 public:
  PaletteUser(int width_px, int height_px, const AVFrame& palette);

  av::Frame apply(const AVFrame& picture);

 private:
  av::FilterGraph graph_;
  AVFilterContext* in_ = nullptr;  // both belong to graph_
  AVFilterContext* out_ = nullptr;
  int64_t number_ = 0;
};

}  // namespace videngine
