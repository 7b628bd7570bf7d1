#include <csignal>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "encode/audio_encoder.h"
#include "encode/video_encoder.h"
#include "fixtures/failure.h"
#include "fixtures/frames.h"
#include "fixtures/measure.h"
#include "fixtures/process.h"
#include "mux/sound_writer.h"
#include "mux/track_writer.h"
#include "session/run.h"

namespace videngine::test {
namespace {

// Files of this process may not grow beyond this while it is there: a disk that is full.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : ignored_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    (void)std::signal(SIGXFSZ, ignored_);
  }

 private:
  rlimit before_{};
  void (*ignored_)(int);
};

class TrackFile : public testing::Test {
 protected:
  // Writes 25 frames a second with a key frame and a cut every second.
  void write(int frames, const std::string& path, const char* preset = "medium") {
    VideoRenditionPlan plan = video_plan(scratch_, "v", "p");
    plan.preset = preset;
    const auto encoder = make_video_encoder(plan, {25, 1}, *picture(160, 96));
    TrackWriter writer("v", path, encoder->context(), {1, 1}, "");
    const auto take = [&](av::Packet packet) {
      packet->duration = 1;
      if ((packet->flags & AV_PKT_FLAG_KEY) != 0) writer.cut();
      writer.write(std::move(packet));
    };
    for (int n = 0; n < frames; ++n) {
      const av::Frame frame = picture(160, 96, n);
      frame->pts = n;
      encoder->encode(frame.get(), n % 25 == 0, take);
    }
    encoder->encode(nullptr, false, take);
    writer.finish();
    size_bytes_ = writer.size_bytes();
  }

  Scratch scratch_;
  std::string path_ = scratch_.path("track.mp4");
  int64_t size_bytes_ = 0;
};

TEST_F(TrackFile, StartsAtZeroWithEveryFrameInItsPlace) {
  for (const char* preset : {"ultrafast", "medium"}) {  // without and with B-frames
    write(60, path_, preset);
    const Track track = measure(path_).at(0);
    ASSERT_EQ(track.decoded_s.size(), 60U);
    for (std::size_t n = 0; n < 60; ++n) {
      EXPECT_NEAR(track.decoded_s[n], static_cast<double>(n) / 25, 1e-6) << preset;
    }
    EXPECT_EQ(size_bytes_, std::filesystem::file_size(path_));
  }
}

TEST_F(TrackFile, HasOneFragmentForEachSegment) {
  for (const int segments : {1, 2, 5}) {
    write(25 * segments, path_);
    EXPECT_EQ(count_boxes(path_, "moof"), segments);
    EXPECT_EQ(count_boxes(path_, "mdat"), segments);
    EXPECT_EQ(count_boxes(path_, "moov"), 1);
    EXPECT_EQ(boxes(path_).at(0), "ftyp");
    EXPECT_EQ(boxes(path_).at(1), "moov");
  }
}

TEST_F(TrackFile, OfEqualInputIsEqual) {
  const auto content = [](const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  write(25, path_);
  write(25, scratch_.path("again.mp4"));
  EXPECT_EQ(content(path_), content(scratch_.path("again.mp4")));
}

TEST_F(TrackFile, OfSoundStartsAtZeroAndKnowsItsLanguage) {
  AudioRenditionPlan plan = audio_plan(scratch_, "a", 1);
  plan.path = path_;
  plan.language = "fra";
  AudioEncoder encoder(plan);
  const auto writer = make_sound_writer(plan, encoder.context(), encoder.frame_samples());
  const auto take = [&](av::Packet packet) { writer->write(std::move(packet)); };
  const av::Frame sound = tone(48'000, 2, 48'000, 0, 0);
  encoder.encode(sound->extended_data, 48'000, take);
  encoder.drain(take);
  writer->finish();
  const Track track = measure(path_).at(0);
  EXPECT_EQ(track.language, "fra");
  EXPECT_EQ(track.pts_s.at(0), 0);
  EXPECT_NEAR(static_cast<double>(track.samples.size()), 48'000, 1024);
}

TEST_F(TrackFile, ThatFindsTheDiskFullSaysSo) {
  const EngineError error = failure_of([&] { write(500, "/dev/full", "ultrafast"); });
  EXPECT_EQ(error.kind, ErrorClass::ResourceError);
  EXPECT_EQ(error.code, "disk_full");
  EXPECT_EQ(error.subject, "v");
}

TEST_F(TrackFile, ThatMayNotGrowFailsByItsName) {
  const Census before = census();
  const FileSizeLimit limit(20'000);
  const EngineError error = failure_of([&] { write(500, path_, "ultrafast"); });
  EXPECT_EQ(error.subject, "v");
  EXPECT_LE(std::filesystem::file_size(path_), 20'000U);
  EXPECT_EQ(census(), before);
}

TEST_F(TrackFile, ThatIsAbandonedLeavesNoOpenFile) {
  const Census before = census();
  {
    const VideoRenditionPlan plan = video_plan(scratch_, "v", "p");
    const auto encoder = make_video_encoder(plan, {25, 1}, *picture(160, 96));
    const TrackWriter writer("v", path_, encoder->context(), {1, 1}, "");
  }
  EXPECT_EQ(census(), before);
}

}  // namespace
}  // namespace videngine::test
