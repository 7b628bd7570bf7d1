#include <array>
#include <atomic>

#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "demux/input.h"
#include "fixtures/failure.h"
#include "fixtures/process.h"
#include "fixtures/scratch.h"
#include "fixtures/source.h"

namespace videngine::test {
namespace {

class InputFile : public testing::Test {
 protected:
  [[nodiscard]] static EngineError refusal(const std::string& path) {
    const Census before = census();
    EngineError error = failure_of([&] { const Input input(path); });
    EXPECT_EQ(error.kind, ErrorClass::InputError);
    EXPECT_EQ(error.subject, path);
    EXPECT_EQ(census(), before);
    return error;
  }
  Scratch scratch_;
};

TEST_F(InputFile, IsOpened) {
  write_source(scratch_.path("source.mp4"), {});
  const Census before = census();
  {
    const Input input(scratch_.path("source.mp4"));
    EXPECT_EQ(input.context()->nb_streams, 2U);
    EXPECT_EQ(input.size_bytes(), std::filesystem::file_size(scratch_.path("source.mp4")));
    EXPECT_EQ(census().files, before.files + 1);
  }
  EXPECT_EQ(census(), before);
}

TEST_F(InputFile, IsOpenedAgainByWhatIsKnown) {
  for (const char* name : {"again.mp4", "again.mkv", "again.ts"}) {
    const std::string path = scratch_.path(name);
    write_source(path, {.video_codec = "libx264"});
    const Input first(path);
    const Input second(path, nullptr, *first.known());
    EXPECT_EQ(second.origin_us(), first.origin_us());
    const AVCodecParameters& known = *first.context()->streams[0]->codecpar;
    const AVCodecParameters& told = *second.context()->streams[0]->codecpar;
    EXPECT_EQ(told.format, known.format);
    EXPECT_EQ(told.video_delay, known.video_delay);
    const av::Packet one = av::make_packet();
    const av::Packet other = av::make_packet();
    while (av_read_frame(first.context(), one.get()) >= 0) {
      ASSERT_GE(av_read_frame(second.context(), other.get()), 0);
      EXPECT_EQ(other->stream_index, one->stream_index);
      EXPECT_EQ(other->pts, one->pts);
      EXPECT_EQ(other->pos, one->pos);
      EXPECT_EQ(other->size, one->size);
      av_packet_unref(one.get());
      av_packet_unref(other.get());
    }
    EXPECT_EQ(av_read_frame(second.context(), other.get()), AVERROR_EOF);
  }
}

TEST_F(InputFile, IsNotTakenForAnotherThatWasKnown) {
  write_source(scratch_.path("film.mp4"), {});
  write_source(scratch_.path("silent.mp4"), {.sample_rate_hz = 0});
  const Input film(scratch_.path("film.mp4"));
  const Input other(scratch_.path("silent.mp4"), nullptr, *film.known());
  EXPECT_EQ(other.context()->nb_streams, 1U);
  EXPECT_EQ(other.context()->streams[0]->codecpar->width, 160);
}

TEST_F(InputFile, ThatIsNotThereIsNotFound) {
  EXPECT_EQ(refusal(scratch_.path("nothing.mp4")).code, "source_not_found");
}

TEST_F(InputFile, ThatIsAFolderIsNotFound) {
  EXPECT_EQ(refusal(scratch_.folder()).code, "source_not_found");
}

TEST_F(InputFile, ThatIsADeviceIsNotFound) {
  EXPECT_EQ(refusal("/dev/null").code, "source_not_found");
}

TEST_F(InputFile, ThatIsAPipeIsRefusedWithoutWaiting) {
  ASSERT_EQ(mkfifo(scratch_.path("pipe.mp4").c_str(), 0600), 0);
  EXPECT_EQ(refusal(scratch_.path("pipe.mp4")).code, "source_not_found");
}

TEST_F(InputFile, ThatIsEmptyIsCorrupt) {
  const EngineError error = refusal(scratch_.write("empty.mp4", ""));
  EXPECT_EQ(error.code, "source_corrupt");
  EXPECT_NE(std::string(error.what()).find("empty"), std::string::npos);
}

TEST_F(InputFile, OfTextIsCorrupt) {
  EXPECT_EQ(refusal(scratch_.write("text.mp4", "This is no film.\n")).code, "source_corrupt");
}

TEST_F(InputFile, CutInItsHeaderIsCorrupt) {
  write_source(scratch_.path("source.mp4"), {});
  std::filesystem::resize_file(scratch_.path("source.mp4"), 40);
  EXPECT_EQ(refusal(scratch_.path("source.mp4")).code, "source_corrupt");
}

// Playlists and lists of files dressed up as films, which name a file that lies beside them.
class Disguise : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(Disguise, IsRefusedAndOpensNothingElse) {
  const Scratch scratch;
  const std::string secret = scratch.path("secret.ts");
  write_source(secret, {.seconds = 0.4});
  std::string text = GetParam().second;
  for (std::size_t at = 0; (at = text.find("SECRET", at)) != std::string::npos;) {
    text.replace(at, 6, secret);
  }
  const std::string film = scratch.write("film.mp4", text);
  const int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  ASSERT_GE(watch, 0);
  ASSERT_GE(inotify_add_watch(watch, secret.c_str(), IN_OPEN | IN_ACCESS), 0);
  const EngineError error = failure_of([&] { const Input input(film); });
  EXPECT_EQ(error.code, "source_corrupt");
  std::array<char, 4096> events{};
  EXPECT_EQ(read(watch, events.data(), events.size()), -1) << "the other file was opened";
  close(watch);
}

INSTANTIATE_TEST_SUITE_P(
    , Disguise,
    testing::Values(
        std::pair("Concat", "ffconcat version 1.0\nfile 'SECRET'\n"),
        std::pair("Hls", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nSECRET\n#EXT-X-ENDLIST\n"),
        std::pair("HlsByUrl",
                  "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://SECRET\n#EXT-X-ENDLIST\n"),
        std::pair("Dash",
                  "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" "
                  "type=\"static\" mediaPresentationDuration=\"PT1S\"><Period><AdaptationSet "
                  "mimeType=\"video/mp2t\"><Representation id=\"1\" bandwidth=\"1\"><BaseURL>"
                  "SECRET</BaseURL></Representation></AdaptationSet></Period></MPD>"),
        std::pair("Sdp",
                  "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
                  "m=video 5004 RTP/AVP 96\n")),
    [](const auto& disguise) { return std::string(disguise.param.first); });

TEST_F(InputFile, IsReadNoFurtherOnceStopped) {
  const std::string path = scratch_.path("source.wav");
  // Well over the megabyte that some releases read before they say what a file is.
  write_source(path, {.seconds = 40, .width_px = 0, .audio_codec = "pcm_s16le"});
  std::atomic<bool> stop = false;
  const Input input(path, &stop);
  stop = true;
  const av::Packet packet = av::make_packet();
  int64_t bytes = 0;
  while (av_read_frame(input.context(), packet.get()) >= 0) {
    bytes += packet->size;
    av_packet_unref(packet.get());
  }
  EXPECT_LT(bytes, input.size_bytes() / 2);  // what had been read already
}

TEST_F(InputFile, OpenedWhenStoppedIsCancelled) {
  write_source(scratch_.path("source.mp4"), {});
  const std::atomic<bool> stop = true;
  const EngineError error =
      failure_of([&] { const Input input(scratch_.path("source.mp4"), &stop); });
  EXPECT_EQ(error.kind, ErrorClass::Cancelled);
}

TEST_F(InputFile, BeginsWithItsFirstPicture) {
  write_source(scratch_.path("late.ts"), {.first_timestamp_s = 500});
  const Input input(scratch_.path("late.ts"));
  const AVStream& picture = *input.context()->streams[0];
  EXPECT_EQ(input.origin_us(), av_rescale_q(picture.start_time, picture.time_base, AV_TIME_BASE_Q));
}

TEST_F(InputFile, BeginsWithASoundThatStartsWellBeforeThePicture) {
  write_source(
      scratch_.path("early.mkv"),
      {.seconds = 4, .audio_codec = "pcm_s16le", .sound_delay_s = -1, .first_timestamp_s = 2});
  const Input input(scratch_.path("early.mkv"));
  EXPECT_NEAR(static_cast<double>(input.origin_us()) / 1e6, 1.0, 0.01);
}

}  // namespace
}  // namespace videngine::test
