"""HLS of sound alone: CMAF segments, and one variant for each encoding."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from pathlib import Path

from videngine.outputs import PackagedFile, TrackPlan
from videngine.packaging import shaka
from videngine.packaging.files import packaged_folder
from videngine.packaging.hls import media_attributes
from videngine.packaging.ladder import cut_ladder
from videngine.packaging.playlist import (
    MultivariantPlaylist,
    Variant,
    finish_media_playlist,
    quoted,
)
from videngine.packaging.renditions import Renditions
from videngine.packaging.segments import Segment, average_bps, peak_bps, target_duration_s


def package_hls_audio(
    renditions: Renditions, folder: Path, stop: Callable[[], bool]
) -> list[PackagedFile]:
    """Package one HLS output of sound; several languages become a group for each encoding."""
    output = renditions.output
    ladder, layout = cut_ladder(renditions, folder, hls=output.name, stop=stop), renditions.layout
    segments = ladder.segments
    target_s = max(target_duration_s(listed) for listed in segments.values())
    for stream in ladder.streams:
        path = folder / layout.playlist(stream.name)
        finish_media_playlist(path, segments[stream.name], target_s=target_s)
    playlist = MultivariantPlaylist()
    for group in sorted({track.group for track in output.tracks}):
        tracks = {
            f"audio_{number}": track
            for number, track in enumerate(output.tracks, 1)
            if track.group == group
        }
        variant = _variant(renditions, tracks, segments, target_s)
        if len(tracks) > 1:
            variant.attributes["AUDIO"] = quoted(shaka.group_id(group))
            playlist.media += [
                {
                    "TYPE": "AUDIO",
                    "URI": quoted(layout.playlist(name)),
                    "GROUP-ID": quoted(shaka.group_id(group)),
                    **media_attributes(track, output.tracks),
                }
                for name, track in tracks.items()
            ]
        playlist.variants.append(variant)
    (folder / output.name).write_text(str(playlist))
    return packaged_folder(output, folder)


def _variant(
    renditions: Renditions,
    tracks: dict[str, TrackPlan],
    segments: dict[str, list[Segment]],
    target_s: int,
) -> Variant:
    """A variant that plays the default track, as dear as the dearest of its group."""
    default = next((name for name, track in tracks.items() if track.default), next(iter(tracks)))
    codecs = dict.fromkeys(renditions.result(t.audio).codec_string for t in tracks.values())
    attributes = {
        "BANDWIDTH": str(ceil(max(peak_bps(segments[name], target_s) for name in tracks))),
        "AVERAGE-BANDWIDTH": str(ceil(max(average_bps(segments[name]) for name in tracks))),
        "CODECS": quoted(",".join(codecs)),
    }
    return Variant(attributes, renditions.layout.playlist(default))
