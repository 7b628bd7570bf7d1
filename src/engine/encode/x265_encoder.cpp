#include "encode/x265_encoder.h"

#include <cstring>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <utility>

extern "C" {
#include <libavutil/mem.h>
#include <libavutil/pixdesc.h>
}

#include "av/check.h"
#include "encode/hevc_analysis.h"
#include "encode/libav_encoder.h"
#include "encode/x265_parameters.h"
#include "error.h"

namespace videngine {
namespace {

// All that libx265 finds out; less cannot be scaled, refined, or do without a look-ahead.
constexpr int kReuseLevel = 10;
constexpr int kScaleFactor = 2;
// More than frame threads and a miniature GOP add to what an encoder's look-ahead swallows before
// the first picture comes out: a reader that waited earlier would wait for ever.
constexpr std::size_t kDelaySlack = 24;

int depth_of(const AVCodecContext& context) {
  return av_pix_fmt_desc_get(context.pix_fmt)->comp[0].depth;
}

const x265_api* find_api(const AVCodecContext& context, const std::string& id) {
  const x265_api* api = x265_api_get(depth_of(context));
  if (api != nullptr && api->sizeof_analysis_data == sizeof(x265_analysis_data)) return api;
  throw EngineError(ErrorClass::EncoderUnavailable, "encoder_init_failed",
                    "This build of libx265 does not encode " + std::to_string(depth_of(context)) +
                        " bits a sample.",
                    id);
}

// Whole blocks of the smallest size are coded, and decoders cut off what is over. libx265 extends
// the smaller picture by itself; the larger one must be extended by the same part.
int padding(int size_px, const x265_param& parameters) {
  const int smallest = static_cast<int>(parameters.minCUSize);
  return kScaleFactor * ((smallest - size_px / kScaleFactor % smallest) % smallest);
}

bool is_random_access(const x265_nal& unit) {
  return unit.type >= NAL_UNIT_CODED_SLICE_BLA_W_LP && unit.type <= NAL_UNIT_CODED_SLICE_CRA;
}

}  // namespace

X265Encoder::X265Encoder(const VideoRenditionPlan& plan, Rational frame_rate, const AVFrame& like,
                         AnalysisLinks links)
    : id_(plan.id),
      links_(std::move(links)),
      context_(make_context(plan, frame_rate, like)),
      parameters_(nullptr, nullptr),
      encoder_(nullptr, nullptr) {
  api_ = find_api(*context_, id_);
  av::Dictionary options;
  for (const auto& [name, value] : plan.options) options.set(name.c_str(), value.c_str());
  Opening opening{plan, like, *context_, options};
  kX265.prepare(opening);
  parameters_ = x265_parameters(*api_, *context_, options, id_);
  link(*parameters_);
  const int delay = parameters_->lookaheadDepth + 2 * parameters_->bframes;
  most_held_ = static_cast<std::size_t>(delay) + kDelaySlack;
  {
    const std::scoped_lock one_at_a_time(opening_lock());
    encoder_ = x265::Encoder(api_->encoder_open(parameters_.get()), api_->encoder_close);
  }
  if (!encoder_) {
    throw EngineError(ErrorClass::EncoderUnavailable, "encoder_init_failed",
                      "libx265 refuses the parameters.", id_);
  }
  context_->has_b_frames = parameters_->bframes == 0 ? 0 : (parameters_->bBPyramid != 0 ? 2 : 1);
  read_headers();
}

// The names stand for files that are not used; what has none is off.
void X265Encoder::link(x265_param& parameters) const {
  parameters.bUseAnalysisFile = 0;
  parameters.bDisableLookahead = 1;  // of the encoder that reads; the other one keeps the costs
  if (!links_.writes.empty()) {
    x265::set_text(parameters.analysisSave, "analysis");
    parameters.analysisSaveReuseLevel = kReuseLevel;
  }
  if (links_.reads) {
    x265::set_text(parameters.analysisLoad, "analysis");
    parameters.analysisLoadReuseLevel = kReuseLevel;
    parameters.scaleFactor = kScaleFactor;
    parameters.confWinRightOffset = padding(parameters.sourceWidth, parameters);
    parameters.confWinBottomOffset = padding(parameters.sourceHeight, parameters);
  }
}

void X265Encoder::read_headers() {
  x265_nal* units = nullptr;
  uint32_t count = 0;
  if (api_->encoder_headers(encoder_.get(), &units, &count) < 0) fail("libx265 has no headers.");
  std::size_t size = 0;
  for (const x265_nal& unit : std::span(units, count)) size += unit.sizeBytes;
  auto* bytes = static_cast<uint8_t*>(av_mallocz(size + AV_INPUT_BUFFER_PADDING_SIZE));
  if (bytes == nullptr) throw std::bad_alloc();
  context_->extradata = bytes;
  context_->extradata_size = static_cast<int>(size);
  for (const x265_nal& unit : std::span(units, count)) {
    std::memcpy(bytes, unit.payload, unit.sizeBytes);
    bytes += unit.sizeBytes;
  }
}

void X265Encoder::encode(const AVFrame* frame, bool key, const Take& take) {
  if (!links_.reads) {
    if (frame == nullptr) {
      while (call(nullptr, take)) {
      }
      return;
    }
    x265_picture in = picture(*frame, key);
    call(&in, take);
    return;
  }
  if (frame != nullptr) held_.emplace(frames_++, Held{av::share(*frame), key});
  code_held(frame == nullptr ? 0 : most_held_, take);
  if (frame == nullptr) {
    while (call(nullptr, take)) {
    }
  }
}

void X265Encoder::code_held(std::size_t most, const Take& take) {
  while (!held_.empty()) {
    const bool wait = held_.size() > most;
    if (!next_) {
      std::optional<std::shared_ptr<const HevcAnalysis>> found =
          wait ? links_.reads->pop() : links_.reads->try_pop();
      if (found) next_ = std::move(*found);
    }
    const bool here = next_ && held_.contains(next_->picture());
    if (!here && !wait) return;
    if (!here) fail("The rendition whose analysis this one is made from has ended early.");
    code(*std::exchange(next_, nullptr), take);
  }
}

void X265Encoder::code(const HevcAnalysis& analysis, const Take& take) {
  const Held held = std::move(held_.extract(analysis.picture()).mapped());
  if (held.key != analysis.is_idr()) {
    fail("Key frames differ from those of the rendition whose analysis this one is made from.");
  }
  x265_picture in = picture(*held.frame, held.key);
  in.analysisData = analysis.data();
  call(&in, take);
}

x265_picture X265Encoder::picture(const AVFrame& frame, bool key) const {
  x265_picture in{};
  api_->picture_init(parameters_.get(), &in);
  for (int plane = 0; plane < 3; ++plane) {
    in.planes[plane] = frame.data[plane];
    in.stride[plane] = frame.linesize[plane];
  }
  in.bitDepth = depth_of(*context_);
  in.pts = frame.pts;
  in.sliceType = key ? X265_TYPE_IDR : X265_TYPE_AUTO;
  return in;
}

bool X265Encoder::call(x265_picture* in, const Take& take) {
  x265_nal* units = nullptr;
  uint32_t count = 0;
  x265_picture out{};
  const int coded = api_->encoder_encode(encoder_.get(), &units, &count, in, &out);
  if (coded < 0) fail("libx265 failed.");
  if (coded == 0) return false;
  std::size_t size = 0;
  for (const x265_nal& unit : std::span(units, count)) size += unit.sizeBytes;
  av::Packet packet = av::make_packet();
  av::check(av_new_packet(packet.get(), static_cast<int>(size)), "av_new_packet", id_);
  uint8_t* bytes = packet->data;
  for (const x265_nal& unit : std::span(units, count)) {
    std::memcpy(bytes, unit.payload, unit.sizeBytes);
    bytes += unit.sizeBytes;
    if (is_random_access(unit)) packet->flags |= AV_PKT_FLAG_KEY;
  }
  if (out.sliceType == X265_TYPE_B) packet->flags |= AV_PKT_FLAG_DISPOSABLE;
  packet->pts = out.pts;
  // Counted here: libx265 derives its own from the third frame that it is given, and a reader may
  // have a picture out before that, or get another one than the third to be shown.
  packet->dts = coded_++ - context_->has_b_frames;
  if (!links_.writes.empty()) {
    const auto found = std::make_shared<const HevcAnalysis>(out.analysisData);
    for (const auto& queue : links_.writes) queue->push(found);  // a reader may have been given up
  }
  take(std::move(packet));
  return true;
}

void X265Encoder::fail(const std::string& message) const {
  throw EngineError(ErrorClass::VidengineError, "encoder_failed", message, id_);
}

}  // namespace videngine
