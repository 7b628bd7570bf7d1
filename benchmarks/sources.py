"""What is encoded: shipped clips, and titles made of them once and kept in ``build/bench/sources``.

Everything generated is seeded: the same recipe and FFmpeg make the same pictures on every machine.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.machine import BUILD, ROOT, ffmpeg

MEDIA = ROOT / "tests" / "data" / "media"
FILM_24 = MEDIA / "bbb_720p24_60s.mp4"
FILM_25 = MEDIA / "bbb_720p25_5.1_5s.mp4"
CITY = MEDIA / "city_cc0_405p25.mpg"
SPEECH = MEDIA / "librivox5.wav"

_X264 = "-c:v libx264 -preset veryfast -threads 2 -pix_fmt yuv420p"
_AAC = "-c:a aac -ac 2 -b:a 128k"


@dataclass(frozen=True, kw_only=True)
class Source:
    """One title: ``what`` says what it stands for; the recipe is FFmpeg's arguments.

    Without a recipe it is the clip itself. Sizes and rate are those of the result.
    """

    name: str
    what: str
    clip: Path
    width_px: int
    height_px: int
    rate: Fraction
    recipe: str = ""
    input_options: str = ""
    seconds: int | None = None

    @property
    def path(self) -> Path:
        """The file, made if it is not there yet."""
        if not self.recipe:
            return self.clip
        arguments = [ffmpeg(), "-v", "error", "-y", *self.input_options.split()]
        arguments += ["-i", str(self.clip), *self.recipe.split()]
        arguments += ["-t", str(self.seconds)] if self.seconds else []
        key = hashlib.sha256(f"{arguments[1:]} {self.clip.stat().st_size}".encode()).hexdigest()
        target = BUILD / "sources" / f"{self.name}-{key[:10]}.mp4"
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = target.with_suffix(f".{os.getpid()}.mp4")
            subprocess.run([*arguments, str(partial)], check=True, stdin=subprocess.DEVNULL)
            partial.replace(target)
        return target

    def facts(self) -> dict[str, Any]:
        """For a record; the hash tells files of one recipe by other versions of FFmpeg apart."""
        return {
            "name": self.name,
            "what": self.what,
            "sha256": _sha256(self.path),
            "size_bytes": self.path.stat().st_size,
            "picture": f"{self.width_px}x{self.height_px} at {self.rate}/s",
        }


@cache
def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _full_hd(name: str, what: str, clip: Path, picture: str, **more: Any) -> Source:
    crf = more.pop("crf", 16)
    rate = more.pop("rate", Fraction(25))
    sound = _AAC if more.pop("sound", True) else ""
    return Source(
        name=name,
        what=what,
        clip=clip,
        width_px=1920,
        height_px=1080,
        rate=rate,
        recipe=f"-vf {picture} {_X264} -crf {crf} {sound}",
        seconds=10,
        **more,
    )


def _minute(name: str, what: str, picture: str) -> Source:
    """Of the city, again and again; without sound."""
    return Source(
        name=name,
        what=what,
        clip=CITY,
        width_px=1280,
        height_px=720,
        rate=Fraction(25),
        recipe=f"-an -vf {picture} {_X264} -crf 16",
        input_options="-stream_loop 7",
        seconds=60,
    )


def _uhd_hdr(name: str, kind: str, transfer: str, told: str) -> Source:
    # BT.2408: the white of SDR shines with 203 nits.
    to_hdr = (
        "format=yuv420p10le,zscale=tin=bt709:min=bt709:pin=bt709:rin=tv:npl=203:"
        f"t={transfer}:m=2020_ncl:p=2020:r=tv"
    )
    return Source(
        name=name,
        what=f"film brought to {kind}, 3840x2160, 10 bit HEVC, 2 s",
        clip=FILM_25,
        width_px=3840,
        height_px=2160,
        rate=Fraction(25),
        seconds=2,
        recipe=f"-an -vf fps=25,scale=3840:2160:flags=bicubic,{to_hdr} -c:v libx265 "
        "-preset ultrafast -crf 18 -tag:v hvc1 -x265-params log-level=error:repeat-headers=1"
        f":colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc:{told}",
    )


SOURCES = (
    _full_hd(
        "noisy",
        "film with noise, 1080p at 49 Mb/s: the clip of the design's own measurements",
        FILM_25,
        "fps=25,scale=1920:1080:flags=lanczos,noise=alls=4:allf=t:all_seed=7",
        crf=14,
        input_options="-stream_loop 1",
    ),
    _full_hd(
        "animation",
        "animation without noise, 1080p24, smooth",
        FILM_24,
        "fps=24,scale=1920:1080:flags=lanczos",
        rate=Fraction(24),
        input_options="-ss 24",
    ),
    _full_hd(
        "grain",
        "camera footage of a city under film grain, 1080p25",
        CITY,
        "fps=25,scale=1920:1080:flags=lanczos,setsar=1,noise=c0s=10:c0f=t+u:c0_seed=11",
        sound=False,
    ),
    _full_hd(
        "sport",
        "camera footage panned and shaken fast, 1080p25",
        CITY,
        "fps=25,scale=2880:1620:flags=lanczos,setsar=1,"
        "crop=1920:1080:x='(iw-ow)/2*(1+sin(t*2.3))':y='(ih-oh)/2*(1+sin(t*3.1+1))'",
        sound=False,
    ),
    Source(
        name="film",
        what="a shipped clip of a film as it is, 720p24 at 0.6 Mb/s",
        clip=MEDIA / "bbb_720p24_20s.mp4",
        width_px=1280,
        height_px=720,
        rate=Fraction(24),
    ),
    Source(
        name="minute",
        what="a shipped clip of a film as it is, one minute of 720p24 at 0.5 Mb/s",
        clip=FILM_24,
        width_px=1280,
        height_px=720,
        rate=Fraction(24),
    ),
    Source(
        name="spoken",
        what="a shipped clip of a still scene, seven times: one minute of 720p30",
        clip=MEDIA / "hello_720p30.mp4",
        width_px=1280,
        height_px=720,
        rate=Fraction(30),
        recipe="-c copy",
        input_options="-stream_loop 6",
    ),
    _minute(
        "grain-720",
        "camera footage of a city under film grain, 720p25, eight times",
        "fps=25,scale=1280:720:flags=lanczos,setsar=1,noise=c0s=7:c0f=t+u:c0_seed=11",
    ),
    _minute(
        "sport-720",
        "camera footage panned and shaken fast, 720p25, eight times",
        "fps=25,scale=1920:1080:flags=lanczos,setsar=1,"
        "crop=1280:720:x='(iw-ow)/2*(1+sin(t*2.3))':y='(ih-oh)/2*(1+sin(t*3.1+1))'",
    ),
    Source(
        name="long",
        what="ten minutes of film at a low bit rate, 720p24",
        clip=FILM_24,
        width_px=1280,
        height_px=720,
        rate=Fraction(24),
        recipe="-c copy",
        input_options="-stream_loop 9",
    ),
    _uhd_hdr("hdr4k", "PQ", "smpte2084", "hdr10=1:max-cll=1000,400"),
    _uhd_hdr("hlg4k", "HLG", "arib-std-b67", "hdr10=0"),
    Source(
        name="uhd",
        seconds=4,
        what="film scaled to 3840x2160 at 25/s, spoken over, 4 s",
        clip=FILM_25,
        width_px=3840,
        height_px=2160,
        rate=Fraction(25),
        recipe=f"-i {SPEECH} -map 0:v -map 1:a -vf fps=25,scale=3840:2160:flags=lanczos "
        f"{_X264} -crf 18 {_AAC}",
    ),
    Source(
        name="small-1",
        what="one minute of film, 256x144 at 24/s",
        clip=FILM_24,
        width_px=256,
        height_px=144,
        rate=Fraction(24),
        recipe=f"-vf fps=24,scale=256:144 {_X264} -crf 30 {_AAC}",
    ),
    Source(
        name="tiny",
        seconds=1,
        what="one second for tests, 320x180 at 25/s",
        clip=FILM_25,
        width_px=320,
        height_px=180,
        rate=Fraction(25),
        recipe=f"-vf fps=25,scale=320:180 {_X264} -crf 20 {_AAC}",
    ),
    Source(
        name="tiny-spoken",
        seconds=3,
        what="three seconds for tests, spoken over, 320x180 at 25/s",
        clip=FILM_25,
        width_px=320,
        height_px=180,
        rate=Fraction(25),
        recipe=f"-i {SPEECH} -map 0:v -map 1:a -vf fps=25,scale=320:180 {_X264} -crf 20 {_AAC}",
    ),
)


def source(name: str) -> Source:
    """The title of that name; KeyError if there is none."""
    return {source.name: source for source in SOURCES}[name]


def first_seconds(title: Source, seconds: int) -> Source:
    """The beginning of a title that is encoded by its recipe."""
    what = f"{title.what}; its first {seconds} s"
    return replace(title, name=f"{title.name}-{seconds}s", what=what, seconds=seconds)


def looped(title: Source, times: int) -> Source:
    """A title so many times in a row, joined without encoding it."""
    return Source(
        name=f"{title.name}x{times}",
        what=f"{title.what}; {times} times",
        clip=title.path,
        width_px=title.width_px,
        height_px=title.height_px,
        rate=title.rate,
        recipe="-c copy",
        input_options=f"-stream_loop {times - 1}",
    )
