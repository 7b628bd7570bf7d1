#include "filter/tonemap.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "filter/frame_pool.h"

namespace videngine {
namespace {

// 16 steps between two of the 876 codes from black to white.
constexpr int kStepsPerCode = 16;
constexpr int kCodedSteps = 876 * kStepsPerCode;
constexpr int kRootSteps = 16384;
constexpr int kLightSteps = 8192;
constexpr float kSmallest = 1e-12F;

std::vector<float> sampled(int steps, const auto& function) {
  std::vector<float> table(static_cast<std::size_t>(steps) + 1);
  for (int i = 0; i <= steps; ++i) {
    table[static_cast<std::size_t>(i)] = static_cast<float>(function(i / double(steps)));
  }
  return table;
}

// An 8x8 Bayer matrix, 1/128 to 127/128: added before rounding down it keeps the mean of every
// flat patch, and gradients free of steps.
constexpr auto kDither = [] {
  std::array<std::array<float, 8>, 8> matrix{};
  for (unsigned y = 0; y < 8; ++y) {
    for (unsigned x = 0; x < 8; ++x) {
      unsigned value = 0;
      for (unsigned bit = 0; bit < 3; ++bit) {
        const unsigned xy = ((x ^ y) >> bit) & 1U;
        value |= (xy << (5 - 2 * bit)) | (((y >> bit) & 1U) << (4 - 2 * bit));
      }
      matrix[y][x] = (2.0F * static_cast<float>(value) + 1) / 128;
    }
  }
  return matrix;
}();

// One row of the picture on its way, one array for each channel. The loops over it are plain and
// their pointers apart (`__restrict`), so that compilers make vectors of them.
struct Row {
  float* red;
  float* green;
  float* blue;
};

float at_least(float value, float low) { return value > low ? value : low; }
float at_most(float value, float high) { return value < high ? value : high; }

float look_up(const std::vector<float>& table, float position) {
  const float next = position + 0.5F;  // std::lround is a call
  return table[static_cast<std::size_t>(static_cast<int>(next))];
}

// Cb or Cr for every pixel of a luma row: chroma lies to the left of each second pixel, and in the
// middle between two rows, so a row is a quarter from the one beside it.
void spread_chroma(const uint16_t* near, const uint16_t* far, int width_px, float* out) {
  const int chroma_px = width_px / 2;
  const auto value = [&](int x) {
    return 0.75F * static_cast<float>(near[x]) + 0.25F * static_cast<float>(far[x]) - 512;
  };
  for (int x = 0; x < chroma_px; ++x) out[static_cast<std::ptrdiff_t>(2) * x] = value(x);
  for (int x = 1; x + 1 < width_px; x += 2) out[x] = 0.5F * (out[x - 1] + out[x + 1]);
  out[width_px - 1] = out[width_px - 2];
}

// Y'CbCr → linear light, 1 being 10 000 nits.
void to_light(const TonemapTables& t, const uint16_t* luma, const float* cb, const float* cr,
              int width_px, const Row& row) {
  float* __restrict red = row.red;
  float* __restrict green = row.green;
  float* __restrict blue = row.blue;
  const float red_of_cr = t.red_of_cr;
  const float green_of_cb = t.green_of_cb;
  const float green_of_cr = t.green_of_cr;
  const float blue_of_cb = t.blue_of_cb;
  const auto limited = [](float value) {
    return at_most(at_least(value, 0), static_cast<float>(kCodedSteps));
  };
  for (int x = 0; x < width_px; ++x) {
    const float y = kStepsPerCode * (static_cast<float>(luma[x]) - 64);
    const float blue_difference = cb[x];
    const float red_difference = cr[x];
    red[x] = limited(y + red_of_cr * red_difference);
    green[x] = limited(y + green_of_cb * blue_difference + green_of_cr * red_difference);
    blue[x] = limited(y + blue_of_cb * blue_difference);
  }
  for (float* channel : {red, green, blue}) {
    for (int x = 0; x < width_px; ++x) channel[x] = look_up(t.light, channel[x]);
  }
  if (t.ootf.empty()) return;
  for (int x = 0; x < width_px; ++x) {
    const float luminance =
        t.luminance[0] * red[x] + t.luminance[1] * green[x] + t.luminance[2] * blue[x];
    const float factor = look_up(t.ootf, kRootSteps * at_most(std::sqrt(std::sqrt(luminance)), 1));
    red[x] *= factor;
    green[x] *= factor;
    blue[x] *= factor;
  }
}

// BT.709's luma, or luminance.
float weighted(float red, float green, float blue) {
  return green + 0.2126F * (red - green) + 0.0722F * (blue - green);
}

// Linear light of HDR → linear light of BT.709, 0 to 1. The tone curve acts on the largest of the
// three, which keeps hue and saturation; colours outside of BT.709 lose saturation, towards the
// grey of their own luminance, until they are inside.
void to_sdr(const TonemapTables& t, int width_px, const Row& row) {
  float* __restrict red = row.red;
  float* __restrict green = row.green;
  float* __restrict blue = row.blue;
  for (int x = 0; x < width_px; ++x) {
    const float largest = at_least(red[x], at_least(green[x], blue[x]));
    const float factor = look_up(t.gain, kRootSteps * at_most(std::sqrt(std::sqrt(largest)), 1));
    red[x] *= factor;
    green[x] *= factor;
    blue[x] *= factor;
  }
  const std::array<float, 9> m = t.to_709;
  for (int x = 0; x < width_px; ++x) {
    // Rows of the matrix sum to 1; written with differences, greys stay grey to the last bit.
    const float from_red = red[x] - green[x];
    const float from_blue = blue[x] - green[x];
    const float r = green[x] + m[0] * from_red + m[2] * from_blue;
    const float g = green[x] + m[3] * from_red + m[5] * from_blue;
    const float b = green[x] + m[6] * from_red + m[8] * from_blue;
    const float grey = at_most(weighted(r, g, b), 1);
    const float lowest = at_most(r, at_most(g, b));
    const float highest = at_least(r, at_least(g, b));
    const float up = grey / at_least(grey - lowest, kSmallest);
    const float down = (1 - grey) / at_least(highest - grey, kSmallest);
    const float kept = at_most(at_most(up, down), 1);
    red[x] = at_most(at_least(grey + kept * (r - grey), 0), 1);
    green[x] = at_most(at_least(grey + kept * (g - grey), 0), 1);
    blue[x] = at_most(at_least(grey + kept * (b - grey), 0), 1);
  }
}

// Linear light → luma, written; and B' - Y', R' - Y' in the places of blue and red.
void to_luma(const TonemapTables& t, int width_px, const Row& row,
             const std::array<float, 8>& dither, uint8_t* __restrict out) {
  float* __restrict red = row.red;
  float* __restrict green = row.green;
  float* __restrict blue = row.blue;
  for (float* channel : {red, green, blue}) {
    for (int x = 0; x < width_px; ++x) {
      channel[x] = look_up(t.coded, kLightSteps * std::sqrt(channel[x]));
    }
  }
  for (int x = 0; x < width_px; ++x) {
    const float y = weighted(red[x], green[x], blue[x]);
    blue[x] -= y;
    red[x] -= y;
    out[x] = static_cast<uint8_t>(16 + 219 * y + dither[x % 8]);
  }
}

// The differences of two rows → one row of chroma, lying to the left.
void to_chroma(const float* upper, const float* lower, float scale, int width_px,
               const std::array<float, 8>& dither, uint8_t* out) {
  const auto both = [&](int x) { return upper[x] + lower[x]; };
  for (int x = 0; x < width_px; x += 2) {
    const float sum = both(std::max(x - 1, 0)) + 2 * both(x) + both(x + 1);
    out[x / 2] = static_cast<uint8_t>(128 + scale * sum + dither[x / 2 % 8]);
  }
}

}  // namespace

TonemapTables::TonemapTables(const HdrFormat& format) {
  const auto [red, green, blue] = format.luma_weights;
  // A code of chroma is 1/896, of luma 1/876 of the range.
  const double chroma = kCodedSteps / 896.0;
  red_of_cr = static_cast<float>(chroma * 2 * (1 - red));
  blue_of_cb = static_cast<float>(chroma * 2 * (1 - blue));
  green_of_cr = static_cast<float>(-chroma * 2 * (1 - red) * red / green);
  green_of_cb = static_cast<float>(-chroma * 2 * (1 - blue) * blue / green);

  const bool hlg = format.transfer == HdrTransfer::kHlg;
  light = sampled(kCodedSteps, [&](double value) {
    return hlg ? hlg_to_scene(value) : pq_to_nits(value) / kPqPeakNits;
  });
  if (hlg) {
    ootf = sampled(kRootSteps, [](double root) {
      return std::pow(std::pow(root, 4), kHlgGamma - 1) * kHlgPeakNits / kPqPeakNits;
    });
  }
  gain = sampled(kRootSteps, [&](double root) {
    const double nits = std::max(kPqPeakNits * std::pow(root, 4), 1e-3);
    return tone_curve(nits, format.peak_nits) * kPqPeakNits / nits;
  });
  coded = sampled(kLightSteps, [](double root) { return sdr_to_coded(root * root); });

  const Matrix matrix = conversion(format.primaries, kBt709);
  const std::array<double, 3> weights = luminance_weights(format.primaries);
  for (std::size_t i = 0; i < 3; ++i) {
    luminance[i] = static_cast<float>(weights[i]);
    for (std::size_t j = 0; j < 3; ++j) to_709[3 * i + j] = static_cast<float>(matrix[i][j]);
  }
}

void tonemap(const TonemapTables& tables, const Planes<const uint16_t>& input,
             const Planes<uint8_t>& output, int width_px, int height_px,
             std::vector<float>& scratch) {
  const auto width = static_cast<std::size_t>(width_px);
  scratch.resize(8 * width);
  const std::array<Row, 2> rows{
      Row{scratch.data(), scratch.data() + width, scratch.data() + 2 * width},
      Row{scratch.data() + 3 * width, scratch.data() + 4 * width, scratch.data() + 5 * width}};
  const std::array<float*, 2> differences{scratch.data() + 6 * width, scratch.data() + 7 * width};
  const int chroma_rows = height_px / 2;
  for (int j = 0; j < chroma_rows; ++j) {
    for (int half = 0; half < 2; ++half) {
      const int beside = std::clamp(half == 0 ? j - 1 : j + 1, 0, chroma_rows - 1);
      for (std::size_t plane = 1; plane < 3; ++plane) {
        spread_chroma(input.data[plane] + j * input.stride[plane],
                      input.data[plane] + beside * input.stride[plane], width_px,
                      differences[plane - 1]);
      }
      const std::ptrdiff_t y = 2 * static_cast<std::ptrdiff_t>(j) + half;
      const Row& row = rows[static_cast<std::size_t>(half)];
      to_light(tables, input.data[0] + y * input.stride[0], differences[0], differences[1],
               width_px, row);
      to_sdr(tables, width_px, row);
      to_luma(tables, width_px, row, kDither[static_cast<std::size_t>(y) % 8],
              output.data[0] + y * output.stride[0]);
    }
    // Eight pixels a sample, weighted 1 2 1 across; 1.8556 and 1.5748 are BT.709's.
    const auto& dither = kDither[static_cast<std::size_t>(j) % 8];
    to_chroma(rows[0].blue, rows[1].blue, 224 / (8 * 1.8556F), width_px, dither,
              output.data[1] + j * output.stride[1]);
    to_chroma(rows[0].red, rows[1].red, 224 / (8 * 1.5748F), width_px, dither,
              output.data[2] + j * output.stride[2]);
  }
}

namespace {

Primaries primaries_of(AVColorPrimaries tag) {
  switch (tag) {
    case AVCOL_PRI_BT709:
      return kBt709;
    case AVCOL_PRI_SMPTE432:
      return kDisplayP3;
    default:
      return kBt2020;
  }
}

std::array<double, 3> luma_weights_of(AVColorSpace tag) {
  switch (tag) {
    case AVCOL_SPC_BT709:
      return {0.2126, 0.7152, 0.0722};
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
      return {0.299, 0.587, 0.114};
    default:
      return {0.2627, 0.6780, 0.0593};
  }
}

}  // namespace

struct Tonemapper::State {
  HdrFormat format;
  AVColorPrimaries primaries = AVCOL_PRI_UNSPECIFIED;  // what the tables were made for
  AVColorSpace matrix = AVCOL_SPC_UNSPECIFIED;
  std::optional<TonemapTables> tables;
  std::optional<FramePool> pool;
  int width_px = 0;
  int height_px = 0;
  std::vector<float> scratch;
};

Tonemapper::Tonemapper(const TonemapPlan& plan) : state_(std::make_unique<State>()) {
  state_->format.transfer = plan.transfer == "hlg" ? HdrTransfer::kHlg : HdrTransfer::kPq;
  state_->format.peak_nits = plan.peak_nits;
}

Tonemapper::~Tonemapper() = default;

av::Frame Tonemapper::apply(const AVFrame& frame) {
  State& s = *state_;
  if (!s.tables || s.primaries != frame.color_primaries || s.matrix != frame.colorspace) {
    s.primaries = frame.color_primaries;
    s.matrix = frame.colorspace;
    s.format.primaries = primaries_of(frame.color_primaries);
    s.format.luma_weights = luma_weights_of(frame.colorspace);
    s.tables.emplace(s.format);
  }
  if (!s.pool || s.width_px != frame.width || s.height_px != frame.height) {
    s.width_px = frame.width;
    s.height_px = frame.height;
    s.pool.emplace(frame.width, frame.height, AV_PIX_FMT_YUV420P);
  }
  av::Frame output = s.pool->get();
  output->pts = frame.pts;
  output->sample_aspect_ratio = frame.sample_aspect_ratio;
  output->color_primaries = AVCOL_PRI_BT709;
  output->color_trc = AVCOL_TRC_BT709;
  output->colorspace = AVCOL_SPC_BT709;
  output->color_range = AVCOL_RANGE_MPEG;
  output->chroma_location = AVCHROMA_LOC_LEFT;
  Planes<const uint16_t> from{};
  Planes<uint8_t> to{};
  for (std::size_t i = 0; i < 3; ++i) {
    from.data[i] = reinterpret_cast<const uint16_t*>(frame.data[i]);
    from.stride[i] = frame.linesize[i] / static_cast<int>(sizeof(uint16_t));
    to.data[i] = output->data[i];
    to.stride[i] = output->linesize[i];
  }
  tonemap(*s.tables, from, to, frame.width, frame.height, s.scratch);
  return output;
}

}  // namespace videngine
