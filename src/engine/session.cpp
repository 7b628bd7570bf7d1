#include "session.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <ranges>
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
#include "error.h"
#include "filter/picture_stage.h"

namespace videngine {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kProgressInterval{200};
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

struct Session::State {
  explicit State(Plan wanted) : plan(std::move(wanted)) {
    stages.on_stop([this] { stop = true; });
  }

  void build();
  void build_pictures();
  void build_sounds();
  void link_analyses();
  void build_taps();
  // The body of a stage that makes one rendition: if it fails, it alone is given up.
  std::function<void()> leaf(const std::string& id, std::shared_ptr<graph::FrameQueue> frames,
                             std::function<void()> run);
  SourceFeed& feed(const std::string& path, int64_t start_us, graph::PictureClock& its_clock);
  graph::Outlet& picture_source(const std::string& deinterlace);
  struct SoundSource {
    std::shared_ptr<graph::FrameQueue> frames;
    std::function<bool()> hurry;
  };
  SoundSource sound_source(int stream);
  std::shared_ptr<graph::FrameQueue> connect(graph::Outlet& outlet,
                                             std::size_t depth = graph::kFrameQueueDepth);
  std::unique_ptr<VideoStage> encoder(const VideoRenditionPlan& video, const PicturePlan& picture);
  void spawn();
  void report(Event event);
  [[nodiscard]] Progress progress() const;
  // Sources whose picture is decoded.
  [[nodiscard]] int decodes() const {
    return picture_splice ? static_cast<int>(feeds.size()) : (picture_decoder != nullptr ? 1 : 0);
  }

  const Plan plan;
  std::atomic<bool> stop = false;  // read by the input's long reads
  bool cancelled = false;

  // Events, from all stages to the one thread that takes them.
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::deque<Event> events;
  bool idle = false;
  bool started = false;
  Clock::time_point began;
  Clock::time_point last_progress;

