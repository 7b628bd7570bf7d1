#include "session.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <ranges>
#include <vector>

#include "decode/decode_stages.h"
#include "demux/demux_stage.h"
#include "encode/audio_stage.h"
#include "encode/still_stage.h"
#include "encode/video_stage.h"
#include "error.h"
#include "filter/picture_stage.h"

namespace videngine {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kProgressInterval{200};

int64_t to_us(Rational seconds) { return av_rescale(seconds.num, AV_TIME_BASE, seconds.den); }

// The first instant of the source that anything in the plan shows.
int64_t first_wanted_us(const Plan& plan) {
  int64_t first = graph::PictureClock::kForever;
  for (const PicturePlan& picture : plan.pictures) first = std::min(first, to_us(picture.start_s));
  for (const AudioRenditionPlan& audio : plan.audio) {
    if (audio.stream) first = std::min(first, to_us(audio.start_s));
  }
  for (const StillPlan& still : plan.stills) first = std::min(first, to_us(still.time_s));
  return first == graph::PictureClock::kForever ? 0 : first;
}

}  // namespace

struct Session::State {
  explicit State(Plan wanted) : plan(std::move(wanted)) {
    stages.on_stop([this] { stop = true; });
  }

  void build();
  void build_pictures();
  void build_sounds();
  // The body of a stage that makes one rendition: if it fails, it alone is given up.
  std::function<void()> leaf(const std::string& id, std::shared_ptr<graph::FrameQueue> frames,
                             std::function<void()> run);
  void spawn();
  void report(Event event);
  [[nodiscard]] Progress progress() const;

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
  std::optional<Input> input;
  graph::PictureClock clock;
  std::unique_ptr<DemuxStage> demux;
  std::unique_ptr<PictureDecodeStage> picture_decoder;
  std::map<int, std::unique_ptr<SoundDecodeStage>> sound_decoders;
  std::map<std::string, std::unique_ptr<PictureStage>> pictures;
  std::vector<std::unique_ptr<VideoStage>> videos;
  std::vector<std::unique_ptr<AudioStage>> audios;
  std::vector<std::unique_ptr<StillStage>> stills;
  graph::Stages stages;
};

void Session::State::report(Event event) {
  const std::scoped_lock lock(mutex);
  events.push_back(std::move(event));
  changed.notify_all();
}

Progress Session::State::progress() const {
  Progress now;
  if (picture_decoder) {
    now.frames = picture_decoder->frames;
    now.time_s = static_cast<double>(picture_decoder->position_us.load()) / AV_TIME_BASE;
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
  input.emplace(plan.source_path, &stop);
  const auto streams = static_cast<int>(input->context()->nb_streams);
  const auto require_stream = [&](int index) {
    if (index < 0 || index >= streams) {
      throw EngineError(ErrorClass::InputError, "source_no_streams",
                        "The source has no stream " + std::to_string(index) + ".");
    }
  };
  demux = std::make_unique<DemuxStage>(*input, stages, first_wanted_us(plan));
  const bool has_pictures = !plan.pictures.empty() || !plan.stills.empty();
  if (has_pictures) {
    require_stream(*plan.video_stream);
    build_pictures();
  } else {
    clock.finish(graph::PictureClock::kForever);
  }
  for (const AudioRenditionPlan& audio : plan.audio) {
    if (audio.stream) require_stream(*audio.stream);
  }
  build_sounds();
}

void Session::State::build_pictures() {
  const auto report_event = [this](Event event) { report(std::move(event)); };
  const auto packets = demux->connect(*plan.video_stream);
  picture_decoder = std::make_unique<PictureDecodeStage>(
      *input, *plan.video_stream, plan.decoder_threads, plan.rotation_deg, stages, clock, packets);
  stages.on_stop([packets] { packets->close(); });
  const auto connect = [this](graph::Outlet& outlet) {
    auto queue = outlet.connect();
    stages.on_stop([queue] { queue->close(); });
    return queue;
  };
  std::map<std::string, const PicturePlan*> plans;
  for (const PicturePlan& picture : plan.pictures) {
    plans[picture.id] = &picture;
    graph::Outlet& from =
        picture.parent ? pictures.at(*picture.parent)->outlet() : picture_decoder->outlet();
    pictures[picture.id] = std::make_unique<PictureStage>(picture, connect(from), clock, stages);
  }
  for (const VideoRenditionPlan& video : plan.video) {
    videos.push_back(std::make_unique<VideoStage>(video, *plans.at(video.picture),
                                                  connect(pictures.at(video.picture)->outlet()),
                                                  stages, report_event));
  }
  for (const StillPlan& still : plan.stills) {
    stills.push_back(std::make_unique<StillStage>(still, connect(picture_decoder->outlet()), stages,
                                                  report_event));
  }
}

void Session::State::build_sounds() {
  for (const AudioRenditionPlan& audio : plan.audio) {
    std::shared_ptr<graph::FrameQueue> frames;
    std::function<bool()> hurry = [] { return false; };
    if (audio.stream) {
      auto& decoder = sound_decoders[*audio.stream];
      if (!decoder) {
        const auto packets = demux->connect(*audio.stream);
        decoder = std::make_unique<SoundDecodeStage>(*input, *audio.stream, packets);
        stages.on_stop([packets] { packets->close(); });
      }
      frames = decoder->outlet().connect();
      stages.on_stop([frames] { frames->close(); });
      hurry = [stage = decoder.get()] { return stage->holds_up_demuxer(); };
    }
    audios.push_back(std::make_unique<AudioStage>(
        audio, frames, clock, hurry, stages, [this](Event event) { report(std::move(event)); }));
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
      events.emplace_back(Finished{picture_decoder ? picture_decoder->frames.load() : 0,
                                   picture_decoder ? 1 : 0, static_cast<int>(videos.size())});
    }
    idle = true;
    changed.notify_all();
  });
  std::vector<std::pair<std::string, std::function<void()>>> bodies;
  for (std::size_t i = 0; i < stills.size(); ++i) {
    bodies.emplace_back(plan.stills[i].id, leaf(plan.stills[i].id, stills[i]->frames(),
                                                [s = stills[i].get()] { s->run(); }));
  }
  for (std::size_t i = 0; i < audios.size(); ++i) {
    bodies.emplace_back(plan.audio[i].id, leaf(plan.audio[i].id, audios[i]->frames(),
                                               [s = audios[i].get()] { s->run(); }));
  }
  for (std::size_t i = 0; i < videos.size(); ++i) {
    bodies.emplace_back(plan.video[i].id, leaf(plan.video[i].id, videos[i]->frames(),
                                               [s = videos[i].get()] { s->run(); }));
  }
  for (const PicturePlan& picture : std::views::reverse(plan.pictures)) {
    bodies.emplace_back(picture.id, [s = pictures.at(picture.id).get()] { s->run(); });
  }
  for (const auto& [stream, decoder] : sound_decoders) {
    bodies.emplace_back("decode " + std::to_string(stream), [s = decoder.get()] { s->run(); });
  }
  if (picture_decoder) {
    bodies.emplace_back("decode picture", [s = picture_decoder.get()] { s->run(); });
  }
  bodies.emplace_back("demux", [s = demux.get()] { s->run(); });
  stages.spawn_all(std::move(bodies));
}

Session::Session(Plan plan) {
  validate(plan);
  state_ = std::make_unique<State>(std::move(plan));
}

Session::~Session() = default;

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
