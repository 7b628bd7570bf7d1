// Which kinds of vectors the kernels are compiled for; to be included before Highway.
//
// Vectors whose length the compiler does not know (SVE, RVV) fit into no struct: NEON does for
// them. Processors with nothing better than SSSE3 are from before 2008, and no kernel gains by what
// others add to AVX3. VIDENGINE_NO_VECTORS names further ones to leave out: every kind is one more
// compilation of every kernel.
#pragma once

#ifndef VIDENGINE_NO_VECTORS
#define VIDENGINE_NO_VECTORS 0
#endif

#define HWY_DISABLED_TARGETS                                                             \
  (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV | HWY_SSSE3 | HWY_AVX3_DL | \
   VIDENGINE_NO_VECTORS)

// Highway distrusts GCC before 12.3 with its vectors in plain C++; ours are tested like the others.
#define HWY_BROKEN_EMU128 0
