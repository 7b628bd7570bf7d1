#include <gtest/gtest.h>

#include "filter/chain.h"
#include "fixtures/failure.h"
#include "fixtures/frames.h"

namespace videngine {
namespace {

uint8_t at(const AVFrame& frame, int x, int y) { return frame.data[0][y * frame.linesize[0] + x]; }

TEST(FilterChain, TurnsAPictureClockwise) {
  const av::Frame input = test::picture(64, 32);
  input->pts = 5;
  FilterChain chain(*input, {1, 1000}, "transpose=clock");
  const av::Frame output = chain.apply(av::share(*input));
  ASSERT_EQ(output->width, 32);
  ASSERT_EQ(output->height, 64);
  EXPECT_EQ(output->pts, 5);
  EXPECT_EQ(at(*output, 31, 0), at(*input, 0, 0));
  EXPECT_EQ(at(*output, 0, 63), at(*input, 63, 31));
}

TEST(FilterChain, TurnsAPictureUpsideDown) {
  const av::Frame input = test::picture(64, 32);
  FilterChain chain(*input, {1, 1000}, "hflip,vflip");
  const av::Frame output = chain.apply(av::share(*input));
  EXPECT_EQ(at(*output, 0, 0), at(*input, 63, 31));
  EXPECT_EQ(at(*output, 63, 0), at(*input, 0, 31));
}

TEST(FilterChain, KnowsWhatItWasMadeFor) {
  const FilterChain chain(*test::picture(64, 32), {1, 1000}, "null");
  EXPECT_TRUE(chain.fits(*test::picture(64, 32, 9)));
  EXPECT_FALSE(chain.fits(*test::picture(32, 64)));
  EXPECT_FALSE(chain.fits(*test::picture(64, 32, 0, AV_PIX_FMT_YUV422P)));
}

TEST(FilterChain, AFilterThatIsNotThereIsNamed) {
  const av::Frame input = test::picture(64, 32);
  const EngineError error =
      test::failure_of([&] { FilterChain(*input, {1, 1000}, "no_such_filter"); });
  EXPECT_EQ(error.subject, "no_such_filter");
}

}  // namespace
}  // namespace videngine
