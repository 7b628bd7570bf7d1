#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include <pybind11/numpy.h>

#include "av/handles.h"
#include "bindings/module.h"
#include "frames/planes.h"
#include "frames/reader.h"

namespace videngine::bindings {

// How many frames of one reader Python holds, by themselves or through views of their planes, and
// how many it may.
struct LiveFrames {
  std::atomic<int64_t> count = 0;
  int64_t most = 0;
};

// One of them.
class Lease {
 public:
  explicit Lease(std::shared_ptr<LiveFrames> live) : live_(std::move(live)) { ++live_->count; }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() { --live_->count; }

 private:
  std::shared_ptr<LiveFrames> live_;
};

// A decoded picture as Python holds it. Immutable, but for the samples of one that is `writable`.
struct HeldFrame {
  av::Frame frame;
  std::shared_ptr<const frames::StreamLook> look;
  std::shared_ptr<Lease> lease;
  bool writable = false;
};

// Hands frames to Python, within the limit.
struct Giver {
  std::shared_ptr<const frames::StreamLook> look;
  std::shared_ptr<LiveFrames> live;

  // Throws ResourceError too_many_frames unless so many may be given now.
  void require(std::size_t least) const;
  [[nodiscard]] std::shared_ptr<HeldFrame> give(av::Frame frame) const;
};
// How many frames of so many bytes may be held where the caller does not say.
int64_t most_live(int64_t frame_bytes);

// What keeps the memory behind one plane alive: nothing of Python, so that it may end on any thread
// and without the GIL.
struct Hold {
  struct Unref {
    void operator()(AVBufferRef* buffer) const noexcept { av_buffer_unref(&buffer); }
  };
  std::unique_ptr<AVBufferRef, Unref> buffer;
  std::shared_ptr<Lease> lease;
};
std::unique_ptr<Hold> hold(const HeldFrame& held, int plane);

// A look at one plane, with no copy.
pybind11::array view(const HeldFrame& held, const frames::Plane& plane, int number);

// Looks for signals a few times a second and throws what they raise. For calls that hold no GIL.
frames::Check signal_check();
// By its name in Python.
frames::Damaged damaged_policy(const std::string& name);

void bind_frame(pybind11::module_& module);
void bind_sound(pybind11::module_& module);
void bind_writer(pybind11::module_& module);

}  // namespace videngine::bindings
