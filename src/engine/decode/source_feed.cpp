#include "decode/source_feed.h"

#include "error.h"

namespace videngine {

SourceFeed::SourceFeed(const std::string& path, const std::atomic<bool>* stop, int64_t start_us,
                       graph::Stages& stages, graph::PictureClock& clock)
    : input_(path, stop), stages_(stages), clock_(clock), demux_(input_, stages, start_us) {}

void SourceFeed::require_stream(int stream) const {
  if (stream < 0 || stream >= static_cast<int>(input_.context()->nb_streams)) {
    throw EngineError(ErrorClass::InputError, "source_no_streams",
                      "The source has no stream " + std::to_string(stream) + ".");
  }
}

PictureDecodeStage& SourceFeed::decode_picture(int stream, int threads, int rotation_deg,
                                               bool keyframes_only) {
  require_stream(stream);
  const auto packets = demux_.connect(stream);
  picture_ = std::make_unique<PictureDecodeStage>(input_, stream, threads, rotation_deg,
                                                  keyframes_only, stages_, clock_, packets);
  stages_.on_stop([packets] { packets->close(); });
  return *picture_;
}

SoundDecodeStage& SourceFeed::decode_sound(int stream) {
  auto& sound = sounds_[stream];
  if (!sound) {
    require_stream(stream);
    const auto packets = demux_.connect(stream);
    sound = std::make_unique<SoundDecodeStage>(input_, stream, packets);
    stages_.on_stop([packets] { packets->close(); });
  }
  return *sound;
}

TextStage& SourceFeed::read_text(const TextRenditionPlan& plan, std::function<void(Event)> report) {
  require_stream(plan.stream);
  const auto packets = demux_.connect(plan.stream);
  stages_.on_stop([packets] { packets->close(); });
  return *texts_.emplace_back(
      std::make_unique<TextStage>(plan, input_, packets, stages_, std::move(report)));
}

void SourceFeed::add_stages(const std::string& name, std::vector<graph::Stages::Stage>& stages) {
  for (const auto& [stream, sound] : sounds_) {
    stages.emplace_back("decode " + name + std::to_string(stream), [s = sound.get()] { s->run(); });
  }
  if (picture_)
    stages.emplace_back("decode " + name + "picture", [s = picture_.get()] { s->run(); });
  stages.emplace_back("demux " + name, [s = &demux_] { s->run(); });
}

}  // namespace videngine
