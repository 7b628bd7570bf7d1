#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "frames/picker.h"

namespace videngine::frames {

// Pickers beside each other. Groups of pictures stand alone, so that decoders of one thread each
// are done sooner than one decoder of many threads, which wait for each other's rows. Owns its
// pickers, made when they are first needed. Not thread-safe; has threads of its own while it picks.
class Crew {
 public:
  using Hire = std::function<std::unique_ptr<Picker>()>;

  // At most `most` pickers; `hire` makes one, on any thread.
  Crew(Hire hire, std::size_t most) : hire_(std::move(hire)), most_(most) {}

  // As Picker::pick, for numbers of any number of runs. `take` is called by several threads at
  // once, for different places; `check` by the caller's only.
  bool pick(const std::shared_ptr<const Index>& index, bool counted,
            std::span<const int64_t> numbers, const Take& take, const Check& check);
  // Whether several pickers are of use for these numbers.
  [[nodiscard]] bool suits(const Index& index, std::span<const int64_t> numbers) const {
    return most_ > 1 && Picker::run_of(index, numbers) < numbers.size();
  }

 private:
  const Hire hire_;
  const std::size_t most_;
  std::vector<std::unique_ptr<Picker>> pickers_;
};

}  // namespace videngine::frames
