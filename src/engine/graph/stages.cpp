#include "graph/stages.h"

#include <utility>

#include <pthread.h>
#include <sys/resource.h>

namespace videngine::graph {
namespace {

// Of the calling thread, and of those that it starts: on Linux each has its own (setpriority(2)).
void be_nicer(int by) { setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + by); }

}  // namespace

Stages::~Stages() {
  stop();
  threads_.clear();
}

void Stages::on_stop(std::function<void()> wake) {
  const std::scoped_lock lock(mutex_);
  if (stopped_) wake();
  wakes_.push_back(std::move(wake));
}

void Stages::spawn_all(std::vector<Stage> stages) {
  // Counted before the first starts: a quick stage must not be taken for the last one.
  running_ = static_cast<int>(stages.size());
  for (Stage& stage : stages) {
    threads_.emplace_back([this, stage = std::move(stage)] { run(stage); });
  }
}

void Stages::run(const Stage& stage) noexcept {
  // The kernel keeps 15 characters: enough to tell stages apart in a profile.
  pthread_setname_np(pthread_self(), stage.name.substr(0, 15).c_str());
  if (stage.niceness > 0) be_nicer(stage.niceness);
  try {
    stage.body();
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
