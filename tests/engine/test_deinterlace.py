"""Deinterlacing: held against the progressive film that the interlaced one was made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.engine.films import ffmpeg
from tests.engine.measure import Pixels, pictures, psnr
from tests.engine.plans import MEDIA, picture, run, still, transcode, video

from videngine.plan import Look

WIDTH, HEIGHT, FIELDS = 320, 240, 50


def films(folder: Path, *encoder: str, order: str = "top") -> tuple[Path, Pixels]:
    """A pan of a second as 25 interlaced frames, and the 50 progressive pictures of its fields."""
    whole = folder / "whole.mkv"
    ffmpeg(
        "-ss", "4", "-i", MEDIA / "bbb_720p24_20s.mp4", "-frames:v", "1", "-vf",
        f"scale={WIDTH}:{HEIGHT}", folder / "frame.png",
    )  # fmt: skip
    ffmpeg(
        "-loop", "1", "-r", "50", "-i", folder / "frame.png", "-vf",
        "scroll=horizontal=0.015,format=yuv420p", "-frames:v", str(FIELDS), "-c:v", "ffv1", whole,
    )  # fmt: skip
    path = folder / f"interlaced{'.ts' if encoder else '.mkv'}"
    ffmpeg(
        "-i", whole, "-vf", f"tinterlace=interleave_{order}",
        *(encoder or ("-c:v", "ffv1", "-field_order", "progressive")), path,
    )  # fmt: skip
    return path, pictures(whole, WIDTH, HEIGHT)


MPEG2 = ("-c:v", "mpeg2video", "-q:v", "1", "-flags", "+ildct+ilme", "-top", "1", "-muxdelay", "0")


def decoded(source: Path, folder: Path, mode: str, *, name: str = "v0") -> Pixels:
    of = picture(WIDTH, HEIGHT, rate=25, look=Look(deinterlace=mode))  # type: ignore[arg-type]
    made = run(source, pictures=(of,), video=(video(folder, of=of, name=name, crf=1.0),))
    return pictures(made.path(name), WIDTH, HEIGHT)


def combing(frames: Pixels) -> float:
    """How far lines are from the mean of those above and below, against every second line's."""
    rows = frames.astype(float)
    near = np.abs(rows[:, 1:-1] - (rows[:, :-2] + rows[:, 2:]) / 2).mean()
    far = np.abs(rows[:, 2:-2] - (rows[:, :-4] + rows[:, 4:]) / 2).mean()
    return float(near / far)


@pytest.mark.parametrize("mode", ["all", "auto"])
def test_fields_become_the_pictures_that_they_were_taken_from(tmp_path: Path, mode: str) -> None:
    source, progressive = films(tmp_path, *MPEG2)
    combed = decoded(source, tmp_path, "", name="combed")
    clean = decoded(source, tmp_path, mode, name="clean")
    assert len(clean) == len(combed) == FIELDS // 2
    expected = progressive[::2][: len(clean)]
    before = psnr(combed[2:-2], expected[2:-2])
    after = psnr(clean[2:-2], expected[2:-2])
    assert after > before + 6
    assert after > 30
    assert combing(combed) > 1
    assert combing(clean) < 0.75 < 1.2 * combing(expected) + 0.4


def test_what_is_not_flagged_is_detected(tmp_path: Path) -> None:
    source, progressive = films(tmp_path)
    clean = decoded(source, tmp_path, "auto")
    expected = progressive[::2]
    assert psnr(clean[5:-2], expected[5 : len(clean) - 2]) > 28


def test_auto_leaves_progressive_film_alone(tmp_path: Path) -> None:
    source = tmp_path / "film.mkv"
    ffmpeg("-i", MEDIA / "bbb_720p24_20s.mp4", "-t", "1", "-c", "copy", "-an", source)
    made = []
    for name, mode in (("plain", ""), ("auto", "auto"), ("all", "all")):
        of = picture(640, 360, look=Look(deinterlace=mode))  # type: ignore[arg-type]
        result = run(source, pictures=(of,), video=(video(tmp_path, of=of, name=name),))
        made.append(pictures(result.path(name), 640, 360))
    plain, auto, forced = made
    assert len(plain) == len(auto) == len(forced)
    assert (plain == auto).all()
    assert (plain != forced).any()


def test_outputs_may_disagree_and_images_join_in(tmp_path: Path) -> None:
    source, _ = films(tmp_path, *MPEG2)
    raw = picture(WIDTH, HEIGHT, rate=25)
    clean = picture(WIDTH, HEIGHT, rate=25, id="p1", look=Look(deinterlace="all"))
    size = {"width_px": WIDTH, "height_px": HEIGHT}
    images = [
        still(tmp_path, raw.start_s, name=f"s{i}", look=look, **size)
        for i, look in enumerate((Look(), Look(deinterlace="all")))
    ]
    made = run(
        source,
        pictures=(raw, clean),
        video=(video(tmp_path, of=raw), video(tmp_path, of=clean, name="v1")),
        stills=tuple(images),
    )
    assert made.stats["decodes"] == 1
    assert made.results["v0"].frames == made.results["v1"].frames
    combed, smooth = (combing(pictures(made.path(n), WIDTH, HEIGHT)) for n in ("v0", "v1"))
    assert combed > 1.3 * smooth
    combed, smooth = (combing(pictures(made.path(n), WIDTH, HEIGHT)) for n in ("s0", "s1"))
    assert combed > 1.3 * smooth


def test_warnings_say_what_does_not_fit(tmp_path: Path) -> None:
    source, _ = films(tmp_path, *MPEG2)
    both = {"output": "mp4", "height": 120}
    codes = [
        {w.code for w in transcode(path, tmp_path / str(i), {**both, **asked}).warnings}
        for i, (path, asked) in enumerate(
            (
                (source, {}),
                (source, {"deinterlace": "auto"}),
                (source, {"deinterlace": True}),
                (MEDIA / "odd_853x479.mkv", {"deinterlace": 1, "duration": 1}),
            )
        )
    ]
    assert "interlaced_source" in codes[0]
    assert not codes[1] & {"interlaced_source", "not_interlaced"}
    assert not codes[2] & {"interlaced_source", "not_interlaced"}
    assert "not_interlaced" in codes[3]