  // The graph. Members are destroyed from the last to the first: the threads in `stages` must go
  // before what they use.
  graph::PictureClock clock;
  graph::PictureClock no_picture;               // of sounds that last as long as they do
  std::deque<graph::PictureClock> clip_clocks;  // of clips: nobody waits for them
  std::vector<std::unique_ptr<SourceFeed>> feeds;
  PictureDecodeStage* picture_decoder = nullptr;
  std::unique_ptr<PictureSplice> picture_splice;
  std::map<int, std::unique_ptr<SoundSplice>> sound_splices;
  std::map<std::string, std::unique_ptr<PictureStage>> pictures;
  std::map<std::string, std::unique_ptr<analysis::LookaheadStage>> lookaheads;
  std::vector<std::unique_ptr<VideoStage>> videos;
  std::vector<std::unique_ptr<AudioStage>> audios;
  std::vector<std::unique_ptr<LoudnessStage>> meters;
  std::vector<std::unique_ptr<StillStage>> stills;
  std::vector<TextStage*> texts;
  std::vector<std::unique_ptr<GifStage>> gifs;
  std::vector<std::unique_ptr<ThumbnailsStage>> thumbnails;
  std::vector<std::pair<std::string, std::shared_ptr<graph::Tap>>> taps;  // by picture
  graph::Stages stages;
};

void Session::State::report(Event event) {
  const std::scoped_lock lock(mutex);
  events.push_back(std::move(event));
  changed.notify_all();
}

Progress Session::State::progress() const {
  Progress now;
  const auto take = [&now](const auto& source) {
    now.frames = source.frames;
    now.time_s = static_cast<double>(source.position_us.load()) / AV_TIME_BASE;
  };
  if (picture_splice) {
    take(*picture_splice);
  } else if (picture_decoder != nullptr) {
    take(*picture_decoder);
  } else {
    int64_t slowest_us = graph::PictureClock::kForever;
    const auto wait_for = [&slowest_us](const auto& sound) {
      const bool goes_on = sound->frames() && !sound->frames()->closed();
      if (goes_on) slowest_us = std::min<int64_t>(slowest_us, sound->position_us);
    };
    std::ranges::for_each(audios, wait_for);
    std::ranges::for_each(meters, wait_for);
    if (slowest_us != graph::PictureClock::kForever) {
      now.time_s = static_cast<double>(slowest_us) / AV_TIME_BASE;
    }
  }
  // The slowest rendition is how far the job is.
  for (const auto& video : videos) {
    if (!video->frames()->closed()) now.time_s = std::min(now.time_s, video->position_s());
  }
  const std::chrono::duration<double> elapsed = Clock::now() - began;
  now.fps = elapsed.count() > 0 ? static_cast<double>(now.frames) / elapsed.count() : 0;
  return now;
}

void Session::State::build() {
  if (plan.clips.empty()) {
    feed(plan.source_path, first_wanted_us(plan), clock);
  } else {
    for (const ClipPlan& clip : plan.clips) {
      feed(clip.path, clip.start_s.to_us(), clip_clocks.emplace_back());
    }
  }
  if (plan.shows_pictures()) {
    build_pictures();
    build_taps();
  } else {
    clock.finish(graph::PictureClock::kForever);
  }
  no_picture.finish(graph::PictureClock::kForever);
  for (const LoudnessPlan& loudness : plan.loudness) {
    feeds.front()->require_stream(loudness.stream);
  }
  for (const AudioRenditionPlan& audio : plan.audio) {
    if (audio.stream) feeds.front()->require_stream(*audio.stream);
  }
  build_sounds();
  for (const TextRenditionPlan& text : plan.texts) {
    texts.push_back(
        &feeds.front()->read_text(text, [this](Event event) { report(std::move(event)); }));
  }
}

SourceFeed& Session::State::feed(const std::string& path, int64_t start_us,
                                 graph::PictureClock& its_clock) {
  return *feeds.emplace_back(
      std::make_unique<SourceFeed>(path, &stop, start_us, stages, its_clock));
}

std::shared_ptr<graph::FrameQueue> Session::State::connect(graph::Outlet& outlet,
                                                           std::size_t depth) {
  auto queue = outlet.connect(depth);
  stages.on_stop([queue] { queue->close(); });
  return queue;
}

// The decoder of the source, or the splice of all clips' decoders: that has no lines of fields any
// more, so there is one way of deinterlacing for all.
graph::Outlet& Session::State::picture_source(const std::string& deinterlace) {
  if (plan.clips.empty()) {
    if (picture_decoder == nullptr) {
      picture_decoder = &feeds.front()->decode_picture(*plan.video_stream, plan.decoder_threads,
                                                       plan.rotation_deg, plan.keyframes_only);
    }
    return picture_decoder->outlet(deinterlace);
  }
  if (picture_splice) return picture_splice->outlet();
  std::vector<PictureSplice::Clip> clips;
  for (std::size_t i = 0; i < plan.clips.size(); ++i) {
    const ClipPlan& clip = plan.clips[i];
    PictureDecodeStage& decoder =
        feeds[i]->decode_picture(clip.video_stream, plan.decoder_threads, clip.rotation_deg);
    clips.push_back(
        {{clip.start_s.to_us(), clip.length_s.to_us()}, connect(decoder.outlet(deinterlace))});
  }
  picture_splice = std::make_unique<PictureSplice>(std::move(clips), plan.width_px, plan.height_px,
                                                   stages, clock);
  return picture_splice->outlet();
}

Session::State::SoundSource Session::State::sound_source(int stream) {
  if (plan.clips.empty()) {
    SoundDecodeStage& decoder = feeds.front()->decode_sound(stream);
    return {connect(decoder.outlet()), [s = &decoder] { return s->holds_up_demuxer(); }};
  }
  auto& splice = sound_splices[stream];
  if (!splice) {
    std::vector<SoundSplice::Clip> clips;
    for (std::size_t i = 0; i < plan.clips.size(); ++i) {
      const ClipPlan& clip = plan.clips[i];
      SoundSplice::Clip& sound =
          clips.emplace_back(ClipRange{clip.start_s.to_us(), clip.length_s.to_us()});
      for (const auto& [of_first, here] : clip.sounds) {
        if (of_first != stream) continue;
        sound.decoder = &feeds[i]->decode_sound(here);
        sound.frames = connect(sound.decoder->outlet());
      }
    }
    splice = std::make_unique<SoundSplice>(std::move(clips));
  }
  return {connect(splice->outlet()), [s = splice.get()] { return s->holds_up_demuxer(); }};
}

std::unique_ptr<VideoStage> Session::State::encoder(const VideoRenditionPlan& video,
                                                    const PicturePlan& picture) {
  std::shared_ptr<analysis::FindingQueue> found;
  std::size_t depth = graph::kFrameQueueDepth;
  if (video.lookahead) {
    found = lookaheads.at(*video.lookahead)->connect();
    stages.on_stop([found] { found->close(); });
    const auto look = std::ranges::find(plan.lookaheads, *video.lookahead, &LookaheadPlan::id);
    depth += analysis::LookaheadStage::delay_frames(*look);
  }
  return std::make_unique<VideoStage>(
      video, picture, connect(pictures.at(video.picture)->outlet(), depth), std::move(found),
      stages, [this](Event event) { report(std::move(event)); });
}

void Session::State::build_pictures() {
  const auto report_event = [this](Event event) { report(std::move(event)); };
  std::map<std::string, const PicturePlan*> plans;
  for (const PicturePlan& picture : plan.pictures) {
    plans[picture.id] = &picture;
    graph::Outlet& from = picture.parent ? pictures.at(*picture.parent)->outlet()
                                         : picture_source(picture.look.deinterlace);
    pictures[picture.id] = std::make_unique<PictureStage>(picture, connect(from), clock, stages);
  }
  for (const LookaheadPlan& look : plan.lookaheads) {
    lookaheads[look.id] = std::make_unique<analysis::LookaheadStage>(
        look, plans.at(look.picture)->frame_rate, connect(pictures.at(look.picture)->outlet()),
        stages);
  }
  for (const VideoRenditionPlan& video : plan.video) {
    videos.push_back(encoder(video, *plans.at(video.picture)));
  }
  link_analyses();
  for (const StillPlan& still : plan.stills) {
    graph::Outlet& from = picture_source(still.look.deinterlace);
    stills.push_back(std::make_unique<StillStage>(still, connect(from), stages, report_event));
  }
  for (const GifPlan& gif : plan.gifs) {
    gifs.push_back(std::make_unique<GifStage>(gif, connect(picture_source(gif.look.deinterlace)),
                                              clock, stages, report_event));
  }
  for (const ThumbnailsPlan& images : plan.thumbnails) {
    thumbnails.push_back(std::make_unique<ThumbnailsStage>(
        images, plan.keyframes_only, connect(picture_source(images.look.deinterlace)), clock,
        stages, report_event));
  }
}

// A rendition is encoded beside those that read its analysis, on threads of their own.
void Session::State::link_analyses() {
  for (std::size_t i = 0; i < videos.size(); ++i) {
    if (!plan.video[i].analysis_from) continue;
    const auto from =
        std::ranges::find(plan.video, *plan.video[i].analysis_from, &VideoRenditionPlan::id);
    const auto queue = std::make_shared<AnalysisQueue>(kAnalysisQueueDepth);
    stages.on_stop([queue] { queue->close(); });
    videos[i]->links().reads = queue;
    videos[static_cast<std::size_t>(from - plan.video.begin())]->links().writes.push_back(queue);
  }
}

void Session::State::build_taps() {
  for (const auto& [picture, tap] : taps) {
    graph::Outlet& from = picture.empty() ? picture_source("") : pictures.at(picture)->outlet();
    from.add(tap);
    stages.on_stop([tap] { tap->finish(); });
  }
}

void Session::State::build_sounds() {
  for (const AudioRenditionPlan& audio : plan.audio) {
    SoundSource source{nullptr, [] { return false; }};
    if (audio.stream) source = sound_source(*audio.stream);
    audios.push_back(std::make_unique<AudioStage>(
        audio, source.frames, audio.with_picture ? clock : no_picture, source.hurry, stages,
        [this](Event event) { report(std::move(event)); }));
  }
  for (const LoudnessPlan& loudness : plan.loudness) {
    meters.push_back(
        std::make_unique<LoudnessStage>(loudness, sound_source(loudness.stream).frames, stages,
                                        [this](Event event) { report(std::move(event)); }));
  }
}

std::function<void()> Session::State::leaf(const std::string& id,
                                           std::shared_ptr<graph::FrameQueue> frames,
                                           std::function<void()> run) {
  return [this, id, frames = std::move(frames), run = std::move(run)] {
    try {
      run();
    } catch (const EngineError& error) {
      // A full disk or exhausted memory would fail the next one.
      if (error.kind == ErrorClass::ResourceError || stages.stopped()) throw;
      if (frames) frames->close();
      report(RenditionFailed{id, error});
    }
  };
}

// Downstream first, so that every consumer stands ready before its producer.
void Session::State::spawn() {
  stages.on_idle([this] {
    const std::scoped_lock lock(mutex);
    if (!stages.stopped()) {
      events.emplace_back(Finished{progress().frames, decodes(), static_cast<int>(videos.size())});
    }
    idle = true;
    changed.notify_all();
  });
  std::vector<std::pair<std::string, std::function<void()>>> bodies;
  for (std::size_t i = 0; i < gifs.size(); ++i) {
    bodies.emplace_back(plan.gifs[i].id, leaf(plan.gifs[i].id, gifs[i]->frames(),
                                              [s = gifs[i].get()] { s->run(); }));
  }
  for (std::size_t i = 0; i < thumbnails.size(); ++i) {
    bodies.emplace_back(plan.thumbnails[i].id, leaf(plan.thumbnails[i].id, thumbnails[i]->frames(),
                                                    [s = thumbnails[i].get()] { s->run(); }));
  }
  for (std::size_t i = 0; i < stills.size(); ++i) {
    bodies.emplace_back(plan.stills[i].id, leaf(plan.stills[i].id, stills[i]->frames(),
                                                [s = stills[i].get()] { s->run(); }));
  }
  for (std::size_t i = 0; i < meters.size(); ++i) {
    bodies.emplace_back(plan.loudness[i].id, leaf(plan.loudness[i].id, meters[i]->frames(),
                                                  [s = meters[i].get()] { s->run(); }));
  }
  for (std::size_t i = 0; i < texts.size(); ++i) {
    bodies.emplace_back(plan.texts[i].id,
                        leaf(plan.texts[i].id, nullptr, [s = texts[i]] { s->run(); }));
  }
  for (std::size_t i = 0; i < audios.size(); ++i) {
    bodies.emplace_back(plan.audio[i].id, leaf(plan.audio[i].id, audios[i]->frames(),
                                               [s = audios[i].get()] { s->run(); }));
  }
  for (std::size_t i = 0; i < videos.size(); ++i) {
    bodies.emplace_back(plan.video[i].id, leaf(plan.video[i].id, videos[i]->frames(),
                                               [s = videos[i].get()] { s->run(); }));
  }
  for (const auto& [id, look] : lookaheads) {
    bodies.emplace_back(id, [s = look.get()] { s->run(); });
  }
  for (const PicturePlan& picture : std::views::reverse(plan.pictures)) {
    bodies.emplace_back(picture.id, [s = pictures.at(picture.id).get()] { s->run(); });
  }
  for (const auto& [stream, splice] : sound_splices) {
    bodies.emplace_back("splice " + std::to_string(stream), [s = splice.get()] { s->run(); });
  }
  if (picture_splice)
    bodies.emplace_back("splice picture", [s = picture_splice.get()] { s->run(); });
  for (std::size_t i = 0; i < feeds.size(); ++i) {
    feeds[i]->add_bodies(plan.clips.empty() ? "" : std::to_string(i) + " ", bodies);
  }
  stages.spawn_all(std::move(bodies));
}

Session::Session(Plan plan) {
  validate(plan);
  state_ = std::make_unique<State>(std::move(plan));
}

Session::~Session() = default;

void Session::tap(std::string picture, std::shared_ptr<graph::Tap> tap) {
  const auto& known = state_->plan.pictures;
  const bool there = picture.empty()
                         ? state_->plan.shows_pictures()
                         : std::ranges::find(known, picture, &PicturePlan::id) != known.end();
  if (!there) throw std::invalid_argument("the plan has no picture \"" + picture + "\"");
  state_->taps.emplace_back(std::move(picture), std::move(tap));
}

void Session::start() {
  State& s = *state_;
  s.build();
  s.began = s.last_progress = Clock::now();
  s.started = true;
  s.spawn();
}

std::optional<Event> Session::next_event(std::chrono::milliseconds wait) {
  State& s = *state_;
  std::unique_lock lock(s.mutex);
  const auto until = std::min(Clock::now() + wait, s.last_progress + kProgressInterval);
  s.changed.wait_until(lock, until, [&s] { return !s.events.empty() || s.idle; });
  if (!s.events.empty()) {
    Event event = std::move(s.events.front());
    s.events.pop_front();
    return event;
  }
  if (s.idle || Clock::now() < s.last_progress + kProgressInterval) return std::nullopt;
  s.last_progress = Clock::now();
  return s.progress();
}

bool Session::ended() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->idle && state_->events.empty();
}

void Session::cancel() noexcept {
  {
    const std::scoped_lock lock(state_->mutex);
    if (!state_->idle) state_->cancelled = true;
  }
  state_->stages.stop();
}

void Session::join() {
  state_->stages.join();
  const std::scoped_lock lock(state_->mutex);
  if (state_->cancelled) {
    throw EngineError(ErrorClass::Cancelled, "canceled", "The work was cancelled.");
  }
}

}  // namespace videngine
