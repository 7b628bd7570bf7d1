#include "demux/hdr_facts.h"

#include <span>

#include "av/side_data.h"
#include "decode/decoder.h"
#include "error.h"

extern "C" {
#include <libavutil/dovi_meta.h>
#include <libavutil/mastering_display_metadata.h>
}

namespace videngine {
namespace {

// A stream whose first picture does not come within so many packets of the file has none.
constexpr int kMostPackets = 400;

// Side data is aligned for any type; it is shorter than we know it only if libav is another one.
template <typename T>
const T* as(std::span<const uint8_t> data) {
  return data.size() < sizeof(T) ? nullptr : reinterpret_cast<const T*>(data.data());
}

void read_light(std::span<const uint8_t> content, std::span<const uint8_t> display,
                StreamFacts& facts) {
  if (const auto* light = as<AVContentLightMetadata>(content)) {
    facts.max_content_nits = static_cast<int>(light->MaxCLL);
  }
  const auto* mastering = as<AVMasteringDisplayMetadata>(display);
  if (mastering != nullptr && mastering->has_luminance != 0 && mastering->max_luminance.den != 0) {
    facts.mastering_peak_nits = av_q2d(mastering->max_luminance);
  }
}

std::span<const uint8_t> of_frame(const AVFrame& frame, AVFrameSideDataType type) {
  const AVFrameSideData* data = av_frame_get_side_data(&frame, type);
  if (data == nullptr) return {};
  return {data->data, data->size};
}

av::Frame first_picture(const Input& input, int stream) {
  av::Frame first;
  Decoder decoder(*input.context()->streams[stream], 1);
  const auto take = [&first](av::Frame frame) {
    first = std::move(frame);
    return false;
  };
  const av::Packet packet = av::make_packet();
  for (int i = 0; i < kMostPackets && !first; ++i) {
    if (av_read_frame(input.context(), packet.get()) < 0) {
      decoder.decode(nullptr, take);
      break;
    }
    if (packet->stream_index == stream) decoder.decode(packet.get(), take);
    av_packet_unref(packet.get());
  }
  return first;
}

}  // namespace

void read_hdr_facts(const Input& input, int stream, StreamFacts& facts) {
  const AVStream& of = *input.context()->streams[stream];
  const auto* vision =
      as<AVDOVIDecoderConfigurationRecord>(av::side_data(of, AV_PKT_DATA_DOVI_CONF));
  if (vision != nullptr) {
    facts.dolby_vision_profile = vision->dv_profile;
    facts.dolby_vision_compatibility = vision->dv_bl_signal_compatibility_id;
  }
  read_light(av::side_data(of, AV_PKT_DATA_CONTENT_LIGHT_LEVEL),
             av::side_data(of, AV_PKT_DATA_MASTERING_DISPLAY_METADATA), facts);
  const bool known = facts.max_content_nits > 0 || facts.mastering_peak_nits > 0;
  if (of.codecpar->color_trc != AVCOL_TRC_SMPTE2084 || known) return;
  try {
    if (const av::Frame frame = first_picture(input, stream)) {
      read_light(of_frame(*frame, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL),
                 of_frame(*frame, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA), facts);
    }
  } catch (const EngineError&) {
    // No decoder: that is said when pictures are wanted, not by a look at the file.
  }
}

}  // namespace videngine
