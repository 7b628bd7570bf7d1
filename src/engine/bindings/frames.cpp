// Reading frames: the reader, its index as arrays, and feeds. The GIL is released around every
// wait; signals are looked at a few times a second, so that Ctrl-C ends whatever takes long.

#include "bindings/frames.h"

#include <chrono>
#include <cstring>
#include <functional>
#include <span>
#include <stdexcept>

#include "bindings/frame_arrays.h"
#include "frames/damage.h"

namespace py = pybind11;
using namespace videngine;  // NOLINT(google-build-using-namespace): a file of bindings speaks of
                            // nothing else
using bindings::Giver;
using bindings::HeldFrame;
using bindings::Lease;
using bindings::LiveFrames;

namespace {
constexpr std::chrono::milliseconds kPatience{50};

// How many frames may be held where the caller does not say: as many as fit, but enough to work
// with.
constexpr int64_t kLiveBytes = int64_t{1} << 30;
constexpr int64_t kLeastLive = 32;

}  // namespace

frames::Check bindings::signal_check() {
  return [last = std::chrono::steady_clock::now()]() mutable {
    const auto now = std::chrono::steady_clock::now();
    if (now - last < kPatience) return;
    last = now;
    const py::gil_scoped_acquire gil;
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  };
}

void Giver::require(std::size_t least) const {
  if (live->most - live->count < static_cast<int64_t>(least)) {
    throw EngineError(ErrorClass::ResourceError, "too_many_frames",
                      std::to_string(live->count) + " frames of this source are held, and " +
                          std::to_string(least) +
                          " more would be over max_live_frames=" + std::to_string(live->most) +
                          ": let go of frames and of views of their planes, copy what you keep "
                          "(numpy.array(plane)), or open the source with a larger "
                          "max_live_frames.");
  }
}

std::shared_ptr<HeldFrame> Giver::give(av::Frame frame) const {
  return std::make_shared<HeldFrame>(std::move(frame), look, std::make_shared<Lease>(live), false);
}

int64_t bindings::most_live(int64_t frame_bytes) {
  return std::max(kLeastLive, kLiveBytes / std::max<int64_t>(frame_bytes, 1));
}

frames::Damaged bindings::damaged_policy(const std::string& name) {
  if (name == "raise") return frames::Damaged::kRaise;
  return name == "skip" ? frames::Damaged::kSkip : frames::Damaged::kShow;
}

namespace {

// One packet: pts, dts, key, pos, size, duration, hidden. One frame: packet, pts.
constexpr py::ssize_t kPacketColumns = 7;
constexpr py::ssize_t kFrameColumns = 2;
using Table = py::array_t<int64_t, py::array::c_style | py::array::forcecast>;

// Where each of the frames goes.
using Places = std::vector<std::vector<int64_t>>;
using Given = std::vector<std::shared_ptr<HeldFrame>>;

class FrameFeed {
 public:
  FrameFeed(std::unique_ptr<frames::Feed> feed, Giver giver)
      : feed_(std::move(feed)), giver_(std::move(giver)) {}

  // From `least` to `most` frames; fewer at the end of the source, none behind it.
  Given take(std::size_t least, std::size_t most) {
    giver_.require(least);
    most = std::min(most, static_cast<std::size_t>(giver_.live->most - giver_.live->count));
    // What is ready costs no change of hands.
    std::vector<av::Frame> taken = feed_->take(least, most, std::chrono::milliseconds(0));
    if (taken.empty()) {
      const frames::Check check = bindings::signal_check();
      const py::gil_scoped_release release;
      while (taken.empty() && !feed_->ended()) {
        taken = feed_->take(least, most, kPatience);
        check();
      }
    }
    Given given;
    given.reserve(taken.size());
    for (av::Frame& frame : taken) given.push_back(giver_.give(std::move(frame)));
    return given;
  }

