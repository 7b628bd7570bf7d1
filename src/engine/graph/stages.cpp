#include "graph/stages.h"

#include <pthread.h>

namespace videngine::graph {

Stages::~Stages() {
  stop();
  threads_.clear();
}

void Stages::on_stop(std::function<void()> wake) {
  const std::scoped_lock lock(mutex_);
  if (stopped_) wake();
  wakes_.push_back(std::move(wake));
}

void Stages::spawn_all(std::vector<std::pair<std::string, Body>> bodies) {
  // Counted before the first starts: a quick stage must not be taken for the last one.
  running_ = static_cast<int>(bodies.size());
  for (auto& [name, body] : bodies) {
    threads_.emplace_back(
        [this, name = std::move(name), body = std::move(body)] { run(name, body); });
  }
}

void Stages::run(const std::string& name, const Body& body) noexcept {
  // The kernel keeps 15 characters: enough to tell stages apart in a profile.
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
  try {
    body();
  } catch (...) {
    stop(std::current_exception());
  }
  if (--running_ == 0 && idle_) idle_();
}

void Stages::stop(std::exception_ptr failure) noexcept {
  const std::scoped_lock lock(mutex_);
  if (failure && !stopped_) failure_ = std::move(failure);
  stopped_ = true;
  for (const auto& wake : wakes_) wake();
}

void Stages::join() {
  threads_.clear();
  const std::scoped_lock lock(mutex_);
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace videngine::graph
