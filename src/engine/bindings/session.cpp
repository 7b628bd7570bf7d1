// The session of a plan, and taps of its frames.

#include "session.h"

#include <memory>
#include <string>
#include <utility>

#include <pybind11/chrono.h>

#include "bindings/frames.h"
#include "bindings/module.h"

extern "C" {
#include <libavutil/imgutils.h>
}

namespace py = pybind11;
using videngine::Session;
using videngine::graph::Tap;

namespace {

constexpr std::chrono::milliseconds kPatience{50};

// Frames of a running session, for one thread of Python.
class SessionTap {
 public:
  SessionTap(std::shared_ptr<Tap> tap, videngine::frames::StreamLook look)
      : tap_(std::move(tap)),
        giver_{std::make_shared<const videngine::frames::StreamLook>(std::move(look)),
               std::make_shared<videngine::bindings::LiveFrames>()} {}

  // The next frame; null behind the last.
  std::shared_ptr<videngine::bindings::HeldFrame> take() {
    if (giver_.live->most > 0) giver_.require(1);
    std::optional<videngine::av::Frame> frame;
    {
      const auto check = videngine::bindings::signal_check();
      const py::gil_scoped_release release;
      while (!frame && !tap_->ended()) {
        frame = tap_->take(kPatience);
        check();
      }
    }
    if (!frame) return nullptr;
    if (giver_.live->most == 0) {
      const AVFrame& f = **frame;
      giver_.live->most = videngine::bindings::most_live(
          av_image_get_buffer_size(static_cast<AVPixelFormat>(f.format), f.width, f.height, 1));
    }
    return giver_.give(std::move(*frame));
  }
  [[nodiscard]] int64_t dropped() const { return tap_->dropped(); }
  void close() { tap_->close(); }

 private:
  std::shared_ptr<Tap> tap_;
  videngine::bindings::Giver giver_;
};

// `start_s` is where the picture begins on the source's timeline.
std::unique_ptr<SessionTap> tap(Session& session, std::string picture, int64_t every,
                                std::size_t capacity, bool drop, videngine::Rational time_base,
                                videngine::Rational start_s) {
  auto made =
      std::make_shared<Tap>(every, capacity, drop ? Tap::WhenFull::kDrop : Tap::WhenFull::kBlock);
  session.tap(std::move(picture), made);
  videngine::frames::StreamLook look;
  look.time_base = time_base;
  look.origin_us = -start_s.to_us();
  return std::make_unique<SessionTap>(std::move(made), look);
}

}  // namespace

void bind_session(py::module_& module) {
  using Release = py::call_guard<py::gil_scoped_release>;
  py::class_<SessionTap>(module, "SessionTap")
      .def("take", &SessionTap::take)
      .def("close", &SessionTap::close, Release())
      .def_property_readonly("dropped", &SessionTap::dropped);
  py::class_<Session>(module, "Session")
      .def(py::init<videngine::Plan>(), py::arg("plan"))
      .def("tap", &tap, py::kw_only(), py::arg("picture"), py::arg("every"), py::arg("capacity"),
           py::arg("drop"), py::arg("time_base"), py::arg("start_s"))
      .def("start", &Session::start, Release())
      .def(
          "next_event",
          [](Session& session, double timeout_s) {
            return session.next_event(
                std::chrono::milliseconds(static_cast<int64_t>(timeout_s * 1000)));
          },
          py::arg("timeout_s"), Release())
      .def_property_readonly("ended", &Session::ended)
      .def("cancel", &Session::cancel, Release())
      .def("join", &Session::join, Release());
}
