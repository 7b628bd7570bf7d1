// DLPack: planes for frameworks. The structures are those of dlpack.h 1.0, which promises to keep
// their layout (https://dmlc.github.io/dlpack/latest/c_api.html).

#include "bindings/dlpack.h"

#include <cstring>
#include <memory>
#include <string>

namespace py = pybind11;

namespace videngine::bindings {
namespace {

struct DLDevice {
  int32_t device_type;
  int32_t device_id;
};
struct DLDataType {
  uint8_t code;
  uint8_t bits;
  uint16_t lanes;
};
struct DLTensor {
  void* data;
  DLDevice device;
  int32_t ndim;
  DLDataType dtype;
  int64_t* shape;
  int64_t* strides;
  uint64_t byte_offset;
};
struct DLManagedTensor {
  DLTensor dl_tensor;
  void* manager_ctx;
  void (*deleter)(DLManagedTensor* self);
};
struct DLPackVersion {
  uint32_t major;
  uint32_t minor;
};
struct DLManagedTensorVersioned {
  DLPackVersion version;
  void* manager_ctx;
  void (*deleter)(DLManagedTensorVersioned* self);
  uint64_t flags;
  DLTensor dl_tensor;
};
constexpr int32_t kDLCPU = 1;
constexpr uint8_t kDLUInt = 1;
constexpr uint8_t kDLFloat = 2;
constexpr uint64_t kReadOnly = 1U << 0U;
constexpr uint64_t kIsCopied = 1U << 1U;

// What a capsule keeps alive. Nothing of Python: consumers end it on any thread.
struct Lent {
  std::unique_ptr<Hold> hold;
  std::vector<uint8_t> copy;
  std::array<int64_t, 3> shape{};
  std::array<int64_t, 3> strides{};  // in items
};

[[noreturn]] void refuse(const char* why) {
  PyErr_SetString(PyExc_BufferError, why);
  throw py::error_already_set();
}

std::unique_ptr<Lent> lend(const HeldFrame& held, const frames::Plane& plane, int number, bool copy,
                           DLTensor& tensor) {
  auto lent = std::make_unique<Lent>();
  lent->shape = plane.shape;
  uint8_t* data = plane.data;
  for (std::size_t i = 0; i < 3; ++i) lent->strides[i] = plane.strides[i] / plane.item_bytes;
  if (copy) {
    const int64_t components = plane.dimensions > 2 ? plane.shape[2] : 1;
    const auto row_bytes = static_cast<std::size_t>(plane.shape[1] * components * plane.item_bytes);
    lent->copy.resize(row_bytes * static_cast<std::size_t>(plane.shape[0]));
    for (int64_t y = 0; y < plane.shape[0]; ++y) {
      std::memcpy(lent->copy.data() + static_cast<std::size_t>(y) * row_bytes,
                  plane.data + y * plane.strides[0], row_bytes);
    }
    data = lent->copy.data();
    lent->strides[0] = plane.shape[1] * components;
  } else {
    lent->hold = hold(held, number);
  }
  const bool real = plane.kind == frames::Plane::Kind::kFloat;
  tensor = {data,
            {kDLCPU, 0},
            plane.dimensions,
            {real ? kDLFloat : kDLUInt, static_cast<uint8_t>(8 * plane.item_bytes), 1},
            lent->shape.data(),
            lent->strides.data(),
            0};
  return lent;
}

template <typename Managed>
void end(Managed* tensor) {
  const std::unique_ptr<Managed> owned(tensor);
  const std::unique_ptr<Lent> lent(static_cast<Lent*>(tensor->manager_ctx));
}

// A capsule whose name has not been changed was never taken.
template <typename Managed>
py::object capsule(std::unique_ptr<Managed> tensor, const char* name, PyCapsule_Destructor unused) {
  PyObject* made = PyCapsule_New(tensor.get(), name, unused);
  if (made == nullptr) {
    end(tensor.release());
    throw py::error_already_set();
  }
  static_cast<void>(tensor.release());
  return py::reinterpret_steal<py::object>(made);
}

template <typename Managed>
void end_unused(PyObject* made, const char* name) {
  if (PyCapsule_IsValid(made, name) == 0) return;
  end(static_cast<Managed*>(PyCapsule_GetPointer(made, name)));
}

constexpr const char* kOldName = "dltensor";
constexpr const char* kName = "dltensor_versioned";

}  // namespace

py::object to_dlpack(const HeldFrame& held, int number,
                     std::optional<std::pair<int, int>> max_version, std::optional<bool> copy) {
  const frames::Plane plane = frames::planes(*held.frame).at(static_cast<std::size_t>(number));
  if (plane.big_endian) refuse("DLPack has no big-endian numbers: make an array of another type");
  const bool copied = copy.value_or(false);
  if (max_version && max_version->first >= 1) {
    auto tensor = std::make_unique<DLManagedTensorVersioned>();
    tensor->version = {1, 0};
    tensor->deleter = &end<DLManagedTensorVersioned>;
    tensor->flags = copied ? kIsCopied : held.writable ? 0 : kReadOnly;
    tensor->manager_ctx = lend(held, plane, number, copied, tensor->dl_tensor).release();
    return capsule(std::move(tensor), kName,
                   [](PyObject* made) { end_unused<DLManagedTensorVersioned>(made, kName); });
  }
  if (!copied && !held.writable) {
    refuse(
        "this consumer of DLPack cannot be told that the frame is read-only: take "
        "numpy.array(plane), or frame.writable()");
  }
  auto tensor = std::make_unique<DLManagedTensor>();
  tensor->deleter = &end<DLManagedTensor>;
  tensor->manager_ctx = lend(held, plane, number, copied, tensor->dl_tensor).release();
  return capsule(std::move(tensor), kOldName,
                 [](PyObject* made) { end_unused<DLManagedTensor>(made, kOldName); });
}

}  // namespace videngine::bindings
