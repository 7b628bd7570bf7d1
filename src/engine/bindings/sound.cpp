// A source's sound as one array.

#include "frames/sound.h"

#include <memory>
#include <utility>

#include <pybind11/numpy.h>

#include "bindings/frames.h"
#include "bindings/module.h"

namespace py = pybind11;

namespace videngine::bindings {
namespace {

// (samples, channels), float32.
py::array_t<float> sound(const std::string& path, const std::string& stream, int sample_rate_hz,
                         int channels, int64_t first_sample, std::optional<int64_t> samples,
                         const std::string& damaged) {
  auto read = std::make_unique<frames::Sound>();
  {
    const py::gil_scoped_release release;
    *read = frames::read_sound(
        path, {stream, sample_rate_hz, channels, first_sample, samples, damaged_policy(damaged)},
        signal_check());
  }
  const auto width = static_cast<py::ssize_t>(read->channels);
  const auto length = static_cast<py::ssize_t>(read->samples.size()) / width;
  float* data = read->samples.data();
  const py::capsule owner(read.release(), [](void* kept) {
    const std::unique_ptr<frames::Sound> ended(static_cast<frames::Sound*>(kept));
  });
  return py::array_t<float>({length, width}, data, owner);
}

}  // namespace

void bind_sound(py::module_& module) {
  module.def("sound", &sound, py::kw_only(), py::arg("path"), py::arg("stream"),
             py::arg("sample_rate_hz"), py::arg("channels"), py::arg("first_sample"),
             py::arg("samples"), py::arg("damaged"));
}

}  // namespace videngine::bindings
