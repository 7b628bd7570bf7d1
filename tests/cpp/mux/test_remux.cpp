#include <algorithm>
#include <fstream>
#include <iterator>
#include <vector>

#include <gtest/gtest.h>

#include "fixtures/failure.h"
#include "fixtures/measure.h"
#include "fixtures/process.h"
#include "fixtures/source.h"
#include "mux/remux.h"
#include "session/run.h"

namespace videngine::test {
namespace {

class Remux : public testing::Test {
 protected:
  // Two seconds of picture with B-frames and two sound tracks, as the engine writes them.
  void SetUp() override {
    write_source(scratch_.path("source.mp4"), {});
    Plan plan = plain_plan(scratch_, scratch_.path("source.mp4"));
    plan.video[0].preset = "medium";
    plan.audio.push_back(audio_plan(scratch_, "b", 1));
    run(plan);
  }

  [[nodiscard]] std::vector<std::string> tracks(const std::string& names) const {
    std::vector<std::string> paths;
    for (const char name : names) paths.push_back(scratch_.path(std::string(1, name) + ".mp4"));
    return paths;
  }

  Scratch scratch_;
};

TEST_F(Remux, IntoMp4KeepsEveryFrameAndStartsAtZero) {
  const std::string target = scratch_.path("film.mp4");
  remux_file(tracks("vab"), {"", "eng", "fra"}, {}, target);
  const std::vector<Track> made = measure(target);
  ASSERT_EQ(made.size(), 3U);
  ASSERT_EQ(made[0].decoded_s.size(), 50U);
  for (std::size_t n = 0; n < 50; ++n) {
    EXPECT_NEAR(made[0].decoded_s[n], static_cast<double>(n) / 25, 1e-4);
  }
  EXPECT_EQ(made[1].language, "eng");
  EXPECT_EQ(made[2].language, "fra");
  EXPECT_NEAR(made[1].decoded_s.at(0), 0, 1e-6);
  EXPECT_EQ(made[1].samples, measure(scratch_.path("a.mp4")).at(0).samples);
}

TEST_F(Remux, IntoMp4PutsTheMoovFirst) {
  remux_file(tracks("va"), {"", ""}, {}, scratch_.path("film.mp4"));
  const std::vector<std::string> order = boxes(scratch_.path("film.mp4"));
  EXPECT_LT(std::ranges::find(order, "moov"), std::ranges::find(order, "mdat"));
  EXPECT_EQ(std::ranges::count(order, "moof"), 0);
}

TEST_F(Remux, IntoTransportStreamCutsOnTheSegmentGrid) {
  remux_ts(tracks("va"), scratch_.folder(), {1, 1}, "index.m3u8", "segment_%d.ts");
  double picture_frames = 0;
  for (const char* name : {"segment_1.ts", "segment_2.ts"}) {
    const std::vector<Track> made = measure(scratch_.path(name));
    ASSERT_EQ(made.size(), 2U);
    EXPECT_EQ(made[0].decoded_s.size(), 25U);
    EXPECT_FALSE(made[0].key_pts_s.empty());
    picture_frames += static_cast<double>(made[0].decoded_s.size());
  }
  EXPECT_EQ(picture_frames, 50);
  EXPECT_FALSE(std::filesystem::exists(scratch_.path("segment_3.ts")));
  std::ifstream playlist(scratch_.path("index.m3u8"));
  const std::string text(std::istreambuf_iterator<char>(playlist), {});
  EXPECT_NE(text.find("#EXTINF:1.000000,\nsegment_1.ts\n"), std::string::npos) << text;
  EXPECT_NE(text.find("#EXT-X-ENDLIST"), std::string::npos);
}

TEST_F(Remux, OntoAFullDiskSaysSo) {
  const Census before = census();
  const EngineError error =
      failure_of([&] { remux_file(tracks("va"), {"", ""}, {}, "/dev/full"); });
  EXPECT_EQ(error.code, "disk_full");
  EXPECT_EQ(census(), before);
}

TEST_F(Remux, OfATrackThatIsNotThereNamesIt) {
  const Census before = census();
  const EngineError error = failure_of(
      [&] { remux_file({scratch_.path("none.mp4")}, {""}, {}, scratch_.path("film.mp4")); });
  EXPECT_EQ(error.subject, scratch_.path("none.mp4"));
  EXPECT_EQ(census(), before);
}

TEST_F(Remux, IntoAFolderThatIsNotThereFails) {
  const Census before = census();
  const std::string nowhere = scratch_.path("nowhere");
  EXPECT_EQ(failure_of([&] { remux_file(tracks("va"), {"", ""}, {}, nowhere + "/film.mp4"); }).code,
            "packaging_failed");
  EXPECT_EQ(census(), before);
}

}  // namespace
}  // namespace videngine::test
