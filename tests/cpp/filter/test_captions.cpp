#include <gtest/gtest.h>

#include "filter/captions.h"
#include "fixtures/frames.h"

namespace videngine {
namespace {

using Captions = std::vector<CaptionTriplet>;

constexpr CaptionTriplet kPadding{0xfc, 0x80, 0x80};

CaptionTriplet text(uint8_t first) { return {0xfc, first, 0x20}; }

TEST(Captions, AreWhatWasSet) {
  const av::Frame frame = test::picture(16, 16);
  EXPECT_TRUE(captions_of(*frame).empty());
  set_captions(*frame, {text(1), kPadding});
  set_captions(*frame, {text(2), text(3)});
  EXPECT_EQ(captions_of(*frame), (Captions{text(2), text(3)}));
  set_captions(*frame, {});
  EXPECT_EQ(frame->nb_side_data, 0);
}

TEST(CaptionQueue, GivesAFramesOwnAsTheyAre) {
  CaptionQueue queue;
  queue.put({text(1), kPadding});
  EXPECT_EQ(queue.take(), (Captions{text(1), kPadding}));
  EXPECT_TRUE(queue.take().empty());
}

TEST(CaptionQueue, DropsPaddingWhereFramesAreLeftOut) {
  CaptionQueue queue;
  queue.put({text(1), kPadding});
  queue.put({kPadding, text(2)});
  EXPECT_EQ(queue.take(), (Captions{text(1), text(2)}));
}

TEST(CaptionQueue, SpreadsMoreThanAFrameCarries) {
  CaptionQueue queue;
  Captions all;
  for (int part = 0; part < 4; ++part) {
    const Captions some(20, text(static_cast<uint8_t>(part + 1)));
    queue.put(some);
    all.insert(all.end(), some.begin(), some.end());
  }
  Captions found;
  for (Captions some = queue.take(); !some.empty(); some = queue.take()) {
    EXPECT_LE(some.size(), 31U);
    found.insert(found.end(), some.begin(), some.end());
  }
  EXPECT_EQ(found, all);
}

TEST(CaptionQueue, LosesOldTextFirstAndForgetsOnRequest) {
  CaptionQueue queue;
  for (int i = 0; i < 100; ++i) queue.put(Captions(31, text(static_cast<uint8_t>(i))));
  EXPECT_EQ(queue.take().front(), text(36));  // 64 frames' worth wait
  queue.clear();
  EXPECT_TRUE(queue.take().empty());
}

}  // namespace
}  // namespace videngine
