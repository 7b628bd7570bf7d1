"""HDR to SDR: a chart of known light, against a reference in float64."""

from __future__ import annotations

import json
import re
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tests.engine.colour_chart import (
    COLUMNS,
    PATCH_PX,
    PEAK_NITS,
    TRANSFERS,
    apart,
    chart,
    expected,
    patches,
)
from tests.engine.colour_reference import delta_e_2000, lab
from tests.engine.measure import pictures, streams
from tests.engine.plans import MEDIA, picture, run, still, transcode, video

from videngine import engine
from videngine.plan import Look, TonemapPlan


@pytest.mark.parametrize("transfer", TRANSFERS)
def test_every_patch_has_the_colour_of_the_reference(tmp_path: Path, transfer: str) -> None:
    path, height = chart(tmp_path, transfer)
    of = picture(
        COLUMNS * PATCH_PX, height, rate=25,
        look=Look(tonemap=TonemapPlan(transfer=transfer, peak_nits=PEAK_NITS)),
    )  # fmt: skip
    made = run(path, pictures=(of,), video=(video(tmp_path, of=of, crf=0.0),)).path("v0")
    found = patches(made, height)
    assert apart(found, transfer).mean() < 0.5
    assert apart(found, transfer).max() < 2
    greys = found[:COLUMNS]
    assert (greys[:, 1:] == 128).all()
    assert greys[8, 0] == pytest.approx(expected(transfer)[8, 1] * 219 + 16, abs=0.6)
    tags = streams(made)[0]
    assert {tags[k] for k in ("color_space", "color_primaries", "color_transfer")} == {"bt709"}
    assert (tags["pix_fmt"], tags["color_range"]) == ("yuv420p", "tv")


