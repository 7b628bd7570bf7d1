"""How loud each channel is in a down-mix or up-mix."""

from __future__ import annotations

from math import sqrt

import pytest

from videngine.media import Stream
from videngine.planning.mixing import mix_of
from videngine.spec.sound_layouts import LAYOUTS

H = sqrt(0.5)


def stream(layout: str) -> Stream:
    return Stream(
        index=1,
        type="audio",
        codec="aac",
        sample_rate_hz=48_000,
        channels=len(LAYOUTS[layout]),
        channel_layout=layout,
    )


def test_surround_becomes_stereo_by_bs775() -> None:
    mix = mix_of(stream("5.1"), "stereo")
    scale = 1 / (1 + 2 * H)
    assert mix is not None
    for row, wanted in zip(mix, ((1, 0, H, 0, H, 0), (0, 1, H, 0, 0, H)), strict=True):
        assert row == pytest.approx([scale * gain for gain in wanted])
    side = mix_of(stream("5.1(side)"), "stereo")
    assert side == mix


@pytest.mark.parametrize("source", LAYOUTS)
@pytest.mark.parametrize("target", ["mono", "stereo", "3.0", "quad", "4.0", "5.0", "5.1", "7.1"])
@pytest.mark.parametrize("mode", ["itu", "lfe", "dolby"])
def test_nothing_clips_and_every_speaker_is_heard(source: str, target: str, mode: str) -> None:
    mix = mix_of(stream(source), target, mode=mode)
    if mix is None:
        assert LAYOUTS[source] == LAYOUTS[target]
        return
    assert all(sum(map(abs, row)) <= 1 + 1e-9 for row in mix)
    for column, channel in enumerate(LAYOUTS[source]):
        heard = any(row[column] for row in mix)
        wanted = channel != "LFE" or mode == "lfe" or "LFE" in LAYOUTS[target]
        assert heard or not wanted, f"{channel} of {source} is lost in {target}"


def test_mono_and_stereo_keep_their_level() -> None:
    assert mix_of(stream("mono"), "stereo") == ((1.0,), (1.0,))
    assert mix_of(stream("stereo"), "mono") == (pytest.approx((0.5, 0.5)),)
    up = mix_of(stream("stereo"), "5.1")
    assert up is not None
    assert up[:2] == ((1, 0), (0, 1))
    assert all(gain == 0 for row in up[2:] for gain in row)


def test_dolby_puts_surrounds_in_opposite_phase() -> None:
    mix = mix_of(stream("5.1"), "stereo", mode="dolby")
    assert mix is not None
    left, right = mix
    assert left[4] < 0 < right[4]
    assert abs(left[4]) == pytest.approx(sqrt(3) * right[4])
    assert left[5] == pytest.approx(-right[4])


def test_a_layout_that_says_nothing_is_the_usual_one() -> None:
    plain = Stream(
        index=1,
        type="audio",
        codec="pcm",
        sample_rate_hz=1,
        channels=6,
        channel_layout="6 channels",
    )
    assert mix_of(plain, "stereo") == mix_of(stream("5.1"), "stereo")
    many = Stream(index=1, type="audio", codec="pcm", sample_rate_hz=1, channels=12)
    assert mix_of(many, "stereo") is None
