#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "decode/decode_stages.h"
#include "decode/text_stage.h"
#include "demux/demux_stage.h"

namespace videngine {

// One file on its way into the graph: its demuxer and the decoders of the streams that anybody
// wants. Built and spawned by one thread; the stages are their own threads' afterwards.
class SourceFeed {
 public:
  // `stop` ends long reads. `start_us`: the first instant that is wanted, from the file's origin.
  SourceFeed(const std::string& path, const std::atomic<bool>* stop, int64_t start_us,
             graph::Stages& stages, graph::PictureClock& clock);

  // The decoder of the picture; called once.
  PictureDecodeStage& decode_picture(int stream, int threads, int rotation_deg,
                                     bool keyframes_only = false);
  // The decoder of a sound, made on first call.
  SoundDecodeStage& decode_sound(int stream);
  // The stage that writes subtitles; called once for each.
  TextStage& read_text(const TextRenditionPlan& plan, std::function<void(Event)> report);
  // Throws an InputError if the file has no such stream.
  void require_stream(int stream) const;

  // The stages, consumers first; `name` tells feeds apart in thread names.
  void add_stages(const std::string& name, std::vector<graph::Stages::Stage>& stages);

 private:
  Input input_;
  graph::Stages& stages_;
  graph::PictureClock& clock_;
  DemuxStage demux_;
  std::unique_ptr<PictureDecodeStage> picture_;
  std::map<int, std::unique_ptr<SoundDecodeStage>> sounds_;
  std::vector<std::unique_ptr<TextStage>> texts_;
};

}  // namespace videngine
