#include "session_graph.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "encode/niceness.h"
#include "error.h"
#include "filter/late_pictures.h"

namespace videngine {
namespace {

constexpr int64_t kTextLeadUs = 10LL * AV_TIME_BASE;

// The first instant of the source that anything in the plan shows.
int64_t first_wanted_us(const Plan& plan) {
  int64_t first = graph::PictureClock::kForever;
  for (const PicturePlan& picture : plan.pictures) first = std::min(first, picture.start_s.to_us());
  for (const AudioRenditionPlan& audio : plan.audio) {
    if (audio.stream) first = std::min(first, audio.start_s.to_us());
  }
  for (const LoudnessPlan& loudness : plan.loudness) {
    first = std::min(first, loudness.start_s.to_us());
  }
  for (const StillPlan& still : plan.stills) first = std::min(first, still.time_s.to_us());
  for (const GifPlan& gif : plan.gifs) first = std::min(first, gif.start_s.to_us());
  for (const ThumbnailsPlan& images : plan.thumbnails) {
    first = std::min(first, images.start_s.to_us());
  }
  if (first == graph::PictureClock::kForever) return 0;
  // A text that began before may still be on screen.
  return plan.texts.empty() ? first : std::max<int64_t>(first - kTextLeadUs, 0);
}

}  // namespace

SessionGraph::SessionGraph(const Plan& plan, Report report)
    : plan_(plan), report_(std::move(report)) {
  stages_.on_stop([this] { stop_ = true; });
}

void SessionGraph::tap(std::string picture, std::shared_ptr<graph::Tap> tap) {
  taps_.emplace_back(std::move(picture), std::move(tap));
}

void SessionGraph::build() {
  if (plan_.clips.empty()) {
    feed(plan_.source_path, first_wanted_us(plan_), clock_);
  } else {
    for (const ClipPlan& clip : plan_.clips) {
      feed(clip.path, clip.start_s.to_us(), clip_clocks_.emplace_back());
    }
  }
  if (plan_.shows_pictures()) {
    build_pictures();
    build_taps();
  } else {
    clock_.finish(graph::PictureClock::kForever);
  }
  no_picture_.finish(graph::PictureClock::kForever);
  for (const LoudnessPlan& loudness : plan_.loudness) {
    feeds_.front()->require_stream(loudness.stream);
  }
  for (const AudioRenditionPlan& audio : plan_.audio) {
    if (audio.stream) feeds_.front()->require_stream(*audio.stream);
  }
  build_sounds();
  for (const TextRenditionPlan& text : plan_.texts) {
    texts_.push_back(&feeds_.front()->read_text(text, report_));
  }
}

SourceFeed& SessionGraph::feed(const std::string& path, int64_t start_us,
                               graph::PictureClock& its_clock) {
  return *feeds_.emplace_back(
      std::make_unique<SourceFeed>(path, &stop_, start_us, stages_, its_clock));
}

std::shared_ptr<graph::FrameQueue> SessionGraph::connect(graph::Outlet& outlet, std::size_t depth) {
  auto queue = outlet.connect(depth);
  stages_.on_stop([queue] { queue->close(); });
  return queue;
}

// The decoder of the source, or the splice of all clips' decoders: that has no lines of fields any
// more, so there is one way of deinterlacing for all.
graph::Outlet& SessionGraph::picture_source(const std::string& deinterlace) {
  if (plan_.clips.empty()) {
    if (picture_decoder_ == nullptr) {
      picture_decoder_ = &feeds_.front()->decode_picture(*plan_.video_stream, plan_.decoder_threads,
                                                         plan_.rotation_deg, plan_.keyframes_only);
    }
    return picture_decoder_->outlet(deinterlace);
  }
  if (picture_splice_) return picture_splice_->outlet();
  std::vector<PictureSplice::Clip> clips;
  for (std::size_t i = 0; i < plan_.clips.size(); ++i) {
    const ClipPlan& clip = plan_.clips[i];
    PictureDecodeStage& decoder =
        feeds_[i]->decode_picture(clip.video_stream, plan_.decoder_threads, clip.rotation_deg);
    clips.push_back(
        {{clip.start_s.to_us(), clip.length_s.to_us()}, connect(decoder.outlet(deinterlace))});
  }
  picture_splice_ = std::make_unique<PictureSplice>(std::move(clips), plan_.width_px,
                                                    plan_.height_px, stages_, clock_);
  return picture_splice_->outlet();
}

SessionGraph::SoundSource SessionGraph::sound_source(int stream) {
  if (plan_.clips.empty()) {
    SoundDecodeStage& decoder = feeds_.front()->decode_sound(stream);
    return {connect(decoder.outlet()), [s = &decoder] { return s->holds_up_demuxer(); }};
  }
  auto& splice = sound_splices_[stream];
  if (!splice) {
    std::vector<SoundSplice::Clip> clips;
    for (std::size_t i = 0; i < plan_.clips.size(); ++i) {
      const ClipPlan& clip = plan_.clips[i];
      SoundSplice::Clip& sound =
          clips.emplace_back(ClipRange{clip.start_s.to_us(), clip.length_s.to_us()});
      for (const auto& [of_first, here] : clip.sounds) {
        if (of_first != stream) continue;
        sound.decoder = &feeds_[i]->decode_sound(here);
        sound.frames = connect(sound.decoder->outlet());
      }
    }
    splice = std::make_unique<SoundSplice>(std::move(clips));
  }
  return {connect(splice->outlet()), [s = splice.get()] { return s->holds_up_demuxer(); }};
}

std::unique_ptr<VideoStage> SessionGraph::encoder(const VideoRenditionPlan& video,
                                                  const PicturePlan& picture) {
  std::shared_ptr<analysis::FindingQueue> found;
  std::size_t depth = graph::kFrameQueueDepth;
  if (video.lookahead) {
    found = lookaheads_.at(*video.lookahead)->connect();
    stages_.on_stop([found] { found->close(); });
    if (!late_.contains(video.picture)) depth = waiting_depth(*video.lookahead);
  }
  return std::make_unique<VideoStage>(video, picture,
                                      connect(pictures_.at(video.picture)->outlet(), depth),
                                      std::move(found), stages_, report_);
}

std::size_t SessionGraph::waiting_depth(const std::string& lookahead) const {
  const auto look = std::ranges::find(plan_.lookaheads, lookahead, &LookaheadPlan::id);
  return graph::kFrameQueueDepth + analysis::LookaheadStage::delay_frames(*look);
}

void SessionGraph::build_pictures() {
  std::set<std::string> tapped;
  for (const auto& [picture, tap] : taps_) tapped.insert(picture);
  late_ = late_pictures(plan_, tapped);
  std::map<std::string, const PicturePlan*> plans;
  for (const PicturePlan& picture : plan_.pictures) {
    plans[picture.id] = &picture;
    graph::Outlet& from = picture.parent ? pictures_.at(*picture.parent)->outlet()
                                         : picture_source(picture.look.deinterlace);
    const auto late = late_.find(picture.id);
    const bool waits = late != late_.end() && !late_.contains(*picture.parent);
    const std::size_t depth = waits ? waiting_depth(late->second) : graph::kFrameQueueDepth;
    pictures_[picture.id] =
        std::make_unique<PictureStage>(picture, connect(from, depth), clock_, stages_);
  }
  for (const LookaheadPlan& look : plan_.lookaheads) {
    lookaheads_[look.id] = std::make_unique<analysis::LookaheadStage>(
        look, plans.at(look.picture)->frame_rate, connect(pictures_.at(look.picture)->outlet()),
        stages_);
  }
  for (const VideoRenditionPlan& video : plan_.video) {
    videos_.push_back(encoder(video, *plans.at(video.picture)));
  }
  link_analyses();
  for (const StillPlan& still : plan_.stills) {
    graph::Outlet& from = picture_source(still.look.deinterlace);
    stills_.push_back(std::make_unique<StillStage>(still, connect(from), stages_, report_));
  }
  for (const GifPlan& gif : plan_.gifs) {
    gifs_.push_back(std::make_unique<GifStage>(gif, connect(picture_source(gif.look.deinterlace)),
                                               clock_, stages_, report_));
  }
  for (const ThumbnailsPlan& images : plan_.thumbnails) {
    thumbnails_.push_back(std::make_unique<ThumbnailsStage>(
        images, plan_.keyframes_only, connect(picture_source(images.look.deinterlace)), clock_,
        stages_, report_));
  }
}

// A rendition is encoded beside those that read its analysis, on threads of their own.
void SessionGraph::link_analyses() {
  for (std::size_t i = 0; i < videos_.size(); ++i) {
    if (!plan_.video[i].analysis_from) continue;
    const auto from =
        std::ranges::find(plan_.video, *plan_.video[i].analysis_from, &VideoRenditionPlan::id);
    const auto queue = std::make_shared<AnalysisQueue>(kAnalysisQueueDepth);
    stages_.on_stop([queue] { queue->close(); });
    videos_[i]->links().reads = queue;
    videos_[static_cast<std::size_t>(from - plan_.video.begin())]->links().writes.push_back(queue);
  }
}

void SessionGraph::build_taps() {
  for (const auto& [picture, tap] : taps_) {
    graph::Outlet& from = picture.empty() ? picture_source("") : pictures_.at(picture)->outlet();
    from.add(tap);
    stages_.on_stop([tap] { tap->finish(); });
  }
}

void SessionGraph::build_sounds() {
  for (const AudioRenditionPlan& audio : plan_.audio) {
    SoundSource source{nullptr, [] { return false; }};
    if (audio.stream) source = sound_source(*audio.stream);
    audios_.push_back(std::make_unique<AudioStage>(audio, source.frames,
                                                   audio.with_picture ? clock_ : no_picture_,
                                                   source.hurry, stages_, report_));
  }
  for (const LoudnessPlan& loudness : plan_.loudness) {
    meters_.push_back(std::make_unique<LoudnessStage>(
        loudness, sound_source(loudness.stream).frames, stages_, report_));
  }
}

std::function<void()> SessionGraph::leaf(const std::string& id,
                                         std::shared_ptr<graph::FrameQueue> frames,
                                         std::function<void()> run) {
  return [this, id, frames = std::move(frames), run = std::move(run)] {
    try {
      run();
    } catch (const EngineError& error) {
      // A full disk or exhausted memory would fail the next one.
      if (error.kind == ErrorClass::ResourceError || stages_.stopped()) throw;
      if (frames) frames->close();
      report_(RenditionFailed{id, error});
    }
  };
}

Progress SessionGraph::progress() const {
  Progress now;
  const auto take = [&now](const auto& source) {
    now.frames = source.frames;
    now.time_s = static_cast<double>(source.position_us.load()) / AV_TIME_BASE;
  };
  if (picture_splice_) {
    take(*picture_splice_);
  } else if (picture_decoder_ != nullptr) {
    take(*picture_decoder_);
  } else {
    int64_t slowest_us = graph::PictureClock::kForever;
    const auto wait_for = [&slowest_us](const auto& sound) {
      const bool goes_on = sound->frames() && !sound->frames()->closed();
      if (goes_on) slowest_us = std::min<int64_t>(slowest_us, sound->position_us);
    };
    std::ranges::for_each(audios_, wait_for);
    std::ranges::for_each(meters_, wait_for);
    if (slowest_us != graph::PictureClock::kForever) {
      now.time_s = static_cast<double>(slowest_us) / AV_TIME_BASE;
    }
  }
  // The slowest rendition is how far the job is.
  for (const auto& video : videos_) {
    if (!video->frames()->closed()) now.time_s = std::min(now.time_s, video->position_s());
  }
  return now;
}

// Downstream first, so that every consumer stands ready before its producer.
void SessionGraph::spawn(std::function<void()> idle) {
  stages_.on_idle(std::move(idle));
  std::vector<graph::Stages::Stage> all;
  const auto add = [&](const auto& plans, const auto& stages,
                       const std::vector<int>& niceness = {}) {
    for (std::size_t i = 0; i < stages.size(); ++i) {
      all.emplace_back(plans[i].id,
                       leaf(plans[i].id, stages[i]->frames(), [s = stages[i].get()] { s->run(); }),
                       niceness.empty() ? 0 : niceness[i]);
    }
  };
  add(plan_.gifs, gifs_);
  add(plan_.thumbnails, thumbnails_);
  add(plan_.stills, stills_);
  add(plan_.loudness, meters_);
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    all.emplace_back(plan_.texts[i].id,
                     leaf(plan_.texts[i].id, nullptr, [s = texts_[i]] { s->run(); }));
  }
  add(plan_.audio, audios_);
  add(plan_.video, videos_, encoder_niceness(plan_));
  for (const auto& [id, look] : lookaheads_) {
    all.emplace_back(id, [s = look.get()] { s->run(); });
    all.emplace_back(id + " first", [s = look.get()] { s->look_first(); });
  }
  for (const PicturePlan& picture : std::views::reverse(plan_.pictures)) {
    all.emplace_back(picture.id, [s = pictures_.at(picture.id).get()] { s->run(); });
  }
  for (const auto& [stream, splice] : sound_splices_) {
    all.emplace_back("splice " + std::to_string(stream), [s = splice.get()] { s->run(); });
  }
  if (picture_splice_)
    all.emplace_back("splice picture", [s = picture_splice_.get()] { s->run(); });
  for (std::size_t i = 0; i < feeds_.size(); ++i) {
    feeds_[i]->add_stages(plan_.clips.empty() ? "" : std::to_string(i) + " ", all);
  }
  stages_.spawn_all(std::move(all));
}

}  // namespace videngine
