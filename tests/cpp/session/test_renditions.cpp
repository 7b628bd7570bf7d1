// One decode, many renditions: what comes out of a session that goes well.
#include <cmath>

#include <gtest/gtest.h>

#include "fixtures/measure.h"
#include "fixtures/source.h"
#include "session/run.h"

namespace videngine::test {
namespace {

class Renditions : public testing::Test {
 protected:
  [[nodiscard]] std::string source(const Source& wanted = {},
                                   const char* name = "source.mp4") const {
    write_source(scratch_.path(name), wanted);
    return scratch_.path(name);
  }
  Scratch scratch_;
};

TEST_F(Renditions, ComeManyFromOneDecode) {
  Plan plan = plain_plan(scratch_, source());
  plan.pictures.push_back(picture_plan("small", 80, 48));
  plan.pictures.back().parent = "p";
  plan.pictures.push_back(picture_plan("wide", 320, 192));
  for (const char* id : {"small", "wide"}) {
    plan.video.push_back(video_plan(scratch_, std::string("v-") + id, id));
  }
  plan.video.push_back(video_plan(scratch_, "v-again", "p"));
  plan.audio.push_back(audio_plan(scratch_, "a-mono", 1));
  plan.audio.back().layout = "mono";
  plan.stills = {still_plan(scratch_, "still", {1, 1})};
  const Story story = run(plan);

  ASSERT_EQ(story.finished.size(), 1U);
  EXPECT_EQ(story.finished[0].decodes, 1);
  EXPECT_EQ(story.finished[0].encodes, 4);
  EXPECT_EQ(story.finished[0].frames, 50);
  EXPECT_EQ(story.renditions.size(), 7U);
  for (const VideoRenditionPlan& video : plan.video) {
    const RenditionFinished& made = story.renditions.at(video.id);
    EXPECT_EQ(made.kind, "video");
    EXPECT_EQ(made.frames, 50);
    EXPECT_EQ(made.duration_s, (Rational{2, 1}));
    EXPECT_EQ(made.size_bytes, std::filesystem::file_size(video.path));
    EXPECT_TRUE(made.codec_string.starts_with("avc1.")) << made.codec_string;
    const Track track = measure(video.path).at(0);
    EXPECT_EQ(track.brightness.size(), 50U);
    EXPECT_EQ(count_boxes(video.path, "moof"), 2);
  }
  EXPECT_EQ(measure(plan.video[1].path).at(0).width_px, 80);
  EXPECT_EQ(measure(plan.video[2].path).at(0).width_px, 320);
  EXPECT_EQ(story.renditions.at("a").codec_string, "mp4a.40.2");
  EXPECT_EQ(measure(plan.audio[1].path).at(0).channels, 1);
  EXPECT_EQ(story.renditions.at("still").kind, "still");
}

TEST_F(Renditions, ShowThePicturesOfTheSource) {
  const Plan plan = plain_plan(scratch_, source());
  run(plan);
  const Track before = measure(plan.source_path).at(0);
  const Track after = measure(plan.video[0].path).at(0);
  ASSERT_EQ(before.brightness.size(), after.brightness.size());
  for (std::size_t i = 0; i < before.brightness.size(); ++i) {
    EXPECT_NEAR(before.brightness[i], after.brightness[i], 1.5) << "frame " << i;
  }
}

TEST_F(Renditions, HaveTheirKeyFramesOnTheSegmentGrid) {
  const Plan plan = plain_plan(scratch_, source({.seconds = 4}));
  run(plan);
  const Track track = measure(plan.video[0].path).at(0);
  ASSERT_EQ(track.key_pts_s.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(track.key_pts_s[i] - track.key_pts_s[0], static_cast<double>(i), 1e-6);
  }
}

TEST_F(Renditions, OfSoundEndWithThePicture) {
  for (const double sound_s : {1.0, 3.0}) {
    const Plan plan = plain_plan(scratch_, source({.sound_seconds = sound_s}));
    const Story story = run(plan);
    EXPECT_EQ(story.renditions.at("a").duration_s, (Rational{2, 1})) << sound_s;
    const auto samples = static_cast<double>(measure(plan.audio[0].path).at(0).samples.size());
    EXPECT_NEAR(samples / 48'000, 2.0, 1024.0 / 48'000);
  }
}

TEST_F(Renditions, OfASourceWithoutSoundHaveSilence) {
  Plan plan = plain_plan(scratch_, source({.sample_rate_hz = 0}));
  plan.audio[0].stream.reset();
  plan.audio[0].duration_s = Rational{10, 1};  // more than there is picture
  const Story story = run(plan);
  EXPECT_EQ(story.renditions.at("a").duration_s, (Rational{2, 1}));
  const Track track = measure(plan.audio[0].path).at(0);
  for (const float sample : track.samples) ASSERT_NEAR(sample, 0, 1e-4);
}

TEST_F(Renditions, OfASourceWithoutPictureAreItsWholeSound) {
  Plan plan;
  plan.source_path = source({.seconds = 3, .width_px = 0});
  plan.audio = {audio_plan(scratch_, "a", 0)};
  const Story story = run(plan);
  EXPECT_NEAR(story.renditions.at("a").duration_s.to_double(), 3.0, 0.05);
  EXPECT_EQ(story.finished.at(0).decodes, 0);
}

TEST_F(Renditions, ThatEndEarlyDoNotStallTheOthers) {
  Plan plan = plain_plan(scratch_, source({.seconds = 4}));
  plan.pictures[0].duration_s = Rational{1, 2};
  plan.pictures.push_back(picture_plan("whole", 80, 48));
  plan.video.push_back(video_plan(scratch_, "v-whole", "whole"));
  plan.stills = {still_plan(scratch_, "still", {0, 1})};
  const Story story = run(plan);
  EXPECT_EQ(story.renditions.at("v").duration_s, (Rational{13, 25}));  // 12.5 frames
  EXPECT_EQ(story.renditions.at("v-whole").frames, 100);
  EXPECT_EQ(story.renditions.at("a").duration_s, (Rational{4, 1}));
}

TEST_F(Renditions, ThatAllEndEarlyEndTheSession) {
  Plan plan = plain_plan(scratch_, source({.seconds = 60, .frame_rate = {10, 1}}));
  plan.pictures[0].duration_s = plan.audio[0].duration_s = Rational{1, 1};
  const Story story = run(plan);
  EXPECT_EQ(story.renditions.at("v").duration_s, (Rational{1, 1}));
  EXPECT_EQ(story.renditions.at("a").duration_s, (Rational{1, 1}));
  EXPECT_LT(story.finished.at(0).frames, 300);
}

TEST_F(Renditions, OfARangeStartThere) {
  Plan plan = plain_plan(scratch_, source({.seconds = 4}));
  plan.pictures[0].start_s = plan.audio[0].start_s = Rational{2, 1};
  plan.pictures[0].duration_s = plan.audio[0].duration_s = Rational{1, 1};
  const Story story = run(plan);
  EXPECT_EQ(story.renditions.at("v").frames, 25);
  EXPECT_EQ(story.renditions.at("a").duration_s, (Rational{1, 1}));
  const Track before = measure(plan.source_path).at(0);
  const Track after = measure(plan.video[0].path).at(0);
  for (std::size_t i = 0; i < after.brightness.size(); ++i) {
    EXPECT_NEAR(before.brightness.at(50 + i), after.brightness[i], 1.5) << "frame " << i;
  }
}

TEST_F(Renditions, StartAtZeroWhereverTheSourceDoes) {
  const Plan plan = plain_plan(scratch_, source({.first_timestamp_s = 1000}, "source.ts"));
  const Story story = run(plan);
  EXPECT_EQ(story.renditions.at("v").frames, 50);
  EXPECT_NEAR(measure(plan.video[0].path).at(0).decoded_s.at(0), 0, 0.001);
}

TEST_F(Renditions, AreUprightWhateverTheRotation) {
  // The ramp of fixtures/frames.h is bright where x + y is large.
  for (const int rotation_deg : {90, 180, 270}) {
    Plan plan = plain_plan(scratch_, source());
    plan.rotation_deg = rotation_deg;
    const bool upright = rotation_deg == 180;
    plan.pictures[0] = picture_plan("p", upright ? 80 : 48, upright ? 48 : 80);
    const Story story = run(plan);
    EXPECT_EQ(story.renditions.at("v").frames, 50);
    EXPECT_NEAR(measure(plan.video[0].path).at(0).brightness.at(0),
                measure(plan.source_path).at(0).brightness.at(0), 2);
  }
}

TEST_F(Renditions, OfADiscontinuousStreamHaveNoHole) {
  // A broadcast whose clock jumps by 1000 s in the middle: two streams behind each other.
  std::ofstream whole(scratch_.path("cut.ts"), std::ios::binary);
  for (const double first_s : {10.0, 1010.0}) {
    whole << std::ifstream(source({.first_timestamp_s = first_s}, "part.ts"), std::ios::binary)
                 .rdbuf();
  }
  whole.close();
  const Story story = run(plain_plan(scratch_, scratch_.path("cut.ts")));
  EXPECT_NEAR(story.renditions.at("v").duration_s.to_double(), 4.0, 0.2);
  EXPECT_NEAR(story.renditions.at("a").duration_s.to_double(), 4.0, 0.2);
}

TEST_F(Renditions, OfSoundFarAheadOfItsPictureInTheFileAreWhole) {
  // The picture's first packet lies behind 200 s of sound: more than any queue holds.
  Plan plan = plain_plan(scratch_, source({.seconds = 210,
                                           .width_px = 64,
                                           .height_px = 48,
                                           .frame_rate = {10, 1},
                                           .sample_rate_hz = 8000,
                                           .channels = 1,
                                           .audio_codec = "pcm_s16le",
                                           .sound_ahead_s = 200},
                                          "source.mkv"));
  plan.pictures[0] = picture_plan("p", 64, 48);
  plan.pictures[0].frame_rate = plan.video[0].grid_rate = Rational{10, 1};
  plan.audio[0].sample_rate_hz = 8000;
  plan.audio[0].layout = "mono";
  plan.audio[0].bitrate_bps = 16'000;
  const auto began = std::chrono::steady_clock::now();
  const Story story = run(plan);
  EXPECT_EQ(story.renditions.at("v").duration_s, (Rational{210, 1}));
  EXPECT_EQ(story.renditions.at("a").duration_s, (Rational{210, 1}));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20));
}

