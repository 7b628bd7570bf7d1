"""The lowest level of H.264 and HEVC that takes a picture (ISO/IEC 14496-10, 23008-2, annex A)."""

from __future__ import annotations

from fractions import Fraction

from videngine.spec.codecs import Standard

# Level: largest picture and most of it a second, in macroblocks of 16x16.
_H264 = {
    "1.0": (99, 1_485),
    "1.1": (396, 3_000),
    "1.2": (396, 6_000),
    "1.3": (396, 11_880),
    "2.0": (396, 11_880),
    "2.1": (792, 19_800),
    "2.2": (1_620, 20_250),
    "3.0": (1_620, 40_500),
    "3.1": (3_600, 108_000),
    "3.2": (5_120, 216_000),
    "4.0": (8_192, 245_760),
    "4.1": (8_192, 245_760),
    "4.2": (8_704, 522_240),
    "5.0": (22_080, 589_824),
    "5.1": (36_864, 983_040),
    "5.2": (36_864, 2_073_600),
    "6.0": (139_264, 4_177_920),
    "6.1": (139_264, 8_355_840),
    "6.2": (139_264, 16_711_680),
}
# The same in luma samples.
_HEVC = {
    "1.0": (36_864, 552_960),
    "2.0": (122_880, 3_686_400),
    "2.1": (245_760, 7_372_800),
    "3.0": (552_960, 16_588_800),
    "3.1": (983_040, 33_177_600),
    "4.0": (2_228_224, 66_846_720),
    "4.1": (2_228_224, 133_693_440),
    "5.0": (8_912_896, 267_386_880),
    "5.1": (8_912_896, 534_773_760),
    "5.2": (8_912_896, 1_069_547_520),
    "6.0": (35_651_584, 1_069_547_520),
    "6.1": (35_651_584, 2_139_095_040),
    "6.2": (35_651_584, 4_278_190_080),
}


def legal_level(
    asked: str, standard: Standard, *, width_px: int, height_px: int, frame_rate: Fraction
) -> str | None:
    """The level that is written where ``asked`` is: itself, or the lowest that takes the picture.

    None where the codec has no levels of this kind, or none takes the picture.
    """
    if standard == "h264":
        levels, size = _H264, -(-width_px // 16) * -(-height_px // 16)
    elif standard == "hevc":
        levels, size = _HEVC, width_px * height_px
    else:
        return None
    return next(
        (
            level
            for level, (largest, rate) in levels.items()
            if float(level) >= float(asked) and size <= largest and size * frame_rate <= rate
        ),
        None,
    )
