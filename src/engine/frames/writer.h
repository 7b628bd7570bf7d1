#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "encode/video_encoder.h"
#include "filter/frame_pool.h"
#include "filter/picture_chain.h"
#include "frames/index.h"
#include "frames/rgb_input.h"
#include "mux/muxer.h"
#include "plan.h"

namespace videngine::frames {

// What is written: a picture's size, format and colours, how it is encoded, and the file.
struct WriterPlan {
  PicturePlan picture;       // of its own: without a parent, of even size
  VideoRenditionPlan video;  // its path is the file's; no segments
  Rational time_base;        // of the timestamps
  std::string container;     // libavformat's name
};

// Pictures, in the order in which they are shown → one file of one encoded stream. Encodes on the
// thread that calls; any number of threads, which wait for each other. Owns the file; a writer that
// is destroyed before finish() only abandons it.
//
// Encoders count frames: they are told numbers, and what they give is put at the timestamps of
// those numbers. So every codec takes a varying rate.
class Writer {
 public:
  explicit Writer(WriterPlan plan);

  // `pts` is above that of the one before; `key` asks for a key frame beside the regular ones. A
  // picture that is as the encoder wants it is encoded where it lies; others are converted once.
  // Throws what make_video_encoder and Muxer throw.
  void write(const AVFrame& picture, int64_t pts, bool key);
  // The same of memory that may be neither aligned nor padded: converted from a copy.
  void write_borrowed(const AVFrame& picture, int64_t pts, bool key);
  void write_rgb(const RgbView& rgb, int64_t pts, bool key);
  // Completes the file; its size in bytes. Not without a picture.
  int64_t finish(const Check& check);

  // Pictures so far, and those of them that were encoded where they lay.
  [[nodiscard]] int64_t pictures() const;
  [[nodiscard]] int64_t in_place() const;

 private:
  // `given` is where the caller's picture lies.
  void encode(const AVFrame& picture, int64_t pts, bool key, const uint8_t* given);
  void open(const AVFrame& first);
  void put(av::Packet packet);
  [[nodiscard]] int64_t pts_of(int64_t number) const;

  const WriterPlan plan_;
  const AVPixelFormat format_;
  const int64_t frame_ticks_;  // of one frame at the nominal rate, at least 1
  mutable std::mutex mutex_;
  FramePool pool_;  // of pictures that do not come as the encoder wants them
  PictureChain chain_;
  std::vector<float> scratch_;
  std::unique_ptr<VideoEncoder> encoder_;
  std::unique_ptr<Muxer> muxer_;
  std::deque<int64_t> pts_;  // of the frames from first_ on
  int64_t first_ = 0;
  int64_t count_ = 0;
  int64_t last_key_ = 0;
  int64_t in_place_ = 0;
};

}  // namespace videngine::frames
