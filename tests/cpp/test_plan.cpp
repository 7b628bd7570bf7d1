#include <functional>
#include <ostream>
#include <stdexcept>

#include <gtest/gtest.h>

#include "session/run.h"

namespace videngine::test {
namespace {

// A plan with one of everything. Nothing is opened, so that no file needs to be there.
Plan whole_plan() {
  const Scratch scratch;
  Plan plan = plain_plan(scratch, "source.mp4");
  plan.pictures.push_back(picture_plan("child", 80, 48));
  plan.pictures.back().parent = "p";
  plan.stills = {still_plan(scratch, "still", {1, 1})};
  return plan;
}

TEST(Plan, ThatCanBeIsAccepted) { EXPECT_NO_THROW(validate(whole_plan())); }

TEST(Plan, MayHaveSoundAlone) {
  Plan plan = whole_plan();
  plan.video_stream.reset();
  plan.pictures.clear();
  plan.video.clear();
  plan.stills.clear();
  EXPECT_NO_THROW(validate(plan));
}

struct Fault {
  const char* name;
  std::function<void(Plan&)> make;
  const char* subject;
  const char* says;
};
void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

class PlanFault : public testing::TestWithParam<Fault> {};

TEST_P(PlanFault, IsNamed) {
  Plan plan = whole_plan();
  GetParam().make(plan);
  try {
    validate(plan);
    FAIL() << "accepted";
  } catch (const std::invalid_argument& refusal) {
    const std::string message = refusal.what();
    EXPECT_TRUE(message.starts_with("plan: " + std::string(GetParam().subject) + ": ")) << message;
    EXPECT_NE(message.find(GetParam().says), std::string::npos) << message;
  }
}

const std::vector<Fault> kPlanFaults{
    {"Rotation", [](Plan& p) { p.rotation_deg = 45; }, "plan", "rotation_deg"},
    {"NegativeRotation", [](Plan& p) { p.rotation_deg = -90; }, "plan", "rotation_deg"},
    {"DecoderThreads", [](Plan& p) { p.decoder_threads = 0; }, "plan", "decoder_threads"},
    {"NoStream", [](Plan& p) { p.video_stream.reset(); }, "plan", "video_stream"},
};

const std::vector<Fault> kPictureFaults{
    {"IdTwice", [](Plan& p) { p.pictures[1].id = "p"; }, "p", "once"},
    {"NoId", [](Plan& p) { p.pictures[1].id = ""; }, "", "once"},
    {"NoWidth", [](Plan& p) { p.pictures[0].width_px = 0; }, "p", "positive"},
    {"OddHeight", [](Plan& p) { p.pictures[0].height_px = 97; }, "p", "even"},
    {"NoRate", [](Plan& p) { p.pictures[0].frame_rate = {}; }, "p", "frame_rate"},
    {"NegativeStart", [](Plan& p) { p.pictures[0].start_s = {-1, 1}; }, "p", "start_s"},
    {"NoDuration", [](Plan& p) { p.pictures[0].duration_s = Rational{}; }, "p", "duration_s"},
    {"ParentUnknown", [](Plan& p) { p.pictures[1].parent = "x"; }, "child", "parent"},
    {"ParentBehindChild", [](Plan& p) { std::swap(p.pictures[0], p.pictures[1]); }, "child",
     "parent"},
};

const std::vector<Fault> kVideoFaults{
    {"PictureUnknown", [](Plan& p) { p.video[0].picture = "x"; }, "v", "picture"},
    {"TwoRulers", [](Plan& p) { p.video[0].bitrate_bps = 1; }, "v", "exactly one"},
    {"NoRuler", [](Plan& p) { p.video[0].crf.reset(); }, "v", "exactly one"},
    {"CapWithoutBuffer", [](Plan& p) { p.video[0].max_bitrate_bps = 1; }, "v", "go together"},
    {"BufferWithoutCap", [](Plan& p) { p.video[0].buffer_size_bits = 1; }, "v", "go together"},
    {"NoGop", [](Plan& p) { p.video[0].gop_frames = 0; }, "v", "gop_frames"},
    {"NoSegment", [](Plan& p) { p.video[0].segment_s = {}; }, "v", "segment_s"},
    {"NoGrid", [](Plan& p) { p.video[0].grid_rate = {}; }, "v", "grid_rate"},
    {"NoThreads", [](Plan& p) { p.video[0].threads = 0; }, "v", "threads"},
    {"NoChunkEncoders", [](Plan& p) { p.video[0].chunk_encoders = 0; }, "v", "chunk_encoders"},
    {"ChunksAlone", [](Plan& p) { p.video[0].chunk_encoders = 2; }, "v", "lookahead"},
    {"IdOfAPicture", [](Plan& p) { p.video[0].id = "p"; }, "p", "once"},
};

const std::vector<Fault> kSoundAndStillFaults{
    {"EndlessSilence", [](Plan& p) { p.audio[0].stream.reset(); }, "a", "duration_s"},
    {"NoSampleRate", [](Plan& p) { p.audio[0].sample_rate_hz = 0; }, "a", "sample_rate_hz"},
    {"NoLayout", [](Plan& p) { p.audio[0].layout = "nine"; }, "a", "layout"},
    {"NegativeBitrate", [](Plan& p) { p.audio[0].bitrate_bps = -1; }, "a", "bitrate_bps"},
    {"NoSoundSegment", [](Plan& p) { p.audio[0].segment_s = {}; }, "a", "segment_s"},
    {"NegativeSoundStart", [](Plan& p) { p.audio[0].start_s = {-1, 2}; }, "a", "start_s"},
    {"NoSoundDuration", [](Plan& p) { p.audio[0].duration_s = Rational{}; }, "a", "duration_s"},
    {"EmptyPath", [](Plan& p) { p.audio[0].path = ""; }, "", "once"},
    {"NoStillSize", [](Plan& p) { p.stills[0].height_px = 0; }, "still", "positive"},
    {"NegativeStillTime", [](Plan& p) { p.stills[0].time_s = {-1, 1}; }, "still", "time_s"},
    {"StillFormat", [](Plan& p) { p.stills[0].format = "gif"; }, "still", "format"},
    {"StillQuality", [](Plan& p) { p.stills[0].quality = 101; }, "still", "quality"},
    {"NoStillQuality", [](Plan& p) { p.stills[0].quality = 0; }, "still", "quality"},
};

std::string name_of(const testing::TestParamInfo<Fault>& fault) { return fault.param.name; }

INSTANTIATE_TEST_SUITE_P(Whole, PlanFault, testing::ValuesIn(kPlanFaults), name_of);
INSTANTIATE_TEST_SUITE_P(Picture, PlanFault, testing::ValuesIn(kPictureFaults), name_of);
INSTANTIATE_TEST_SUITE_P(Video, PlanFault, testing::ValuesIn(kVideoFaults), name_of);
INSTANTIATE_TEST_SUITE_P(SoundAndStill, PlanFault, testing::ValuesIn(kSoundAndStillFaults),
                         name_of);

// A rendition "v" that reads the analysis of another, "half".
Plan paired_plan() {
  const Scratch scratch;
  Plan plan = whole_plan();
  plan.video.push_back(video_plan(scratch, "half", "child"));
  for (VideoRenditionPlan& video : plan.video) video.codec = "libx265";
  plan.video[0].analysis_from = "half";
  return plan;
}

class AnalysisFault : public testing::TestWithParam<Fault> {};

TEST_P(AnalysisFault, IsNamed) {
  Plan plan = paired_plan();
  EXPECT_NO_THROW(validate(plan));
  GetParam().make(plan);
  try {
    validate(plan);
    FAIL() << "accepted";
  } catch (const std::invalid_argument& refusal) {
    const std::string message = refusal.what();
    EXPECT_TRUE(message.starts_with("plan: v: analysis_from")) << message;
    EXPECT_NE(message.find(GetParam().says), std::string::npos) << message;
  }
}

const std::vector<Fault> kAnalysisFaults{
    {"Unknown", [](Plan& p) { p.video[0].analysis_from = "no"; }, "v", "unknown"},
    {"Itself", [](Plan& p) { p.video[0].analysis_from = "v"; }, "v", "itself"},
    {"Chain", [](Plan& p) { p.video[1].analysis_from = "v"; }, "v", "itself"},
    {"Codec", [](Plan& p) { p.video[1].codec = "libx264"; }, "v", "libx265"},
    {"Pass",
     [](Plan& p) {
       p.video[0].pass_number = 1;
       p.video[0].statistics_path = "stats";
     },
     "v", "single pass"},
    {"Size", [](Plan& p) { p.pictures[0].width_px = 162; }, "v", "half"},
    {"Rate", [](Plan& p) { p.pictures[1].frame_rate = {50, 1}; }, "v", "same frames"},
    {"Clip", [](Plan& p) { p.pictures[1].duration_s = Rational{1, 1}; }, "v", "same frames"},
    {"Depth", [](Plan& p) { p.pictures[1].pixel_format = "yuv420p10le"; }, "v", "same frames"},
    {"Gop", [](Plan& p) { p.video[1].gop_frames = 7; }, "v", "alike"},
    {"Preset", [](Plan& p) { p.video[1].preset = "slow"; }, "v", "alike"},
    {"Buffer",
     [](Plan& p) {
       p.video[1].max_bitrate_bps = 1000;
       p.video[1].buffer_size_bits = 1000;
     },
     "v", "alike"},
};
INSTANTIATE_TEST_SUITE_P(Analysis, AnalysisFault, testing::ValuesIn(kAnalysisFaults), name_of);

TEST(PlanRefusal, OfAPathGivenTwiceIsNamed) {
  Plan plan = whole_plan();
  plan.stills[0].path = plan.audio[0].path;
  EXPECT_THROW(validate(plan), std::invalid_argument);
}

TEST(PlanRefusal, StopsASessionBeforeItOpensAnything) {
  Plan plan = whole_plan();
  plan.rotation_deg = 1;
  EXPECT_THROW(Session{plan}, std::invalid_argument);
}

}  // namespace
}  // namespace videngine::test