 private:
  std::unique_ptr<frames::Feed> feed_;
  Giver giver_;
};

class FrameReader {
 public:
  FrameReader(const std::string& path, const std::string& stream, int threads,
              const std::string& damaged, int64_t max_live_frames)
      : reader_(path, {stream, threads, bindings::damaged_policy(damaged)}),
        giver_{std::make_shared<const frames::StreamLook>(reader_.look()),
               std::make_shared<LiveFrames>()} {
    giver_.live->most =
        max_live_frames > 0 ? max_live_frames : bindings::most_live(giver_.look->frame_bytes);
  }

  [[nodiscard]] const frames::StreamLook& look() const { return *giver_.look; }
  [[nodiscard]] int64_t live() const { return giver_.live->count; }
  [[nodiscard]] int64_t most_live() const { return giver_.live->most; }

  std::unique_ptr<FrameFeed> play(std::size_t capacity) {
    const py::gil_scoped_release release;
    return std::make_unique<FrameFeed>(reader_.play(capacity), giver_);
  }

  // `numbers` in order, each once.
  Given pick(const std::vector<int64_t>& numbers) {
    giver_.require(numbers.size());
    std::vector<av::Frame> picked(numbers.size());
    {
      const py::gil_scoped_release release;
      reader_.pick(
          numbers, [&](std::size_t place, av::Frame frame) { picked[place] = std::move(frame); },
          bindings::signal_check());
    }
    Given given;
    given.reserve(picked.size());
    for (av::Frame& frame : picked) given.push_back(giver_.give(std::move(frame)));
    return given;
  }

  // Writes the frames of `numbers` (in order, each once) to places of an array as R'G'B'.
  void into_rgb(const std::vector<int64_t>& numbers, const Places& places, const py::buffer& out,
                bool planar, bool sdr) {
    const bindings::Target target(out, true);
    copy_into(numbers, places, {&target, 1}, [&](const AVFrame& frame, int64_t place) {
      bindings::write_rgb(frame, target, place, planar, sdr);
    });
  }

  // The same of their planes, an array for each.
  void into_planes(const std::vector<int64_t>& numbers, const Places& places,
                   const std::vector<py::buffer>& outs) {
    std::vector<bindings::Target> targets;
    targets.reserve(outs.size());
    for (const py::buffer& out : outs) targets.emplace_back(out, true);
    copy_into(numbers, places, targets, [&](const AVFrame& frame, int64_t place) {
      bindings::write_planes(frame, targets, place);
    });
  }

  // A row for each packet in the order of the file, and a row for each frame as they are shown.
  std::pair<Table, Table> index() {
    std::shared_ptr<const frames::Index> index;
    {
      const py::gil_scoped_release release;
      index = reader_.index(bindings::signal_check());
    }
    Table packets({static_cast<py::ssize_t>(index->packets().size()), kPacketColumns});
    int64_t* cell = packets.mutable_data();
    for (const frames::PacketFacts& p : index->packets()) {
      for (const int64_t value : {p.pts, p.dts, int64_t{p.key}, p.pos, int64_t{p.size_bytes},
                                  p.duration, int64_t{p.hidden}}) {
        *cell++ = value;
      }
    }
    Table shown({static_cast<py::ssize_t>(index->shown().size()), kFrameColumns});
    cell = shown.mutable_data();
    for (const frames::ShownFrame& frame : index->shown()) {
      *cell++ = frame.packet;
      *cell++ = frame.pts;
    }
    return {packets, shown};
  }

  // What index() gave, at another time.
  void use_index(const Table& packets, const Table& shown) {
    if (packets.ndim() != 2 || packets.shape(1) != kPacketColumns || shown.ndim() != 2 ||
        shown.shape(1) != kFrameColumns) {
      throw std::invalid_argument("an index has 7 and 2 columns");
    }
    std::vector<frames::PacketFacts> facts;
    for (py::ssize_t i = 0; i < packets.shape(0); ++i) {
      const int64_t* cell = packets.data(i, 0);
      facts.push_back({cell[0], cell[1], cell[3], cell[5], static_cast<int32_t>(cell[4]),
                       cell[2] != 0, cell[6] != 0});
    }
    std::vector<frames::ShownFrame> order;
    for (py::ssize_t i = 0; i < shown.shape(0); ++i) {
      const int64_t* cell = shown.data(i, 0);
      if (cell[0] < 0 || cell[0] >= packets.shape(0)) {
        throw std::invalid_argument("an index of frames that have no packet");
      }
      order.push_back({static_cast<int32_t>(cell[0]), cell[1]});
    }
    reader_.use(std::make_shared<const frames::Index>(std::move(facts), std::move(order)));
  }

