#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "analysis/lookahead_stage.h"
#include "decode/source_feed.h"
#include "decode/splice_stage.h"
#include "encode/audio_stage.h"
#include "encode/gif_stage.h"
#include "encode/loudness_stage.h"
#include "encode/still_stage.h"
#include "encode/thumbnails_stage.h"
#include "encode/video_stage.h"
#include "event.h"
#include "filter/picture_stage.h"
#include "graph/stages.h"
#include "graph/tap.h"
#include "plan.h"

namespace videngine {

// All stages that one plan asks for, and the queues between them: one decode of the source, fanned
// out. Owns their threads.
class SessionGraph {
 public:
  // `report` is called by the stages' threads. The plan has to outlive the graph.
  SessionGraph(const Plan& plan, Report report);

  // Before build: see Session::tap.
  void tap(std::string picture, std::shared_ptr<graph::Tap> tap);
  // Opens the source and makes the stages. Throws EngineError.
  void build();
  // Starts them; the last that ends calls `idle`.
  void spawn(std::function<void()> idle);
  // Any thread.
  void stop() noexcept { stages_.stop(); }
  [[nodiscard]] bool stopped() const { return stages_.stopped(); }
  // Waits for the end and throws the first failure of what all renditions need.
  void join() { stages_.join(); }

  // How far the slowest rendition is, but for `fps`. Any thread, once they are started.
  [[nodiscard]] Progress progress() const;
  // Sources whose picture is decoded, and renditions of pictures.
  [[nodiscard]] int decodes() const {
    return picture_splice_ ? static_cast<int>(feeds_.size())
                           : (picture_decoder_ != nullptr ? 1 : 0);
  }
  [[nodiscard]] int encodes() const { return static_cast<int>(videos_.size()); }

 private:
  struct SoundSource {
    std::shared_ptr<graph::FrameQueue> frames;
    std::function<bool()> hurry;
  };

  void build_pictures();
  // Of a queue whose frames wait for a shared look ahead.
  [[nodiscard]] std::size_t waiting_depth(const std::string& lookahead) const;
  void build_sounds();
  void link_analyses();
  void build_taps();
  // The body of a stage that makes one rendition: if it fails, it alone is given up.
  std::function<void()> leaf(const std::string& id, std::shared_ptr<graph::FrameQueue> frames,
                             std::function<void()> run);
  SourceFeed& feed(const std::string& path, int64_t start_us, graph::PictureClock& its_clock);
  graph::Outlet& picture_source(const std::string& deinterlace);
  SoundSource sound_source(int stream);
  std::shared_ptr<graph::FrameQueue> connect(graph::Outlet& outlet,
                                             std::size_t depth = graph::kFrameQueueDepth);
  std::unique_ptr<VideoStage> encoder(const VideoRenditionPlan& video, const PicturePlan& picture);

  const Plan& plan_;
  const Report report_;
  std::atomic<bool> stop_ = false;  // read by the input's long reads

  // Members are destroyed from the last to the first: the threads in `stages_` must go before what
  // they use.
  graph::PictureClock clock_;
  graph::PictureClock no_picture_;               // of sounds that last as long as they do
  std::deque<graph::PictureClock> clip_clocks_;  // of clips: nobody waits for them
  std::vector<std::unique_ptr<SourceFeed>> feeds_;
  PictureDecodeStage* picture_decoder_ = nullptr;
  std::unique_ptr<PictureSplice> picture_splice_;
  std::map<int, std::unique_ptr<SoundSplice>> sound_splices_;
  std::map<std::string, std::unique_ptr<PictureStage>> pictures_;
  std::map<std::string, std::string> late_;  // of them: see late_pictures
  std::map<std::string, std::unique_ptr<analysis::LookaheadStage>> lookaheads_;
  std::vector<std::unique_ptr<VideoStage>> videos_;
  std::vector<std::unique_ptr<AudioStage>> audios_;
  std::vector<std::unique_ptr<LoudnessStage>> meters_;
  std::vector<std::unique_ptr<StillStage>> stills_;
  std::vector<TextStage*> texts_;
  std::vector<std::unique_ptr<GifStage>> gifs_;
  std::vector<std::unique_ptr<ThumbnailsStage>> thumbnails_;
  std::vector<std::pair<std::string, std::shared_ptr<graph::Tap>>> taps_;  // by picture
  graph::Stages stages_;
};

}  // namespace videngine
