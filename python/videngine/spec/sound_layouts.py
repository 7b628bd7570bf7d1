"""Channel layouts: FFmpeg's names, and the channels of each in its order."""

from __future__ import annotations

LAYOUTS: dict[str, tuple[str, ...]] = {
    name: tuple(channels.split())
    for name, channels in {
        "mono": "FC",
        "stereo": "FL FR",
        "downmix": "FL FR",
        "2.1": "FL FR LFE",
        "3.0": "FL FR FC",
        "3.0(back)": "FL FR BC",
        "4.0": "FL FR FC BC",
        "quad": "FL FR BL BR",
        "quad(side)": "FL FR SL SR",
        "3.1": "FL FR FC LFE",
        "5.0": "FL FR FC BL BR",
        "5.0(side)": "FL FR FC SL SR",
        "4.1": "FL FR FC LFE BC",
        "5.1": "FL FR FC LFE BL BR",
        "5.1(side)": "FL FR FC LFE SL SR",
        "6.0": "FL FR FC BC SL SR",
        "6.0(front)": "FL FR FLC FRC SL SR",
        "hexagonal": "FL FR FC BL BR BC",
        "6.1": "FL FR FC LFE BC SL SR",
        "6.1(back)": "FL FR FC LFE BL BR BC",
        "6.1(front)": "FL FR LFE FLC FRC SL SR",
        "7.0": "FL FR FC BL BR SL SR",
        "7.0(front)": "FL FR FC FLC FRC SL SR",
        "7.1": "FL FR FC LFE BL BR SL SR",
        "7.1(wide)": "FL FR FC LFE BL BR FLC FRC",
        "7.1(wide-side)": "FL FR FC LFE FLC FRC SL SR",
        "octagonal": "FL FR FC BL BR BC SL SR",
    }.items()
}

USUAL_LAYOUTS: dict[int, tuple[str, ...]] = {
    len(LAYOUTS[name]): LAYOUTS[name]
    for name in ("mono", "stereo", "2.1", "4.0", "5.0", "5.1", "6.1", "7.1")
}
"""What a number of channels is taken for that names no speakers."""

CHANNELS = frozenset(channel for layout in LAYOUTS.values() for channel in layout)
