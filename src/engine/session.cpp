#include "session.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "error.h"
#include "session_graph.h"

namespace videngine {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kProgressInterval{200};

}  // namespace

struct Session::State {
  explicit State(Plan wanted)
      : plan(std::move(wanted)), graph(plan, [this](Event event) { report(std::move(event)); }) {}

  void report(Event event);
  void finish();
  [[nodiscard]] Progress progress() const;

  const Plan plan;
  bool cancelled = false;

  // Events, from all stages to the one thread that takes them.
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::deque<Event> events;
  bool idle = false;
  Clock::time_point began;
  Clock::time_point last_progress;

  // The last member: its threads must go before what they report to.
  SessionGraph graph;
};

void Session::State::report(Event event) {
  const std::scoped_lock lock(mutex);
  events.push_back(std::move(event));
  changed.notify_all();
}

void Session::State::finish() {
  const std::scoped_lock lock(mutex);
  if (!graph.stopped()) {
    events.emplace_back(Finished{graph.progress().frames, graph.decodes(), graph.encodes()});
  }
  idle = true;
  changed.notify_all();
}

Progress Session::State::progress() const {
  Progress now = graph.progress();
  const std::chrono::duration<double> elapsed = Clock::now() - began;
  now.fps = elapsed.count() > 0 ? static_cast<double>(now.frames) / elapsed.count() : 0;
  return now;
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
  state_->graph.tap(std::move(picture), std::move(tap));
}

void Session::start() {
  State& s = *state_;
  s.graph.build();
  s.began = s.last_progress = Clock::now();
  s.graph.spawn([&s] { s.finish(); });
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
  state_->graph.stop();
}

void Session::join() {
  state_->graph.join();
  const std::scoped_lock lock(state_->mutex);
  if (state_->cancelled) {
    throw EngineError(ErrorClass::Cancelled, "canceled", "The work was cancelled.");
  }
}

}  // namespace videngine
