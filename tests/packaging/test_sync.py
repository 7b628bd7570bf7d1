"""Sound and picture stay together: flashes and beeps are found again in every output."""

from __future__ import annotations

import array
import json
import subprocess
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from tests.packaging.inspect_boxes import read_header, read_media_segment
from tests.packaging.ladders import Ladder, Rung, ladder_of, plan_ladder

from videngine import engine
from videngine.packaging import package

MARKS_S = [2.0, 5.0]
TOLERANCE_S = 0.005
RATE_HZ = 48_000


@pytest.fixture(scope="module", params=["pcm_s16le", "aac"])
def marked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ladder:
    """Seven seconds that turn white and sound for 0.4 s at each mark; encoded with B-frames."""
    folder = tmp_path_factory.mktemp("marked")
    source = folder / "marked.mov"
    on = "+".join(f"gte(t,{mark})*lt(t,{mark + 0.4})" for mark in MARKS_S)
    lum = f"255*({on})".replace("(t,", "(T,")  # geq's own name for the time
    picture = f"nullsrc=size=320x180:rate=24:duration=7,format=gray,geq=lum='{lum}'"
    sound = f"aevalsrc='({on})*sin(2*PI*2000*t)':sample_rate={RATE_HZ}:duration=7"
    codecs = f"-pix_fmt yuv420p -c:v libx264 -preset veryfast -c:a {request.param}"
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound),
            *(*codecs.split(), source),
        ],
        check=True,
    )
    plan = plan_ladder(
        source,
        folder,
        rungs=(Rung(width_px=320, height_px=180, bitrate_bps=300_000, frame_rate=Fraction(24)),),
        languages=("en",),
        duration_s=Fraction(7),
        segment_s=Fraction(2),
        gop_frames=48,
    )
    return ladder_of(plan, engine.transcode(plan, on_event=lambda _: None, stop=lambda: False))


def decode(path: Path, *arguments: str) -> bytes:
    return subprocess.run(
        ["ffmpeg", "-v", "error", "-i", path, *arguments, "-"], check=True, capture_output=True
    ).stdout


def flashes(path: Path, times_s: list[float]) -> list[float]:
    """When the picture turns white, by the presentation times of its frames."""
    arguments = "-map 0:v:0 -fps_mode passthrough -vf scale=1:1 -pix_fmt gray -f rawvideo"
    bright = [level > 128 for level in decode(path, *arguments.split())]
    assert len(bright) == len(times_s)
    return [times_s[i + 1] for i, (was, is_) in enumerate(pairwise(bright)) if is_ and not was]


def beeps(path: Path, start_s: float) -> list[float]:
    """When a beep sets in, where ``start_s`` is the presentation time of the first sound."""
    arguments = f"-map 0:a:0 -ac 1 -ar {RATE_HZ} -f s16le"
    loud = [abs(x) > 4000 for x in array.array("h", decode(path, *arguments.split()))]
    onsets: list[float] = []
    last = -RATE_HZ
    for position, is_loud in enumerate(loud):
        if is_loud:
            if position - last > RATE_HZ // 10:
                onsets.append(start_s + position / RATE_HZ)
            last = position
    return onsets


def cmaf_marks(folder: Path, scratch: Path) -> tuple[list[float], list[float]]:
    """Flashes and beeps of CMAF segments, by the times in their boxes."""
    joined, times = {}, {}
    for name in ("video_1", "audio_1"):
        header = read_header(folder / name / "init.mp4")
        paths = [folder / name / f"segment_{n}.m4s" for n in range(1, 5)]
        samples = [s for path in paths for s in read_media_segment(path, header).samples]
        edit = header.edit_start or 0
        times[name] = sorted(float(Fraction(s.pts - edit, header.timescale)) for s in samples)
        joined[name] = scratch / f"{name}.mp4"
        parts = [folder / name / "init.mp4", *paths]
        joined[name].write_bytes(b"".join(part.read_bytes() for part in parts))
    return (
        flashes(joined["video_1"], times["video_1"]),
        beeps(joined["audio_1"], times["audio_1"][0]),
    )