@pytest.mark.parametrize("transfer", TRANSFERS)
def test_a_job_tone_maps_films_and_images_alike(tmp_path: Path, transfer: str) -> None:
    path, height = chart(tmp_path, transfer, frames=25)
    half = {"width": COLUMNS * PATCH_PX // 2, "height": height // 2}
    report = transcode(
        path,
        tmp_path,
        {"output": "mp4", "hdr_to_sdr": 1, "quality": 1},
        {"output": "thumbnail"},
        {"output": "mp4", "hdr_to_sdr": 1, "quality": 1, **half},
        {"output": "thumbnail", "hdr_to_sdr": 0},
    )
    assert "hdr_to_8bit" not in {w.code for w in report.warnings}
    wanted = expected(transfer)
    found = patches(tmp_path / "0" / "video.mp4", height)
    assert apart(found, transfer).mean() < 1
    width = COLUMNS * PATCH_PX
    image, raw = (
        pictures(tmp_path / index / "thumbnail.png", width, height, pixel_format="rgb24")[0]
        for index in ("1", "3")
    )
    middle = image[PATCH_PX // 2 :: PATCH_PX, PATCH_PX // 2 :: PATCH_PX].reshape(-1, 3) / 255
    assert delta_e_2000(lab(middle), lab(wanted)).mean() < 1.5
    assert np.abs(raw.astype(int) - image).mean() > 10
    small = next((tmp_path / "2").glob("*.mp4"))
    luma = pictures(small, half["width"], half["height"])[0]
    assert luma.shape == (half["height"], half["width"])
    assert streams(small)[0]["color_transfer"] == "bt709"


def hdr10_film(folder: Path) -> Path:
    """Half a second with MaxCLL in the bit stream alone: 480 nits, where the display had 4000."""
    path = folder / "light.mp4"
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=0.6"]
    command += ["-pix_fmt", "yuv420p10le", "-c:v", "libx265", "-x265-params"]
    display = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(40000000,50)"
    command += [
        f"log-level=none:hdr10=1:max-cll=480,120:master-display={display}:colorprim=bt2020:"
        "transfer=smpte2084:colormatrix=bt2020nc"
    ]
    subprocess.run([*command, str(path)], check=True)
    return path


def light_of(path: Path) -> tuple[int, float]:
    stream = engine.probe(path).video
    assert stream is not None
    return stream.max_content_nits, stream.mastering_peak_nits


def test_the_peak_is_what_the_metadata_says(tmp_path: Path) -> None:
    assert light_of(hdr10_film(tmp_path)) == (480, 4000)


def hdr10_of(path: Path) -> dict[str, float]:
    """The static metadata of the first picture, as FFmpeg reads it from the bit stream."""
    command = ["ffprobe", "-v", "error", "-select_streams", "v", "-show_frames", "-of", "json"]
    told = subprocess.run(
        [*command, "-read_intervals", "%+#1", str(path)], check=True, capture_output=True
    )
    facts: dict[str, float] = {}
    for data in json.loads(told.stdout)["frames"][0].get("side_data_list", ()):
        if data["side_data_type"] in ("Mastering display metadata", "Content light level metadata"):
            facts |= {k: float(Fraction(v)) for k, v in data.items() if k != "side_data_type"}
    return facts


@pytest.mark.parametrize("codec", ["libx265", "libsvtav1"])
def test_hdr10_metadata_is_in_what_is_encoded(tmp_path: Path, codec: str) -> None:
    source = hdr10_film(tmp_path)
    report = transcode(source, tmp_path, {"output": "mp4", "video_codec": codec})
    made = next((tmp_path / "0").glob("*.mp4"))
    wanted, found = hdr10_of(source), hdr10_of(made)
    assert len(wanted) == 12
    assert found == pytest.approx(wanted, abs=1e-4, rel=1e-4)
    assert report.outputs[0].status == "completed"


def test_hdr_that_is_kept_keeps_its_bits_its_tags_and_its_metadata(tmp_path: Path) -> None:
    source = hdr10_film(tmp_path)
    report = transcode(
        source,
        tmp_path,
        {"output": "mp4", "video_codec": "libx265"},
        {"output": "hls", "stream": [{"video_codec": "libx265"}]},
        {"output": "hls", "stream": [{"hdr_to_sdr": 1}]},
    )
    assert "hdr_to_8bit" not in {w.code for w in report.warnings}
    made = next((tmp_path / "0").glob("*.mp4"))
    tags = streams(made)[0]
    assert tags["pix_fmt"] == "yuv420p10le"
    assert [tags[k] for k in ("color_space", "color_transfer", "color_primaries")] == [
        "bt2020nc", "smpte2084", "bt2020",
    ]  # fmt: skip
    assert light_of(made) == (480, 4000)
    ranges = [
        re.findall(r"VIDEO-RANGE=(\w+)", (tmp_path / folder / "playlist.m3u8").read_text())
        for folder in ("1", "2")
    ]
    assert ranges == [["PQ"], ["SDR"]]


@pytest.mark.parametrize("clip", ["hdr10_pq_hevc.mp4", "hlg_hevc.mov"])
def test_a_film_becomes_sdr_and_its_rungs_agree(tmp_path: Path, clip: str) -> None:
    stream = engine.probe(MEDIA / clip).video
    assert stream is not None
    transfer = "pq" if stream.dynamic_range == "HDR10" else "hlg"
    mapped = Look(tonemap=TonemapPlan(transfer=transfer, peak_nits=1000))
    cut = {"duration_s": Fraction(1)}
    large = picture(640, 360, id="p0", look=mapped, **cut)
    small = picture(320, 180, id="p1", parent="p0", **cut)
    alone = picture(320, 180, id="p2", look=mapped, **cut)
    renditions = tuple(video(tmp_path, of=of, name=f"v{of.id}", crf=5.0)
                       for of in (large, small, alone))  # fmt: skip
    image = still(tmp_path, Fraction(0), width_px=321, height_px=181, format="jpg", look=mapped)
    made = run(MEDIA / clip, pictures=(large, small, alone), video=renditions, stills=(image,))
    one, other = (pictures(made.path(n), 320, 180)[12].astype(int) for n in ("vp1", "vp2"))
    assert np.abs(one - other).mean() < 1.5
    assert pictures(made.path("s0"), 321, 181)[0].std() > 20


def with_dolby_vision(path: Path, profile: int, compatibility: int) -> None:
    """Add a configuration record to the sample entry of an MP4 whose moov is at its end."""
    data = bytearray(path.read_bytes())
    record = bytes([1, 0, profile << 1, 0x0D, compatibility << 4]) + bytes(19)
    box = (8 + len(record)).to_bytes(4, "big") + (b"dvcC" if profile <= 7 else b"dvvC") + record
    entry = data.find(b"hvc1", data.find(b"stsd")) - 4
    end = entry + int.from_bytes(data[entry : entry + 4], "big")
    starts = [data.rfind(name, 0, entry) - 4 for name in (b"moov", b"trak", b"mdia", b"minf")]
    starts += [data.rfind(name, 0, entry) - 4 for name in (b"stbl", b"stsd")] + [entry]
    for at in starts:
        size = int.from_bytes(data[at : at + 4], "big") + len(box)
        data[at : at + 4] = size.to_bytes(4, "big")
    data[end:end] = box
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("profile", "compatibility", "code"),
    [(5, 0, "unsupported_hdr"), (10, 0, "unsupported_hdr"), (8, 1, None), (7, 6, None)],
)
def test_dolby_vision_without_a_base_layer_is_refused(
    tmp_path: Path, profile: int, compatibility: int, code: str | None
) -> None:
    path = tmp_path / "vision.mp4"
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=64x64:d=0.4"]
    command += ["-pix_fmt", "yuv420p10le", "-c:v", "libx265", "-x265-params", "log-level=none"]
    subprocess.run([*command, "-tag:v", "hvc1", str(path)], check=True)
    with_dolby_vision(path, profile, compatibility)
    stream = engine.probe(path).video
    assert stream is not None
    assert stream.dolby_vision_profile == profile
    assert stream.dolby_vision_compatibility == compatibility
    soft = {"allow_soft_fail": 1}
    report = transcode(
        path, tmp_path, {"output": "mp4", **soft}, {"output": "thumbnail", **soft},
        {"output": "mp4", "hdr_to_sdr": 1, **soft},
    )  # fmt: skip
    assert [o.error and o.error["code"] for o in report.outputs] == [code] * 3