 private:
  void copy_into(const std::vector<int64_t>& numbers, const Places& places,
                 std::span<const bindings::Target> targets,
                 const std::function<void(const AVFrame&, int64_t)>& write) {
    for (const auto& of_frame : places) {
      for (const int64_t place : of_frame) {
        for (const bindings::Target& target : targets) {
          if (place < 0 || place >= target.count()) {
            throw py::value_error("the array has places for " + std::to_string(target.count()) +
                                  " pictures, more are asked for");
          }
        }
      }
    }
    const py::gil_scoped_release release;
    reader_.pick(
        numbers,
        [&](std::size_t number, const av::Frame& frame) {
          const std::vector<int64_t>& wanted = places.at(number);
          write(*frame, wanted.front());
          for (const int64_t place : wanted) {
            if (place == wanted.front()) continue;
            for (const bindings::Target& target : targets) {
              std::memcpy(target.picture(place), target.picture(wanted.front()),
                          static_cast<std::size_t>(target.picture_bytes()));
            }
          }
        },
        bindings::signal_check());
  }

  frames::Reader reader_;
  Giver giver_;
};

void translate_damage(std::exception_ptr failure) {
  try {
    if (failure) std::rethrow_exception(failure);
  } catch (const frames::Damage& error) {
    const py::object type = py::module_::import("videngine.errors").attr("DamagedSource");
    const py::object raised =
        type(error.code, error.what(), py::arg("pts") = error.pts, py::arg("time") = error.time_s,
             py::arg("log") = py::tuple(py::cast(error.log)));
    PyErr_SetObject(type.ptr(), raised.ptr());
  }
}

}  // namespace

void bind_frames(py::module_& module) {
  using Release = py::call_guard<py::gil_scoped_release>;
  py::register_exception_translator(&translate_damage);
  bindings::bind_frame(module);
  bindings::bind_sound(module);
  bindings::bind_writer(module);
  py::class_<FrameFeed>(module, "FrameFeed")
      .def("take", &FrameFeed::take, py::arg("least"), py::arg("most"));
  py::class_<FrameReader>(module, "FrameReader")
      .def(py::init<const std::string&, const std::string&, int, const std::string&, int64_t>(),
           py::kw_only(), py::arg("path"), py::arg("stream"), py::arg("threads"),
           py::arg("damaged"), py::arg("max_live_frames"), Release())
      .def_property_readonly("stream", [](const FrameReader& r) { return r.look().index; })
      .def_property_readonly("time_base", [](const FrameReader& r) { return r.look().time_base; })
      .def_property_readonly(
          "origin_s",
          [](const FrameReader& r) { return Rational::of(r.look().origin_us, AV_TIME_BASE); })
      .def_property_readonly("frame_bytes",
                             [](const FrameReader& r) { return r.look().frame_bytes; })
      .def_property_readonly("max_live_frames", &FrameReader::most_live)
      .def_property_readonly("live_frames", &FrameReader::live)
      .def("play", &FrameReader::play, py::arg("capacity"))
      .def("pick", &FrameReader::pick, py::arg("numbers"))
      .def("into_rgb", &FrameReader::into_rgb, py::arg("numbers"), py::arg("places"),
           py::arg("out"), py::arg("planar"), py::arg("sdr"))
      .def("into_planes", &FrameReader::into_planes, py::arg("numbers"), py::arg("places"),
           py::arg("outs"))
      .def("index", &FrameReader::index)
      .def("use_index", &FrameReader::use_index, py::arg("packets"), py::arg("shown"));
}