def packet_times(path: Path) -> dict[str, list[float]]:
    """The presentation times of a file's packets, by kind, as ffprobe sees them."""
    done = subprocess.run(
        [
            *("ffprobe", "-v", "error", "-of", "json"),
            *("-show_entries", "packet=codec_type,pts_time", path),
        ],
        check=True,
        capture_output=True,
    )
    packets = json.loads(done.stdout)["packets"]
    return {
        kind: sorted(float(p["pts_time"]) for p in packets if p["codec_type"] == kind)
        for kind in ("video", "audio")
    }


def muxed_marks(path: Path) -> tuple[list[float], list[float]]:
    """Flashes and beeps of a file with both, from the first picture on."""
    times = packet_times(path)
    start = times["video"][0]
    return (
        flashes(path, [time - start for time in times["video"]]),
        beeps(path, times["audio"][0] - start),
    )


def cmaf(ladder: Ladder, folder: Path) -> tuple[list[float], list[float]]:
    output = ladder.output("advanced_hls", "playlist.m3u8")
    package(output, ladder.plan, ladder.results, folder / "out", stop=lambda: False)
    return cmaf_marks(folder / "out", folder)


def dash(ladder: Ladder, folder: Path) -> tuple[list[float], list[float]]:
    output = ladder.output("advanced_dash", "playlist.mpd")
    package(output, ladder.plan, ladder.results, folder / "out", stop=lambda: False)
    return cmaf_marks(folder / "out", folder)


def ts(ladder: Ladder, folder: Path) -> tuple[list[float], list[float]]:
    output = ladder.output("advanced_hls", "playlist.m3u8", separate_audio=False)
    package(output, ladder.plan, ladder.results, folder / "out", stop=lambda: False)
    joined = folder / "joined.ts"
    paths = [folder / "out/video_1" / f"segment_{n}.ts" for n in range(1, 5)]
    joined.write_bytes(b"".join(path.read_bytes() for path in paths))
    return muxed_marks(joined)


def ts_apart(ladder: Ladder, folder: Path) -> tuple[list[float], list[float]]:
    output = ladder.output("advanced_hls", "playlist.m3u8", fmp4=False)
    package(output, ladder.plan, ladder.results, folder / "out", stop=lambda: False)
    files = {}
    for name in ("video_1", "audio_1"):
        paths = [folder / "out" / name / f"segment_{n}.ts" for n in range(1, 5)]
        files[name] = folder / f"{name}.ts"
        files[name].write_bytes(b"".join(path.read_bytes() for path in paths))
    pictures, sounds = packet_times(files["video_1"])["video"], packet_times(files["audio_1"])
    return (
        flashes(files["video_1"], [time - pictures[0] for time in pictures]),
        beeps(files["audio_1"], sounds["audio"][0] - pictures[0]),
    )


def advanced_mp4(ladder: Ladder, folder: Path) -> tuple[list[float], list[float]]:
    output = ladder.output("advanced_mp4", "playlist.m3u8")
    package(output, ladder.plan, ladder.results, folder / "out", stop=lambda: False)
    pictures = packet_times(folder / "out/video_1.mp4")["video"]
    sounds = packet_times(folder / "out/audio_1.mp4")["audio"]
    assert pictures[0] == 0
    return flashes(folder / "out/video_1.mp4", pictures), beeps(
        folder / "out/audio_1.mp4", sounds[0]
    )


def mp4(ladder: Ladder, folder: Path) -> tuple[list[float], list[float]]:
    output = ladder.output("mp4", "video.mp4")
    (file,) = package(output, ladder.plan, ladder.results, folder / "out", stop=lambda: False)
    return muxed_marks(Path(file.path))


@pytest.mark.parametrize("make", [cmaf, dash, ts, ts_apart, advanced_mp4, mp4])
def test_flash_and_beep_are_where_the_source_has_them(
    marked: Ladder,
    tmp_path: Path,
    make: Callable[[Ladder, Path], tuple[list[float], list[float]]],
) -> None:
    seen, heard = make(marked, tmp_path)
    assert seen == pytest.approx(MARKS_S, abs=TOLERANCE_S)
    assert heard == pytest.approx(MARKS_S, abs=TOLERANCE_S)
