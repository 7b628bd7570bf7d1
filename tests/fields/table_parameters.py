"""Rows of `video_codec_parameters`: what the encoders write of themselves, or what they do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from tests.engine.measure import keyframes, pictures, probe_json
from tests.fields.rows import MEDIA, Made, Row
from tests.fields.table_codecs import encoded_with, settings, short, video_is
from tests.fields.table_core import FILM, film, mp4


def named(*names: str) -> tuple[str, ...]:
    """Fields of the parameters, and the field that holds them."""
    return ("EncodingFields.video_codec_parameters", *(f"CodecParameters.{n}" for n in names))


def with_parameters(codec: str = "h264", **parameters: Any) -> dict[str, Any]:
    """One second with these parameters."""
    return film(short(video_codec=codec, video_codec_parameters=parameters))


def scene_cuts_get_keyframes(made: Made) -> None:
    assert settings(made, "x264")["scenecut"] == "40"
    assert len(keyframes(made.path(0))) > len(keyframes(made.path(1)))


def sizes_differ(made: Made) -> None:
    sizes = [made.path(i).stat().st_size for i in range(len(made.report.outputs))]
    assert len(set(sizes)) == len(sizes)


def first_is_larger(made: Made) -> None:
    assert made.path(0).stat().st_size > 1.5 * made.path(1).stat().st_size


def packets(path: Path) -> list[dict[str, Any]]:
    """The coded pictures of a file."""
    found: list[dict[str, Any]] = probe_json(path, "-select_streams", "v", "-show_packets")[
        "packets"
    ]
    return found


def pictures_are_of_a_size(made: Made) -> None:
    """Behind the first second, the coded sizes scatter less in the first output."""
    spread = []
    for index in (0, 1):
        sizes = [int(p["size"]) for p in packets(made.path(index))][24:]
        spread.append(np.std(sizes) / np.mean(sizes))
    assert spread[0] < spread[1]


def nearest_pixels_are_taken(made: Made) -> None:
    """Each pixel of a picture scaled by `neighbor` is one of the source's, near its place."""
    shown = pictures(made.path(), 320, 180)[0].astype(int)
    whole = pictures(MEDIA / FILM, 1280, 720)[0].astype(int)
    blocks = whole.reshape(180, 4, 320, 4).transpose(0, 2, 1, 3).reshape(180, 320, 16)
    one_of_them = np.abs(blocks - shown[..., None]).min(2)
    smooth = np.abs(blocks.mean(2) - shown)
    assert np.percentile(one_of_them, 99) <= 1
    assert smooth.mean() > 0.5


QUICK = {"preset": "veryfast"}

ROWS = [
    Row(fields=named("vprofile", "level", "directpred", "me_method", "subq", "trellis", "refs",
                     "cmp", "me_range", "b_strategy", "qcomp", "qmin", "qmax", "qdiff", "bf",
                     "rc_lookahead", "i_qfactor", "preset"),
        name="parameters of x264",
        job=with_parameters(
            vprofile="high", level="31", directpred="2", me_method="umh", subq="6", trellis="2",
            refs="4", cmp="chroma", me_range="24", b_strategy="2", qcomp="0.7", qmin="5", qmax="45",
            qdiff="6", bf=2, rc_lookahead="20", i_qfactor="0.8", preset="faster",
        ),
        check=encoded_with(
            "x264", direct="2", me="umh", subme="6", trellis="2", ref="4", chroma_me="1",
            me_range="24", b_adapt="2", qcomp="0.70", qpmin="5", qpmax="45", qpstep="6",
            bframes="2", rc_lookahead="20", ip_ratio="1.25",
        )),
    Row(fields=named("vprofile", "level"), name="profile and level in the bit stream",
        job=with_parameters(vprofile="main", level=3.1, **QUICK),
        check=video_is(profile="Main", level=31)),
    Row(fields=named("level"), name="a level that is too low is raised",
        job=with_parameters(level="10"), check=video_is(level=12)),
    Row(fields=named("coder"), name="coder", job=with_parameters(coder="0", **QUICK),
        check=encoded_with("x264", cabac="0")),
    Row(fields=named("max_rate", "bufsize"), name="max_rate and bufsize",
        job=film(short(quality=23, bitrate=900,
                       video_codec_parameters={"max_rate": "700", "bufsize": "1400"})),
        check=encoded_with("x264", rc="crf", vbv_maxrate="700", vbv_bufsize="1400")),
    Row(fields=named("l_qfactor"), name="l_qfactor",
        job=with_parameters(l_qfactor="0.5", **QUICK), check=encoded_with("x264", ip_ratio="2.00")),
    Row(fields=named("sc_threshhold", "sc_threshold"), name="sc_threshold",
        job={"source": "bbb_720p24_60s.mp4", "format": [
            mp4(duration=20, height=96, keyframe=1000, video_codec_parameters=parameters)
            for parameters in ({"sc_threshhold": "40"}, {"sc_threshold": 0})
        ]},
        check=scene_cuts_get_keyframes),
    Row(fields=named("flags"), name="flags", job=with_parameters(flags="+ildct+ilme", **QUICK),
        check=encoded_with("x264", interlaced="tff")),
    Row(fields=named("sws_flags"), name="sws_flags",
        job=film(short(quality=0, video_codec_parameters={"sws_flags": "neighbor"})),
        check=nearest_pixels_are_taken),
    Row(fields=named("me_method", "subq", "trellis", "refs", "me_range", "b_strategy", "qcomp",
                     "qmin", "qmax", "qdiff", "bf", "rc_lookahead", "i_qfactor"),
        name="parameters of x265",
        job=with_parameters(
            "hevc", me_method="full", subq="3", trellis="2", refs="2", me_range="30",
            b_strategy="2", qcomp="0.7", qmin="5", qmax="45", qdiff="6", bf=2, rc_lookahead="10",
            i_qfactor="0.8", preset="superfast",
        ),
        check=encoded_with(
            "x265", me="5", subme="3", rdoq_level="2", ref="2", merange="30", b_adapt="2",
            qcomp="0.70", qpmin="5", qpmax="45", qpstep="6", bframes="2", rc_lookahead="10",
            ipratio="1.25", scenecut="0", open_gop=None,
        )),
    Row(fields=named("max_rate", "bufsize", "level"), name="rates and level of x265",
        job=with_parameters("hevc", max_rate=800, bufsize=1600, level="31"),
        check=encoded_with("x265", vbv_maxrate="800", vbv_bufsize="1600", level_idc="31")),
    Row(fields=named("speed", "preset"), name="speed of VP9",
        job=film(*(short(video_codec="vp9", video_codec_parameters=parameters)
                   for parameters in ({"preset": "realtime", "speed": 8}, {"preset": "good",
                                                                          "speed": 3}))),
        check=sizes_differ),
    Row(fields=named("min_rate"), name="min_rate makes the rate of VP9 constant",
        job=film(*(mp4(video_codec="vp9", bitrate=400, duration=4, video_codec_parameters={
                       "preset": "realtime", "speed": 8, "max_rate": 400, **more})
                   for more in ({"min_rate": 400}, {}))),
        check=pictures_are_of_a_size),
    Row(fields=named("qmin", "qmax"), name="quantizers of AV1",
        job=film(*(short(video_codec="av1", bitrate=2000, audio_mute="drop",
                         video_codec_parameters=parameters)
                   for parameters in ({}, {"qmin": 60, "qmax": 63}))),
        check=first_is_larger),
]  # fmt: skip
