"""How others make the same: FFmpeg's best single command, a command an output, Shaka Streamer."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.ladders import GOP_S, SEGMENT_S, Ladder, Rung
from benchmarks.machine import ffmpeg
from benchmarks.measure import Command
from benchmarks.sources import Source

FFMPEG = (ffmpeg(), "-v", "error", "-y")


def _rate_control(rung: Rung, n: int) -> list[str]:
    rates = {"b": rung.kbps, "maxrate": rung.kbps * 3 // 2, "bufsize": rung.kbps * 2}
    return [word for name, kbps in rates.items() for word in (f"-{name}:v:{n}", f"{kbps}k")]


def _encoder(title: Source, ladder: Ladder) -> list[str]:
    gop = str(round(GOP_S * title.rate))
    words = ["-c:v", ladder.codec, "-preset", ladder.preset, "-pix_fmt", "yuv420p"]
    words += ["-g", gop, "-keyint_min", gop, "-sc_threshold", "0"]
    if ladder.codec == "libx265":
        words += ["-tag:v", "hvc1", "-x265-params"]
        words += [f"log-level=error:keyint={gop}:min-keyint={gop}:scenecut=0:open-gop=0"]
    return words


def _hls(folder: Path, streams: str) -> list[str]:
    words = ["-f", "hls", "-hls_time", str(SEGMENT_S), "-hls_playlist_type", "vod"]
    words += ["-hls_segment_type", "fmp4", "-master_pl_name", "master.m3u8"]
    return [*words, "-var_stream_map", streams, str(folder / "%v" / "out.m3u8")]


_SOUND = ("-c:a", "aac", "-b:a", "128k", "-ac", "2")


def single_command(
    title: Source, ladder: Ladder, folder: Path, *, options: Sequence[str] = (), sound: bool = True
) -> Sequence[Command]:
    """One decode, one scale for each rung, HLS with separate sound.

    ``options`` go to every encoder; ``-threads:v 1`` is the variant that costs least CPU.
    """
    count = len(ladder.rungs)
    labels = "".join(f"[s{n}]" for n in range(count))
    scales = ";".join(
        f"[s{n}]scale={r.width_px}:{r.height_px}:flags=bicubic[v{n}]"
        for n, r in enumerate(ladder.rungs)
    )
    argv = [*FFMPEG, "-i", str(title.path)]
    argv += ["-filter_complex", f"[0:v]split={count}{labels};{scales}"]
    for n, rung in enumerate(ladder.rungs):
        argv += ["-map", f"[v{n}]", *_rate_control(rung, n)]
    argv += [*_encoder(title, ladder), *options]
    streams = " ".join(f"v:{n},agroup:a" if sound else f"v:{n}" for n in range(count))
    if sound:
        argv += ["-map", "0:a", *_SOUND]
        streams += " a:0,agroup:a"
    for n in range(count + sound):
        (folder / str(n)).mkdir()
    return [Command(argv=(*argv, *_hls(folder, streams)))]


def command_each(
    title: Source, ladder: Ladder, folder: Path, *, sound: bool = True
) -> Sequence[Command]:
    """A command for every rung, which decodes the source again; the sound is in the first."""
    commands = []
    for n, rung in enumerate(ladder.rungs):
        argv = [*FFMPEG, "-i", str(title.path), "-map", "0:v"]
        argv += ["-vf", f"scale={rung.width_px}:{rung.height_px}:flags=bicubic"]
        argv += [*_rate_control(rung, 0), *_encoder(title, ladder)]
        streams = "v:0"
        if sound and n == 0:
            argv += ["-map", "0:a", *_SOUND]
            streams = "v:0,agroup:a a:0,agroup:a"
            (folder / "0" / "1").mkdir(parents=True)
        (folder / str(n) / "0").mkdir(parents=True, exist_ok=True)
        commands.append(Command(argv=(*argv, *_hls(folder / str(n), streams))))
    return commands


def playlists(folder: Path, ladder: Ladder, *, each: bool = False) -> list[Path]:
    """The media playlists of the rungs, the largest first."""
    deep = "0/" if each else ""
    return [folder / f"{n}/{deep}out.m3u8" for n in range(len(ladder.rungs))]


SHAKA_PRESET = "slow"
"""Shaka Streamer's for titles that are not live; it has no setting for it."""


def shaka_streamer(
    title: Source, ladder: Ladder, folder: Path, *, sound: bool = True
) -> Sequence[Command]:
    """Shaka Streamer with its own FFmpeg and packager; rates as given, but it sets no peak."""
    inputs = [f"  - name: {title.path}\n    media_type: video\n"]
    if sound:
        inputs.append(f"  - name: {title.path}\n    media_type: audio\n")
    (folder / "input.yaml").write_text("inputs:\n" + "".join(inputs))
    names = [f"r{r.height_px}" for r in ladder.rungs]
    pipeline = (
        f"streaming_mode: vod\nresolutions: [{', '.join(names)}]\nchannel_layouts: [stereo]\n"
        "audio_codecs: [aac]\nvideo_codecs: [h264]\nmanifest_format: [hls]\n"
        f"segment_size: {SEGMENT_S}\nsegment_per_file: true\nquiet: true\n"
    )
    (folder / "pipeline.yaml").write_text(pipeline)
    sizes = "".join(
        f"  {name}:\n    max_width: {r.width_px}\n    max_height: {r.height_px}\n"
        f"    bitrates:\n      h264: '{r.kbps}k'\n"
        for name, r in zip(names, ladder.rungs, strict=True)
    )
    layouts = "audio_channel_layouts:\n  stereo:\n    max_channels: 2\n    bitrates:\n"
    bitrates = f"{layouts}      aac: '128k'\nvideo_resolutions:\n{sizes}"
    (folder / "bitrates.yaml").write_text(bitrates)
    argv = [str(Path(sys.executable).with_name("shaka-streamer"))]
    argv += ["-i", "input.yaml", "-p", "pipeline.yaml", "-b", "bitrates.yaml", "-o", "out"]
    return [Command(argv=tuple(argv), cwd=folder)]


def shaka_playlists(folder: Path, ladder: Ladder) -> list[Path]:
    """The media playlists of the rungs, the largest first."""
    out = folder / "out"
    variant = r"#EXT-X-STREAM-INF:.*RESOLUTION=(\d+x\d+).*\n(.+)"
    by_size = dict(re.findall(variant, (out / "hls.m3u8").read_text()))
    return [out / by_size[f"{r.width_px}x{r.height_px}"] for r in ladder.rungs]
