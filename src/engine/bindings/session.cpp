#include "session.h"

#include <pybind11/chrono.h>

#include "bindings/module.h"

namespace py = pybind11;
using videngine::Session;

void bind_session(py::module_& module) {
  using Release = py::call_guard<py::gil_scoped_release>;
  py::class_<Session>(module, "Session")
      .def(py::init<videngine::Plan>(), py::arg("plan"))
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
