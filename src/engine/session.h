#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "event.h"
#include "graph/tap.h"
#include "plan.h"

namespace videngine {

// One run of one plan: decodes the source once and makes every rendition of the plan from it. Owns
// all threads and files while it runs. start, next_event and join belong to one thread; cancel may
// come from any.
class Session {
 public:
  // Checks the plan and opens nothing. Throws std::invalid_argument.
  explicit Session(Plan plan);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  // Abandons what is not finished.
  ~Session();

  // Before start: has `tap` given the frames of a picture of the plan, by its id; "" is the decoded
  // source. It ends with them.
  void tap(std::string picture, std::shared_ptr<graph::Tap> tap);
  // Opens the source, builds the graph and starts it. Throws EngineError.
  void start();
  // The next event, in order; progress comes at least five times a second. Nothing: `wait` has
  // passed, or ended().
  std::optional<Event> next_event(std::chrono::milliseconds wait);
  // Whether all stages have returned and every event was taken.
  [[nodiscard]] bool ended() const;
  // Ends the work soon; idempotent.
  void cancel() noexcept;
  // Waits for the end and throws the first failure of what all renditions need, or Cancelled. A
  // rendition that failed alone was an event.
  void join();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace videngine
