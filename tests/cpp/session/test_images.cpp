// GIFs, series of thumbnails and texts, as a session makes them.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "av/check.h"
#include "av/handles.h"
#include "fixtures/failure.h"
#include "fixtures/source.h"
#include "session/run.h"

namespace videngine::test {
namespace {

struct Text {
  int64_t begin_ms;
  int64_t duration_ms;
  std::string words;
};

// A Matroska file that has a stream of SubRip and nothing else.
void write_texts(const std::string& path, const std::vector<Text>& texts) {
  AVFormatContext* opened = nullptr;
  av::check(avformat_alloc_output_context2(&opened, nullptr, "matroska", path.c_str()), "alloc");
  av::check(avio_open(&opened->pb, path.c_str(), AVIO_FLAG_WRITE), "avio_open");
  const av::OutputContext file(opened);
  AVStream* stream = avformat_new_stream(file.get(), nullptr);
  stream->codecpar->codec_type = AVMEDIA_TYPE_SUBTITLE;
  stream->codecpar->codec_id = AV_CODEC_ID_SUBRIP;
  stream->time_base = {1, 1000};
  av::check(avformat_write_header(file.get(), nullptr), "avformat_write_header");
  for (const Text& text : texts) {
    const av::Packet packet = av::make_packet();
    av::check(av_new_packet(packet.get(), static_cast<int>(text.words.size())), "av_new_packet");
    std::ranges::copy(text.words, packet->data);
    packet->pts = packet->dts = text.begin_ms;
    packet->duration = text.duration_ms;
    av::check(av_write_frame(file.get(), packet.get()), "av_write_frame");
  }
  av::check(av_write_trailer(file.get()), "av_write_trailer");
}

// What libavformat finds in an image: our own input takes none.
struct Shown {
  int width_px = 0;
  int height_px = 0;
  std::vector<double> times_s;
};

Shown shown(const std::string& path) {
  AVFormatContext* opened = nullptr;
  av::check(avformat_open_input(&opened, path.c_str(), nullptr, nullptr), "open", path);
  const std::unique_ptr<AVFormatContext, void (*)(AVFormatContext*)> file(
      opened, [](AVFormatContext* context) { avformat_close_input(&context); });
  av::check(avformat_find_stream_info(file.get(), nullptr), "find_stream_info");
  const AVStream& stream = *file->streams[0];
  Shown found{stream.codecpar->width, stream.codecpar->height, {}};
  const av::Packet packet = av::make_packet();
  while (av_read_frame(file.get(), packet.get()) >= 0) {
    found.times_s.push_back(static_cast<double>(packet->pts) * av_q2d(stream.time_base));
    av_packet_unref(packet.get());
  }
  return found;
}

class Images : public testing::Test {
 protected:
  [[nodiscard]] Plan plan() const {
    write_source(scratch_.path("source.mp4"), Source{});
    Plan plan;
    plan.source_path = scratch_.path("source.mp4");
    plan.video_stream = 0;
    return plan;
  }
  [[nodiscard]] ThumbnailsPlan thumbnails(Rational interval_s, int columns = 0,
                                          int rows = 0) const {
    ThumbnailsPlan series;
    series.id = "series";
    series.interval_s = interval_s;
    series.images = 100;
    series.width_px = 80;
    series.height_px = 48;
    series.format = "png";
    series.columns = columns;
    series.rows = rows;
    series.folder = scratch_.path("series");
    series.file_pattern = "%04d.png";
    return series;
  }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(scratch_.path("series")),
                      std::filesystem::directory_iterator()));
  }
  Scratch scratch_;
};

TEST_F(Images, AGifHasThePicturesOfItsPart) {
  Plan wanted = plan();
  GifPlan gif;
  gif.id = "gif";
  gif.width_px = 80;
  gif.height_px = 48;
  gif.frame_rate = {5, 1};
  gif.start_s = {1, 2};
  gif.duration_s = Rational{1, 1};
  gif.path = scratch_.path("out.gif");
  wanted.gifs = {gif};
  const RenditionFinished made = run(wanted).renditions.at("gif");
  EXPECT_EQ(made.frames, 5);
  EXPECT_EQ(made.size_bytes, static_cast<int64_t>(std::filesystem::file_size(gif.path)));
  const Shown track = shown(gif.path);
  EXPECT_EQ(track.width_px, 80);
  EXPECT_EQ(track.height_px, 48);
  EXPECT_EQ(track.times_s.size(), 5U);
  EXPECT_NEAR(track.times_s[4] - track.times_s[0], 0.8, 0.03);
}

TEST_F(Images, AnImageOfEveryInterval) {
  Plan wanted = plan();
  wanted.thumbnails = {thumbnails({1, 2})};
  const RenditionFinished made = run(wanted).renditions.at("series");
  EXPECT_EQ(made.frames, 4);
  EXPECT_EQ(files(), 4U);
  const Shown first = shown(scratch_.path("series/0001.png"));
  EXPECT_EQ(first.width_px, 80);
  EXPECT_EQ(first.height_px, 48);
}

TEST_F(Images, TheLastSheetHasOnlyTheRowsItNeeds) {
  Plan wanted = plan();
  wanted.thumbnails = {thumbnails({1, 4}, 3, 2)};  // 8 images: a sheet of 6, and one of 2
  EXPECT_EQ(run(wanted).renditions.at("series").frames, 8);
  EXPECT_EQ(files(), 2U);
  const Shown first = shown(scratch_.path("series/0001.png"));
  const Shown last = shown(scratch_.path("series/0002.png"));
  EXPECT_EQ(first.width_px, 240);
  EXPECT_EQ(first.height_px, 96);
  EXPECT_EQ(last.width_px, 240);
  EXPECT_EQ(last.height_px, 48);
}

TEST_F(Images, TextsComeWithTheirTimes) {
  Plan wanted;
  wanted.source_path = scratch_.path("source.mkv");
  write_texts(wanted.source_path, {{500, 750, "first, with a comma"}, {2000, 1000, "two\nlines"}});
  wanted.texts = {{"text", 0, scratch_.path("out.ass")}};
  const RenditionFinished made = run(wanted).renditions.at("text");
  EXPECT_EQ(made.kind, "text");
  EXPECT_EQ(made.frames, 2);
  EXPECT_EQ(made.duration_s, (Rational{3, 1}));
  std::ostringstream text;
  text << std::ifstream(wanted.texts[0].path).rdbuf();
  EXPECT_NE(text.str().find("Dialogue: 0:00:00.500,0:00:01.250,Default,first, with a comma\n"),
            std::string::npos)
      << text.str();
  EXPECT_NE(text.str().find("Dialogue: 0:00:02.000,0:00:03.000,Default,two\\Nlines\n"),
            std::string::npos)
      << text.str();
}

TEST_F(Images, PicturesAreNoTexts) {
  Plan wanted = plan();
  wanted.texts = {{"text", 0, scratch_.path("out.ass")}};
  EXPECT_EQ(failure_of([&] { run(wanted); }).code, "source_unsupported_codec");
}

}  // namespace
}  // namespace videngine::test
