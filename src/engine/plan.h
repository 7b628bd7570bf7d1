#pragma once

// What the engine is told to do; python/videngine/plan.py is the other side of the seam and
// documents every field. A plan is complete: the engine decides nothing about sizes, rates or
// keyframes. Times are exact seconds from the source's origin, bit rates bits per second.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rational.h"

namespace videngine {

// How HDR becomes SDR.
struct TonemapPlan {
  std::string transfer;  // pq, hlg
  double peak_nits = 0;
};

// Colour facts that a picture is brought to, in FFmpeg's names; empty: the source's, for `range`
// limited.
struct ColorPlan {
  std::string primaries;
  std::string transfer;
  std::string matrix;
  std::string range;
};

// An image laid over a picture. Offsets count inwards from their edges ("start", "middle", "end"),
// in pixels of the picture.
struct LogoPlan {
  std::string path;
  std::string horizontal_edge = "start";
  std::string vertical_edge = "start";
  int x_px = 0;
  int y_px = 0;
  std::optional<int> width_px;  // none: follows from the height, or as the image is
  std::optional<int> height_px;
  double opacity = 1;
  int64_t first_frame = 0;
  std::optional<int64_t> end_frame;  // none: to the end
};

// What is done to the light and the colours of a picture.
struct Look {
  std::string deinterlace;  // "", all, auto
  std::optional<TonemapPlan> tonemap;
  ColorPlan color;
  std::vector<LogoPlan> logos;
};

// How a frame is filled: the picture is turned, its middle part cut out and scaled, and what the
// frame has more is black.
struct Geometry {
  int rotation_deg = 0;        // clockwise: 0, 90, 180, 270
  Rational kept_width{1, 1};   // the part of the turned picture that is taken, around its middle
  Rational kept_height{1, 1};  //
  int bars_x_px = 0;           // black columns, left and right together
  int bars_y_px = 0;           // black rows, above and below together
  Rational sample_aspect_ratio{1, 1};
  std::string filter = "lanczos";  // that scales, by swscale's names
};

struct PicturePlan {
  std::string id;
  std::optional<std::string> parent;  // none: scaled from the decoded source
  int width_px = 0;
  int height_px = 0;
  Rational frame_rate;
  Rational start_s;
  std::optional<Rational> duration_s;    // none: to the end
  std::string pixel_format = "yuv420p";  // or yuv420p10le
  Geometry geometry;                     // of the parent's picture where there is one
  Look look;                             // the same
};

struct VideoRenditionPlan {
  std::string id;
  std::string picture;
  std::string codec;
  std::string preset;
  std::optional<double> crf;  // exactly one of crf and bitrate_bps
  std::optional<int64_t> bitrate_bps;
  std::optional<int64_t> max_bitrate_bps;
  std::optional<int64_t> buffer_size_bits;
  int gop_frames = 0;
  Rational segment_s;
  Rational grid_rate;
  int threads = 1;
  std::string path;
  std::vector<std::pair<std::string, std::string>> options;  // in libavcodec's words
  std::string tag;      // four characters of the sample entry; empty: the container's choice
  int pass_number = 0;  // 1 writes statistics and no file, 2 reads them; 0: the only one
  std::string statistics_path;
  bool captions = false;                     // carries those of the source
  std::optional<std::string> analysis_from;  // of half its width and height; none: its own
  std::optional<std::string> lookahead;      // none: the encoder looks ahead by itself
  int chunk_encoders = 1;                    // beside each other, for runs of whole GOPs
};

// One look ahead for all renditions of the same frames, of whatever size (analysis/lookahead.h).
struct LookaheadPlan {
  std::string id;
  std::string picture;      // a small one, of 8 bits
  int depth_frames = 0;     // how far it looks
  int gop_frames = 0;       // as those of the renditions
  Rational segment_s;       //
  Rational grid_rate;       //
  bool scene_cuts = false;  // key frames where scenes begin too
};

// A row for each channel of the result: the gains of the source's channels in it.
using Mix = std::vector<std::vector<double>>;

struct AudioRenditionPlan {
  std::string id;
  std::optional<int> stream;  // none: silence
  std::string codec;
  int64_t bitrate_bps = 0;  // 0: the codec is lossless
  int sample_rate_hz = 0;
  int sample_bits = 16;    // of lossless codecs: 16, 24
  std::string layout;      // FFmpeg's name: stereo, 5.1
  std::optional<Mix> mix;  // none: the usual one
  double gain_db = 0;
  std::optional<double> true_peak_dbtp;  // none: neither amplified nor limited
  std::string container = "cmaf";
  Rational segment_s;
  std::string language;
  std::vector<std::pair<std::string, std::string>> tags;
  std::string path;
  Rational start_s;
  std::optional<Rational> duration_s;
  bool with_picture = true;
};

// How loud a sound is, mixed and amplified as a rendition of it would be.
struct LoudnessPlan {
  std::string id;
  int stream = 0;
  int sample_rate_hz = 0;
  std::string layout;
  std::optional<Mix> mix;
  double gain_db = 0;
  std::optional<double> true_peak_dbtp;
  Rational start_s;
  std::optional<Rational> duration_s;
};

struct StillPlan {
  std::string id;
  Rational time_s;
  int width_px = 0;
  int height_px = 0;
  std::string format;  // png, jpg, webp
  int quality = 85;    // 1 to 100, for jpg and webp
  std::string path;
  Geometry geometry;
  Look look;
  int64_t frame_offset = 0;  // so many frames behind the one on screen at time_s
};

struct GifPlan {
  std::string id;
  int width_px = 0;
  int height_px = 0;
  Rational frame_rate;
  Rational start_s;
  std::optional<Rational> duration_s;  // none: to the end
  std::string path;
  Geometry geometry;
  Look look;
};

struct ThumbnailsPlan {
  std::string id;
  Rational start_s;
  std::optional<Rational> duration_s;  // none: to the end
  Rational interval_s;
  int64_t images = 0;  // at most
  int width_px = 0;    // of one image
  int height_px = 0;
  std::string format;  // png, jpg, webp
  int quality = 85;    // 1 to 100, for jpg and webp
  int columns = 0;     // of a sheet; 0: every image is a file
  int rows = 0;
  std::string folder;
  std::string file_pattern;  // with printf's %04d, counted from 1
  Geometry geometry;
  Look look;
};

// One of the source's own subtitle streams, whole, in ASS's form.
struct TextRenditionPlan {
  std::string id;
  int stream = 0;
  std::string path;
};

// One of several sources that are shown in a row.
struct ClipPlan {
  std::string path;
  int video_stream = 0;
  int rotation_deg = 0;
  Rational start_s;                         // of the part that is shown, from the clip's own origin
  Rational length_s;                        // what it takes on the joint timeline
  std::vector<std::pair<int, int>> sounds;  // stream of the first clip, stream that goes on with it
};

struct Plan {
  std::string source_path;
  std::optional<int> video_stream;
  int rotation_deg = 0;  // clockwise: 0, 90, 180, 270
  int decoder_threads = 1;
  std::vector<ClipPlan> clips;  // the source itself first, or none: it is shown alone
  int width_px = 0;             // upright, of the first clip; used with clips only
  int height_px = 0;
  bool keyframes_only = false;        // nothing else is decoded
  std::vector<PicturePlan> pictures;  // parents before their children
  std::vector<LookaheadPlan> lookaheads;
  std::vector<VideoRenditionPlan> video;
  std::vector<AudioRenditionPlan> audio;
  std::vector<LoudnessPlan> loudness;
  std::vector<StillPlan> stills;
  std::vector<TextRenditionPlan> texts;
  std::vector<GifPlan> gifs;
  std::vector<ThumbnailsPlan> thumbnails;

  // Whether anything is made of the picture stream.
  [[nodiscard]] bool shows_pictures() const {
    return !pictures.empty() || !stills.empty() || !gifs.empty() || !thumbnails.empty();
  }
};

// Throws std::invalid_argument naming the first thing that cannot be: an unknown parent, a rate of
// 0, two rulers of the bit rate, an odd size, the same id or path twice.
void validate(const Plan& plan);

}  // namespace videngine
