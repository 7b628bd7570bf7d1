#include "av/side_data.h"

#include <algorithm>
#include <array>
#include <utility>

#include "av/compat.h"

namespace videngine::av {
namespace {

constexpr std::array kHdrMetadata{
    std::pair(AV_FRAME_DATA_MASTERING_DISPLAY_METADATA, AV_PKT_DATA_MASTERING_DISPLAY_METADATA),
    std::pair(AV_FRAME_DATA_CONTENT_LIGHT_LEVEL, AV_PKT_DATA_CONTENT_LIGHT_LEVEL),
};

void add(AVFrame& frame, AVFrameSideDataType type, std::span<const uint8_t> data) {
  AVFrameSideData* added = av_frame_new_side_data(&frame, type, data.size());
  if (added == nullptr) throw std::bad_alloc();
  std::ranges::copy(data, added->data);
}

}  // namespace

std::span<const uint8_t> side_data(const AVStream& stream, AVPacketSideDataType type) {
#if VIDENGINE_HAS_CODECPAR_SIDE_DATA
  const AVPacketSideData* found = av_packet_side_data_get(
      stream.codecpar->coded_side_data, stream.codecpar->nb_coded_side_data, type);
  if (found == nullptr) return {};
  return {found->data, found->size};
#else
  std::size_t size = 0;
  const uint8_t* data = av_stream_get_side_data(&stream, type, &size);
  if (data == nullptr) return {};
  return {data, size};
#endif
}

void copy_hdr_metadata(AVFrame& to, const AVFrame& from) {
  for (const auto& [type, ignored] : kHdrMetadata) {
    const AVFrameSideData* data = av_frame_get_side_data(&from, type);
    if (data != nullptr) add(to, type, {data->data, data->size});
  }
}

void add_hdr_metadata(AVFrame& frame, const AVStream& stream) {
  for (const auto& [type, of_stream] : kHdrMetadata) {
    const auto data = side_data(stream, of_stream);
    if (!data.empty() && av_frame_get_side_data(&frame, type) == nullptr) add(frame, type, data);
  }
}

void remove_hdr_metadata(AVFrame& frame) {
  for (const auto& [type, ignored] : kHdrMetadata) av_frame_remove_side_data(&frame, type);
}

}  // namespace videngine::av
