#pragma once

#include <cstddef>
#include <memory_resource>

#include "encode/x265_api.h"

namespace videngine {

// What one libx265 encoder found out about one picture, for another that encodes the picture at
// twice the width and height: frame type, costs, and of every block depth, mode, motion and
// quantizer. Immutable: any thread may read it. Owns copies of all that it shows.
class HevcAnalysis {
 public:
  // libx265 takes `found` back with its next call.
  explicit HevcAnalysis(const x265_analysis_data& found);
  HevcAnalysis(const HevcAnalysis&) = delete;
  HevcAnalysis& operator=(const HevcAnalysis&) = delete;
  ~HevcAnalysis() = default;

  // The picture's number in the order of showing.
  [[nodiscard]] int picture() const { return static_cast<int>(data_.poc); }
  [[nodiscard]] bool is_idr() const { return data_.sliceType == X265_TYPE_IDR; }
  // For a picture that is given to an encoder, which only reads it during that call.
  [[nodiscard]] const x265_analysis_data& data() const { return data_; }

 private:
  void keep_blocks(const x265_analysis_data& found);
  void keep_costs(const x265_lookahead_data& found);
  template <typename T>
  T* kept(const T* items, std::size_t count);

  std::pmr::monotonic_buffer_resource memory_;
  x265_analysis_data data_;
  x265_analysis_intra_data intra_{};
  x265_analysis_inter_data inter_{};
};

}  // namespace videngine
