#include "filter/late_pictures.h"

#include <ranges>

namespace videngine {

std::map<std::string, std::string> late_pictures(const Plan& plan,
                                                 const std::set<std::string>& tapped) {
  std::set<std::string> at_once = tapped;
  std::map<std::string, std::set<std::string>> looks;  // that encoders of a picture wait for
  for (const LookaheadPlan& look : plan.lookaheads) at_once.insert(look.picture);
  for (const VideoRenditionPlan& video : plan.video) {
    if (video.lookahead) {
      looks[video.picture].insert(*video.lookahead);
    } else {
      at_once.insert(video.picture);
    }
  }
  for (const PicturePlan& picture : std::views::reverse(plan.pictures)) {  // children first
    if (looks[picture.id].size() != 1) at_once.insert(picture.id);
    if (picture.parent && at_once.contains(picture.id)) at_once.insert(*picture.parent);
  }
  std::map<std::string, std::string> late;
  for (const PicturePlan& picture : plan.pictures) {
    if (!picture.parent || at_once.contains(picture.id)) continue;
    const std::string& look = *looks[picture.id].begin();
    if (looks[*picture.parent].contains(look)) late[picture.id] = look;
  }
  return late;
}

}  // namespace videngine
