#include "encode/hevc_analysis.h"

#include <algorithm>
#include <type_traits>

namespace videngine {
namespace {

// Pixels of the reader's picture for each of the writer's: costs grow with them.
constexpr int kPixels = 4;
constexpr std::size_t kPlanes = 3;
constexpr int kLists = 2;

}  // namespace

template <typename T>
T* HevcAnalysis::kept(const T* items, std::size_t count) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (items == nullptr) return nullptr;
  T* copy = std::pmr::polymorphic_allocator<T>(&memory_).allocate(count);
  std::copy_n(items, count, copy);
  return copy;
}

HevcAnalysis::HevcAnalysis(const x265_analysis_data& found) : data_(found) {
  data_.wt = kept(found.wt, kPlanes * kLists);
  data_.distortionData = nullptr;
  std::ranges::fill(data_.modeFlag, nullptr);
  keep_blocks(found);
  keep_costs(found.lookahead);
}

// libx265 packs what belongs to blocks to the front of arrays that have room for the smallest ones.
void HevcAnalysis::keep_blocks(const x265_analysis_data& found) {
  const std::size_t blocks = found.depthBytes;
  const std::size_t partitions =
      static_cast<std::size_t>(found.numCUsInFrame) * found.numPartitions;
  const x265_analysis_intra_data& intra = *found.intraData;
  intra_.depth = kept(intra.depth, blocks);
  intra_.modes = kept(intra.modes, partitions);
  intra_.partSizes = kept(intra.partSizes, blocks);
  intra_.chromaModes = kept(intra.chromaModes, blocks);
  intra_.cuQPOff = kept(intra.cuQPOff, blocks);
  data_.intraData = &intra_;
  data_.interData = nullptr;
  if (IS_X265_TYPE_I(found.sliceType)) return;
  const x265_analysis_inter_data& inter = *found.interData;
  inter_.depth = kept(inter.depth, blocks);
  inter_.modes = kept(inter.modes, blocks);
  inter_.partSize = kept(inter.partSize, blocks);
  inter_.mergeFlag = kept(inter.mergeFlag, blocks);
  inter_.interDir = kept(inter.interDir, blocks);
  inter_.cuQPOff = kept(inter.cuQPOff, blocks);
  for (int list = 0; list < kLists; ++list) {
    inter_.mvpIdx[list] = kept(inter.mvpIdx[list], blocks);
    inter_.refIdx[list] = kept(inter.refIdx[list], blocks);
    inter_.mv[list] = kept(inter.mv[list], blocks);
  }
  data_.interData = &inter_;
}

// With these the reader looks ahead at nothing itself. Those of rows and blocks are there with a
// VBV only, and libx265 spreads them over the reader's itself.
void HevcAnalysis::keep_costs(const x265_lookahead_data& found) {
  data_.satdCost *= kPixels;
  for (int64_t& cost : data_.lookahead.plannedSatd) cost *= kPixels;
  data_.lookahead.vbvCost = kept(found.vbvCost, data_.numCUsInFrame);
  data_.lookahead.intraVbvCost = kept(found.intraVbvCost, data_.numCUsInFrame);
  data_.lookahead.satdForVbv = kept(found.satdForVbv, data_.numCuInHeight);
  data_.lookahead.intraSatdForVbv = kept(found.intraSatdForVbv, data_.numCuInHeight);
}

}  // namespace videngine
