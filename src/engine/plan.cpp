#include "plan.h"

#include <algorithm>
#include <set>
#include <stdexcept>

extern "C" {
#include <libavutil/channel_layout.h>
#include <libavutil/pixdesc.h>
}

#include "av/handles.h"
#include "encode/image.h"

namespace videngine {
namespace {

void require(bool holds, const std::string& id, const char* what) {
  if (!holds) throw std::invalid_argument("plan: " + id + ": " + what);
}

bool is_quarter_turn(int degrees) {
  return degrees == 0 || degrees == 90 || degrees == 180 || degrees == 270;
}

const std::set<std::string> kContainers = {"cmaf", "matroska", "ipod", "mp3",
                                           "flac", "opus",     "wav"};

bool is_layout(const std::string& name) {
  AVChannelLayout layout{};
  const bool known = av_channel_layout_from_string(&layout, name.c_str()) >= 0;
  av_channel_layout_uninit(&layout);
  return known;
}

const std::set<std::string> kEdges = {"start", "middle", "end"};

void validate_look(const std::string& id, const Look& look) {
  if (look.tonemap) {
    require(look.tonemap->transfer == "pq" || look.tonemap->transfer == "hlg", id,
            "transfer must be pq or hlg");
    require(look.tonemap->peak_nits > 0, id, "peak_nits must be positive");
  }
  require(look.deinterlace.empty() || look.deinterlace == "all" || look.deinterlace == "auto", id,
          "deinterlace must be empty, all or auto");
  const ColorPlan& color = look.color;
  require(color.primaries.empty() || av_color_primaries_from_name(color.primaries.c_str()) >= 0, id,
          "primaries are unknown");
  require(color.transfer.empty() || av_color_transfer_from_name(color.transfer.c_str()) >= 0, id,
          "transfer is unknown");
  require(color.matrix.empty() || av_color_space_from_name(color.matrix.c_str()) >= 0, id,
          "matrix is unknown");
  require(color.range.empty() || av_color_range_from_name(color.range.c_str()) >= 0, id,
          "range is unknown");
  require(look.logos.size() <= 32, id, "there are too many logos");
  for (const LogoPlan& logo : look.logos) {
    require(kEdges.contains(logo.horizontal_edge) && kEdges.contains(logo.vertical_edge), id,
            "an edge must be start, middle or end");
    require(logo.opacity >= 0 && logo.opacity <= 1, id, "opacity must be 0 to 1");
    require(logo.width_px.value_or(1) > 0 && logo.height_px.value_or(1) > 0, id,
            "sides of a logo must be positive");
  }
}

void validate_mix(const std::string& id, const std::string& layout, const std::optional<Mix>& mix) {
  if (!mix) return;
  const auto channels = static_cast<std::size_t>(av::ChannelLayout(layout).channels());
  require(mix->size() == channels, id, "mix must have a row for each channel");
  for (const std::vector<double>& row : *mix) {
    require(!row.empty() && row.size() == mix->front().size(), id,
            "rows of mix must be equally long");
  }
}

void validate_size(const std::string& id, int width_px, int height_px, bool even) {
  require(width_px > 0 && height_px > 0, id, "width_px and height_px must be positive");
  require(!even || (width_px % 2 == 0 && height_px % 2 == 0), id, "sizes must be even");
}

void validate_geometry(const std::string& id, const Geometry& geometry, int width_px,
                       int height_px) {
  const auto is_part = [](Rational part) { return part > Rational{} && part <= Rational{1, 1}; };
  require(is_quarter_turn(geometry.rotation_deg), id, "rotation_deg must be 0, 90, 180 or 270");
  require(is_part(geometry.kept_width) && is_part(geometry.kept_height), id,
          "kept_width and kept_height must be above 0, up to 1");
  require(geometry.bars_x_px >= 0 && geometry.bars_x_px < width_px && geometry.bars_y_px >= 0 &&
              geometry.bars_y_px < height_px,
          id, "bars must leave room for the picture");
  require(geometry.sample_aspect_ratio > Rational{}, id, "sample_aspect_ratio must be positive");
}

void validate_image(const std::string& id, const std::string& format, int quality) {
  require(is_image_format(format), id, "format must be png, jpg or webp");
  require(quality >= 1 && quality <= 100, id, "quality must be 1 to 100");
}

// libx265 takes what it reads as it is: it would read past the end of what does not fit.
void validate_analysis(const Plan& plan, const VideoRenditionPlan& video) {
  const auto from = std::ranges::find(plan.video, *video.analysis_from, &VideoRenditionPlan::id);
  require(from != plan.video.end(), video.id, "analysis_from is unknown");
  const auto picture_of = [&plan](const VideoRenditionPlan& rendition) -> const PicturePlan& {
    return *std::ranges::find(plan.pictures, rendition.picture, &PicturePlan::id);
  };
  const PicturePlan& whole = picture_of(video);
  const PicturePlan& half = picture_of(*from);
  require(!from->analysis_from, video.id, "analysis_from must analyse itself");
  require(video.codec == "libx265" && from->codec == "libx265", video.id,
          "analysis_from is for libx265");
  require(video.pass_number == 0 && from->pass_number == 0, video.id,
          "analysis_from is for a single pass");
  require(whole.width_px == 2 * half.width_px && whole.height_px == 2 * half.height_px, video.id,
          "analysis_from must have half the width and height");
  require(whole.frame_rate == half.frame_rate && whole.start_s == half.start_s &&
              whole.duration_s == half.duration_s && whole.pixel_format == half.pixel_format,
          video.id, "analysis_from must be of the same frames");
  require(video.preset == from->preset && video.gop_frames == from->gop_frames &&
              video.segment_s == from->segment_s && video.grid_rate == from->grid_rate &&
              video.max_bitrate_bps.has_value() == from->max_bitrate_bps.has_value(),
          video.id, "analysis_from must be encoded alike");
}

void validate_clip(const std::string& id, Rational start_s, std::optional<Rational> duration_s) {
  require(start_s >= Rational{}, id, "start_s must not be negative");
  require(!duration_s || *duration_s > Rational{}, id, "duration_s must be positive");
}

const PicturePlan& picture_of(const Plan& plan, const std::string& id) {
  return *std::ranges::find(plan.pictures, id, &PicturePlan::id);
}

// A rendition and the look ahead that it shares are about the same frames.
void validate_lookahead(const Plan& plan, const VideoRenditionPlan& video) {
  const auto lookahead = std::ranges::find(plan.lookaheads, *video.lookahead, &LookaheadPlan::id);
  require(lookahead != plan.lookaheads.end(), video.id, "lookahead is unknown");
  require(video.codec == "libx264" && video.pass_number == 0, video.id,
          "lookahead is for libx264 in one pass");
  require(video.gop_frames == lookahead->gop_frames && video.segment_s == lookahead->segment_s &&
              video.grid_rate == lookahead->grid_rate,
          video.id, "key frames must be those of its lookahead");
  const PicturePlan& picture = picture_of(plan, video.picture);
  const PicturePlan& small = picture_of(plan, lookahead->picture);
  require(picture.pixel_format == "yuv420p" && picture.frame_rate == small.frame_rate &&
              picture.start_s == small.start_s && picture.duration_s == small.duration_s,
          video.id, "frames must be those of its lookahead");
}

}  // namespace

void validate(const Plan& plan) {
  std::set<std::string> pictures;
  std::set<std::string> names;
  const auto unique = [&names](const std::string& name) {
    require(!name.empty() && names.insert(name).second, name,
            "every id and path must be there once");
  };
  require(is_quarter_turn(plan.rotation_deg), "plan", "rotation_deg must be 0, 90, 180 or 270");
  require(plan.decoder_threads > 0, "plan", "decoder_threads must be positive");
  require(plan.video_stream || !plan.shows_pictures(), "plan", "pictures need video_stream");
  require(
      !plan.keyframes_only || (plan.pictures.empty() && plan.stills.empty() && plan.gifs.empty()),
      "plan", "keyframes_only is for thumbnails alone");
  require(plan.clips.empty() || plan.clips.front().path == plan.source_path, "plan",
          "the first clip must be the source");
  if (!plan.clips.empty()) validate_size("plan", plan.width_px, plan.height_px, true);
  for (const ClipPlan& clip : plan.clips) {
    require(clip.rotation_deg % 90 == 0 && clip.rotation_deg >= 0 && clip.rotation_deg < 360,
            clip.path, "rotation_deg must be 0, 90, 180 or 270");
    require(clip.start_s >= Rational{} && clip.length_s > Rational{}, clip.path,
            "start_s must not be negative, length_s must be positive");
  }
  for (const PicturePlan& picture : plan.pictures) {
    unique(picture.id);
    validate_size(picture.id, picture.width_px, picture.height_px, true);
    require(picture.frame_rate > Rational{}, picture.id, "frame_rate must be positive");
    validate_clip(picture.id, picture.start_s, picture.duration_s);
    require(picture.pixel_format == "yuv420p" || picture.pixel_format == "yuv420p10le", picture.id,
            "pixel_format must be yuv420p or yuv420p10le");
    validate_look(picture.id, picture.look);
    require(!picture.look.tonemap || !picture.parent, picture.id, "only the source is tone-mapped");
    require(!picture.parent || pictures.contains(*picture.parent), picture.id,
            "parent must stand before its child");
    validate_geometry(picture.id, picture.geometry, picture.width_px, picture.height_px);
    require(picture.geometry.bars_x_px % 2 == 0 && picture.geometry.bars_y_px % 2 == 0, picture.id,
            "bars must be even");
    pictures.insert(picture.id);
  }
  for (const LookaheadPlan& lookahead : plan.lookaheads) {
    unique(lookahead.id);
    require(pictures.contains(lookahead.picture), lookahead.id, "picture is unknown");
    require(picture_of(plan, lookahead.picture).pixel_format == "yuv420p", lookahead.id,
            "a picture of 8 bits is looked at");
    require(lookahead.depth_frames > 0 && lookahead.gop_frames > 0, lookahead.id,
            "depth_frames and gop_frames must be positive");
    require(lookahead.segment_s > Rational{} && lookahead.grid_rate > Rational{}, lookahead.id,
            "segment_s and grid_rate must be positive");
  }
  for (const VideoRenditionPlan& video : plan.video) {
    unique(video.id);
    unique(video.path);
    require(pictures.contains(video.picture), video.id, "picture is unknown");
    require(video.crf.has_value() != video.bitrate_bps.has_value(), video.id,
            "exactly one of crf and bitrate_bps must be set");
    require(video.max_bitrate_bps.has_value() == video.buffer_size_bits.has_value(), video.id,
            "max_bitrate_bps and buffer_size_bits go together");
    require(video.gop_frames > 0, video.id, "gop_frames must be positive");
    require(video.segment_s > Rational{} && video.grid_rate > Rational{}, video.id,
            "segment_s and grid_rate must be positive");
    require(video.threads > 0, video.id, "threads must be positive");
    require(video.chunk_encoders > 0, video.id, "chunk_encoders must be positive");
    require(video.chunk_encoders == 1 || (video.lookahead && video.pass_number == 0), video.id,
            "chunks need a lookahead and one pass");
    require(video.tag.empty() || video.tag.size() == 4, video.id, "tag must have 4 characters");
    require(video.pass_number == 0 || !video.statistics_path.empty(), video.id,
            "a pass needs statistics_path");
    if (video.lookahead) validate_lookahead(plan, video);
  }
  for (const VideoRenditionPlan& video : plan.video) {
    if (video.analysis_from) validate_analysis(plan, video);
  }
  for (const AudioRenditionPlan& audio : plan.audio) {
    unique(audio.id);
    unique(audio.path);
    require(audio.stream || audio.duration_s, audio.id, "silence needs duration_s");
    require(audio.sample_rate_hz > 0 && audio.bitrate_bps >= 0, audio.id,
            "sample_rate_hz must be positive and bitrate_bps not negative");
    require(is_layout(audio.layout), audio.id, "layout is unknown");
    validate_mix(audio.id, audio.layout, audio.mix);
    require(audio.sample_bits == 16 || audio.sample_bits == 24, audio.id,
            "sample_bits must be 16 or 24");
    require(kContainers.contains(audio.container), audio.id, "container is unknown");
    require(audio.segment_s > Rational{}, audio.id, "segment_s must be positive");
    validate_clip(audio.id, audio.start_s, audio.duration_s);
  }
  for (const LoudnessPlan& loudness : plan.loudness) {
    unique(loudness.id);
    require(loudness.sample_rate_hz > 0, loudness.id, "sample_rate_hz must be positive");
    require(is_layout(loudness.layout), loudness.id, "layout is unknown");
    validate_mix(loudness.id, loudness.layout, loudness.mix);
    require(!loudness.duration_s || *loudness.duration_s > Rational{}, loudness.id,
            "duration_s must be positive");
  }
  require(plan.texts.empty() || plan.clips.empty(), "plan", "texts are of one source only");
  for (const TextRenditionPlan& text : plan.texts) {
    unique(text.id);
    unique(text.path);
  }
  for (const StillPlan& still : plan.stills) {
    unique(still.id);
    unique(still.path);
    validate_size(still.id, still.width_px, still.height_px, false);
    validate_geometry(still.id, still.geometry, still.width_px, still.height_px);
    require(still.time_s >= Rational{}, still.id, "time_s must not be negative");
    validate_look(still.id, still.look);
    require(still.frame_offset >= 0, still.id, "frame_offset must not be negative");
    validate_image(still.id, still.format, still.quality);
  }
  for (const GifPlan& gif : plan.gifs) {
    unique(gif.id);
    unique(gif.path);
    validate_size(gif.id, gif.width_px, gif.height_px, false);
    validate_geometry(gif.id, gif.geometry, gif.width_px, gif.height_px);
    validate_look(gif.id, gif.look);
    validate_clip(gif.id, gif.start_s, gif.duration_s);
    require(gif.frame_rate > Rational{} && gif.frame_rate <= Rational{50, 1}, gif.id,
            "frame_rate must be above 0, up to 50");
  }
  for (const ThumbnailsPlan& images : plan.thumbnails) {
    unique(images.id);
    unique(images.folder);
    validate_size(images.id, images.width_px, images.height_px, images.columns > 0);
    validate_geometry(images.id, images.geometry, images.width_px, images.height_px);
    validate_look(images.id, images.look);
    validate_clip(images.id, images.start_s, images.duration_s);
    validate_image(images.id, images.format, images.quality);
    require(images.interval_s > Rational{} && images.images > 0, images.id,
            "interval_s and images must be positive");
    require(images.columns >= 0 && (images.columns > 0) == (images.rows > 0), images.id,
            "columns and rows go together");
  }
}

}  // namespace videngine
