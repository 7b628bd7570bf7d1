#pragma once

#include <chrono>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "fixtures/scratch.h"
#include "session.h"

namespace videngine::test {

// What a session told while it ran.
struct Story {
  std::map<std::string, RenditionFinished> renditions;
  std::vector<RenditionFailed> failed;
  std::vector<Progress> progress;
  std::vector<Finished> finished;
};

// Takes every event until a started session has ended.
inline Story follow(Session& session) {
  Story story;
  while (!session.ended()) {
    const std::optional<Event> event = session.next_event(std::chrono::seconds(1));
    if (!event) continue;
    if (const auto* rendition = std::get_if<RenditionFinished>(&*event)) {
      story.renditions[rendition->id] = *rendition;
    }
    if (const auto* failed = std::get_if<RenditionFailed>(&*event)) story.failed.push_back(*failed);
    if (const auto* progress = std::get_if<Progress>(&*event)) story.progress.push_back(*progress);
    if (const auto* finished = std::get_if<Finished>(&*event)) story.finished.push_back(*finished);
  }
  return story;
}

// Runs a plan to its end; throws what the session throws, or what a rendition failed of.
inline Story run(const Plan& plan) {
  Session session(plan);
  session.start();
  Story story = follow(session);
  session.join();
  if (!story.failed.empty()) throw story.failed.front().error;
  return story;
}

// The parts of a plan, with files in `scratch`.

inline PicturePlan picture_plan(const std::string& id, int width_px, int height_px) {
  PicturePlan picture;
  picture.id = id;
  picture.width_px = width_px;
  picture.height_px = height_px;
  picture.frame_rate = {25, 1};
  return picture;
}

inline VideoRenditionPlan video_plan(const Scratch& scratch, const std::string& id,
                                     const std::string& picture) {
  VideoRenditionPlan video;
  video.id = id;
  video.picture = picture;
  video.codec = "libx264";
  video.preset = "ultrafast";
  video.crf = 30;
  video.gop_frames = 50;
  video.segment_s = {1, 1};
  video.grid_rate = {25, 1};
  video.path = scratch.path(id + ".mp4");
  return video;
}

inline AudioRenditionPlan audio_plan(const Scratch& scratch, const std::string& id, int stream) {
  AudioRenditionPlan audio;
  audio.id = id;
  audio.stream = stream;
  audio.codec = "aac";
  audio.bitrate_bps = 64'000;
  audio.sample_rate_hz = 48'000;
  audio.layout = "stereo";
  audio.segment_s = {1, 1};
  audio.path = scratch.path(id + ".mp4");
  return audio;
}

inline StillPlan still_plan(const Scratch& scratch, const std::string& id, Rational time_s) {
  StillPlan still;
  still.id = id;
  still.time_s = time_s;
  still.width_px = 160;
  still.height_px = 96;
  still.format = "png";
  still.path = scratch.path(id + ".png");
  return still;
}

// One picture of 160x96 as the video rendition "v", and stream 1 as the audio rendition "a".
inline Plan plain_plan(const Scratch& scratch, const std::string& source) {
  Plan plan;
  plan.source_path = source;
  plan.video_stream = 0;
  plan.pictures = {picture_plan("p", 160, 96)};
  plan.video = {video_plan(scratch, "v", "p")};
  plan.audio = {audio_plan(scratch, "a", 1)};
  return plan;
}

}  // namespace videngine::test
