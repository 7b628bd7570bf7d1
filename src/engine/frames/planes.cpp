#include "frames/planes.h"

#include <algorithm>

#include "av/check.h"

extern "C" {
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
}

namespace videngine::frames {
namespace {

constexpr int kMostPlanes = 4;

int items_of(const AVComponentDescriptor& component) { return component.depth > 8 ? 2 : 1; }

// Whether the components of a plane lie side by side, one item each.
bool regular(const AVPixFmtDescriptor& format, int plane, int item_bytes, int components) {
  if ((format.flags & AV_PIX_FMT_FLAG_BITSTREAM) != 0) return false;
  for (int i = 0; i < format.nb_components; ++i) {
    const AVComponentDescriptor& component = format.comp[i];
    if (component.plane != plane) continue;
    const int end_bit = component.shift + component.depth;
    if (component.step != item_bytes * components || component.offset % item_bytes != 0 ||
        end_bit > 8 * item_bytes) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::vector<Plane> planes(const AVFrame& frame) {
  const auto pixel_format = static_cast<AVPixelFormat>(frame.format);
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(pixel_format);
  if (format == nullptr || (format->flags & AV_PIX_FMT_FLAG_HWACCEL) != 0) {
    throw EngineError(ErrorClass::InputError, "source_unsupported_codec",
                      "The pictures are not in memory that can be looked at.");
  }
  std::vector<Plane> result;
  const bool palette = (format->flags & AV_PIX_FMT_FLAG_PAL) != 0;
  for (int p = 0; p < kMostPlanes && frame.data[p] != nullptr && !(palette && p > 0); ++p) {
    int components = 0;
    int item_bytes = 1;
    bool chroma = false;
    for (int i = 0; i < format->nb_components; ++i) {
      if (format->comp[i].plane != p) continue;
      ++components;
      item_bytes = std::max(item_bytes, items_of(format->comp[i]));
      chroma = chroma || i == 1 || i == 2;
    }
    if (components == 0) break;
    Plane plane;
    plane.data = frame.data[p];
    if ((format->flags & AV_PIX_FMT_FLAG_FLOAT) != 0) {
      plane.kind = Plane::Kind::kFloat;
      item_bytes = format->comp[0].depth / 8;
    }
    chroma = chroma && (format->flags & AV_PIX_FMT_FLAG_RGB) == 0;
    const int rows = chroma ? AV_CEIL_RSHIFT(frame.height, format->log2_chroma_h) : frame.height;
    plane.shape = {rows, 0, components};
    plane.strides = {frame.linesize[p], int64_t{item_bytes} * components, item_bytes};
    if (regular(*format, p, item_bytes, components)) {
      plane.item_bytes = item_bytes;
      plane.big_endian = item_bytes > 1 && (format->flags & AV_PIX_FMT_FLAG_BE) != 0;
      plane.shape[1] = chroma ? AV_CEIL_RSHIFT(frame.width, format->log2_chroma_w) : frame.width;
      plane.dimensions = components > 1 ? 3 : 2;
    } else {
      plane.kind = Plane::Kind::kUnsigned;
      plane.shape[1] =
          av::check(av_image_get_linesize(pixel_format, frame.width, p), "av_image_get_linesize");
      plane.strides[1] = 1;
    }
    result.push_back(plane);
  }
  return result;
}

}  // namespace videngine::frames