TEST_F(Renditions, TellTheirProgressAsTheyGrow) {
  Plan plan = plain_plan(scratch_, source({.seconds = 20, .width_px = 320, .height_px = 192}));
  plan.pictures[0] = picture_plan("p", 1280, 768);
  const Story story = run(plan);
  ASSERT_FALSE(story.progress.empty());
  for (std::size_t i = 1; i < story.progress.size(); ++i) {
    EXPECT_GE(story.progress[i].time_s, story.progress[i - 1].time_s);
    EXPECT_GE(story.progress[i].frames, story.progress[i - 1].frames);
  }
  EXPECT_LE(story.progress.back().time_s, 20);
  EXPECT_GT(story.progress.back().fps, 0);
}

TEST_F(Renditions, OfAStillAreTheFrameOnScreen) {
  Plan plan = plain_plan(scratch_, source());
  plan.stills = {still_plan(scratch_, "middle", {101, 100}), still_plan(scratch_, "last", {99, 1}),
                 still_plan(scratch_, "jpg", {0, 1})};
  plan.stills[2].format = "jpg";
  plan.stills[2].path = scratch_.path("jpg.jpg");
  const Story story = run(plan);
  for (const StillPlan& still : plan.stills) {
    EXPECT_EQ(story.renditions.at(still.id).size_bytes, std::filesystem::file_size(still.path));
  }
  std::string start(4, '\0');
  std::ifstream(plan.stills[0].path, std::ios::binary).read(start.data(), 4);
  EXPECT_EQ(start, "\x89PNG");
  std::ifstream(plan.stills[2].path, std::ios::binary).read(start.data(), 4);
  EXPECT_TRUE(start.starts_with("\xFF\xD8\xFF"));
}

}  // namespace
}  // namespace videngine::test
