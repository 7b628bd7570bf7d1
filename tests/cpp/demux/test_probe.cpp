#include <gtest/gtest.h>

#include "demux/probe.h"
#include "fixtures/failure.h"
#include "fixtures/scratch.h"
#include "fixtures/source.h"

namespace videngine::test {
namespace {

MediaFacts facts_of(const char* name, const Source& source) {
  const Scratch scratch;
  write_source(scratch.path(name), source);
  return probe(scratch.path(name));
}

TEST(Probe, TellsWhatAFileHolds) {
  const MediaFacts facts = facts_of("source.mp4", {.seconds = 2, .frame_rate = {30000, 1001}});
  EXPECT_NE(facts.format.find("mp4"), std::string::npos);
  EXPECT_NEAR(facts.duration_s.to_double(), 2.0, 0.05);
  EXPECT_GT(facts.size_bytes, 0);
  EXPECT_GT(facts.bit_rate_bps, 0);
  ASSERT_EQ(facts.streams.size(), 2U);

  const StreamFacts& picture = facts.streams[0];
  EXPECT_EQ(picture.type, "video");
  EXPECT_EQ(picture.codec, "mpeg4");
  EXPECT_EQ(picture.width_px, 160);
  EXPECT_EQ(picture.height_px, 96);
  EXPECT_EQ(picture.frame_rate, (Rational{30000, 1001}));
  EXPECT_FALSE(picture.variable_frame_rate);
  EXPECT_EQ(picture.pixel_format, "yuv420p");
  EXPECT_EQ(picture.bit_depth, 8);
  EXPECT_EQ(picture.rotation_deg, 0);
  EXPECT_EQ(picture.sample_aspect_ratio, (Rational{1, 1}));
  EXPECT_FALSE(picture.interlaced);

  const StreamFacts& sound = facts.streams[1];
  EXPECT_EQ(sound.type, "audio");
  EXPECT_EQ(sound.codec, "aac");
  EXPECT_EQ(sound.profile, "LC");
  EXPECT_EQ(sound.sample_rate_hz, 48'000);
  EXPECT_EQ(sound.channels, 2);
  EXPECT_EQ(sound.channel_layout, "stereo");
  EXPECT_EQ(sound.language, "");
}

TEST(Probe, TellsWhereStreamsStart) {
  const MediaFacts facts = facts_of(
      "late.mkv", {.audio_codec = "pcm_s16le", .sound_delay_s = 0.5, .first_timestamp_s = 3});
  EXPECT_NEAR(facts.start_s.to_double(), 3, 0.01);
  EXPECT_NEAR(facts.streams.at(0).start_s.to_double(), 0, 0.01);
  EXPECT_NEAR(facts.streams.at(1).start_s.to_double(), 0.5, 0.01);
}

TEST(Probe, TellsOfAFileOfSoundAlone) {
  const MediaFacts facts = facts_of("sound.wav", {.width_px = 0, .audio_codec = "pcm_s16le"});
  ASSERT_EQ(facts.streams.size(), 1U);
  EXPECT_EQ(facts.streams[0].codec, "pcm_s16le");
  EXPECT_EQ(facts.duration_s, (Rational{2, 1}));
}

TEST(Probe, MatroskasMillisecondsAreNoVariableRate) {
  const MediaFacts facts = facts_of("source.mkv", {.frame_rate = {24000, 1001}});
  EXPECT_FALSE(facts.streams.at(0).variable_frame_rate);
  EXPECT_NEAR(facts.streams.at(0).frame_rate.to_double(), 23.976, 0.001);
}

TEST(Probe, RefusesWhatInputRefuses) {
  const Scratch scratch;
  const std::string text = scratch.write("text.mp4", "no film");
  EXPECT_EQ(failure_of([&] { probe(text); }).code, "source_corrupt");
}

}  // namespace
}  // namespace videngine::test
