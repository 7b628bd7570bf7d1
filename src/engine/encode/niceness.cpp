#include "encode/niceness.h"

#include <algorithm>
#include <cmath>

namespace videngine {
namespace {

// A step of niceness is this factor in a thread's part of a core (sched(7),
// `sched_prio_to_weight`).
constexpr double kShareStep = 1.25;
// Of 19: in a machine full of other work even a thumbnail's encoder must get on.
constexpr int kMostNice = 10;

double pixels_per_s(const Plan& plan, const VideoRenditionPlan& video) {
  const auto picture = std::ranges::find(plan.pictures, video.picture, &PicturePlan::id);
  return static_cast<double>(picture->width_px) * picture->height_px *
         picture->frame_rate.to_double();
}

}  // namespace

std::vector<int> encoder_niceness(const Plan& plan) {
  std::vector<double> work;
  for (const VideoRenditionPlan& video : plan.video) {
    double most = pixels_per_s(plan, video);
    for (const VideoRenditionPlan& reader : plan.video) {
      if (reader.analysis_from == video.id) most = std::max(most, pixels_per_s(plan, reader));
    }
    work.push_back(most);
  }
  std::vector<int> niceness;
  for (const double own : work) {
    const double steps = std::log(std::ranges::max(work) / own) / std::log(kShareStep);
    niceness.push_back(std::min(static_cast<int>(std::lround(steps)), kMostNice));
  }
  return niceness;
}

}  // namespace videngine
