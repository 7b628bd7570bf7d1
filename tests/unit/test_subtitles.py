"""Subtitle files of every format and encoding become the same cues; bad ones name their line."""

from __future__ import annotations

import codecs
import random
import time
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import pytest

from videngine.errors import InputError
from videngine.subtitles import Cue, clipped, flattened, read_cues, to_srt, to_webvtt

SRT = """1
00:00:01,000 --> 00:00:02,500
Hello <i>there</i> & you

2
00:01:00,040 --> 00:01:02,000
<font color="red">two</font>
{\\an8}lines <3
"""
WEBVTT = """WEBVTT - a title

STYLE
::cue { color: red }

NOTE nothing

one
00:01.000 --> 00:02.500
Hello <i>there</i> &amp; you

00:01:00.040 --> 00:01:02.000 line:0 region:r1
<c.red>two</c>
lines < 3 <blink>
"""
ASS = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Bold, Italic, Alignment
Style: Default,Arial,0,0,2
Style: Shout,Arial,-1,0,8

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:01:00.04,0:01:02.00,Shout,,0,0,0,,two\\Nlines, with commas
Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,Hello {\\i1}there{\\i0} & you
Comment: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,left out
Dialogue: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,{\\p1}m 0 0 l 1 1{\\p0}
"""
TTML = """<?xml version="1.0" encoding="UTF-8"?>
<tt xmlns="http://www.w3.org/ns/ttml" xmlns:tts="http://www.w3.org/ns/ttml#styling"
    xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ttp:frameRate="25">
  <head>
    <styling><style xml:id="s1" tts:fontStyle="italic"/></styling>
    <layout><region xml:id="top" tts:origin="10% 5%" tts:extent="80% 10%"/></layout>
  </head>
  <body><div begin="1s">
    <p begin="0s" dur="1.5s">Hello <span style="s1">there</span> &amp; you</p>
    <p begin="00:00:59:01" end="61s" region="top">two<br/>
      lines</p>
  </div></body>
</tt>
"""
FIRST = Cue(1000, 2500, "Hello <i>there</i> &amp; you")


def read(tmp_path: Path, data: str | bytes, language: str = "") -> list[Cue]:
    path = tmp_path / "subtitles.txt"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_cues(path, language)


def fault(tmp_path: Path, data: str | bytes) -> str:
    with pytest.raises(InputError) as caught:
        read(tmp_path, data)
    assert caught.value.code == "subtitle_invalid"
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "second"),
    [
        (SRT, Cue(60_040, 62_000, "two\nlines &lt;3", "line:0")),
        (WEBVTT, Cue(60_040, 62_000, "<c.red>two</c>\nlines &lt; 3", "line:0")),
        (ASS, Cue(60_040, 62_000, "<b>two\nlines, with commas</b>", "line:0")),
        (TTML, Cue(60_040, 62_000, "two\nlines", "line:0")),
    ],
    ids=["srt", "webvtt", "ass", "ttml"],
)
def test_formats_are_told_apart_by_content(tmp_path: Path, text: str, second: Cue) -> None:
    assert read(tmp_path, text) == [FIRST, second]
    assert read(tmp_path, text.replace("\n", "\r\n")) == [FIRST, second]


GREEK, RUSSIAN = "Καλημέρα κόσμε, τι κάνεις σήμερα;", "Съешь же ещё этих мягких булок, да выпей чаю"
POLISH, FRENCH = "Zażółć gęślą jaźń, proszę państwa", "Où êtes-vous allé cet été, garçon ? Ça va"
JAPANESE, CHINESE = (
    "こんにちは、世界。今日はいい天気ですね。",
    "你好。世界。今天天气很好、我们去公园吧。",
)


@pytest.mark.parametrize(
    ("words", "encoding", "language"),
    [
        (FRENCH, "utf-8", ""),
        (FRENCH, "utf-8-sig", ""),
        (FRENCH, "utf-16", ""),
        (FRENCH, "utf-16-be", ""),
        (FRENCH, "utf-32", ""),
        (FRENCH, "cp1252", "fr"),
        (FRENCH, "cp1252", ""),
        (POLISH, "cp1250", "pl"),
        (POLISH, "iso8859-2", "pl"),
        (RUSSIAN, "cp1251", "ru"),
        (RUSSIAN, "koi8-r", "ru"),
        (RUSSIAN, "cp1251", ""),
        (GREEK, "cp1253", "el"),
        ("İstanbul'da güneşli bir gün, çok güzel", "cp1254", "tr"),
        ("שלום עולם, מה שלומך היום", "cp1255", "he"),
        ("مرحبا بالعالم كيف حالك اليوم", "cp1256", "ar"),
        (JAPANESE, "cp932", "ja"),
        (JAPANESE, "euc-jp", "ja"),
        ("안녕하세요 세계, 오늘 날씨가 좋네요", "cp949", "ko"),
        (CHINESE, "gb18030", "zh"),
    ],
)
def test_encodings_are_found_out(tmp_path: Path, words: str, encoding: str, language: str) -> None:
    text = "".join(f"{i}\n00:00:{i:02},000 --> 00:00:{i:02},900\n{words}\n\n" for i in range(1, 6))
    data = text.encode(encoding)
    if encoding == "utf-16-be":
        assert not data.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE))
    assert [cue.text for cue in read(tmp_path, data, language)] == [words] * 5


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "Line 1: this is neither"),
        ("<html><body>404</body></html>", "Line 1: this is neither"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(50), "Line "),
        (
            "1\n00:00:01,000 --> 00:00:02,000\na\n\n2\n00:00:xx --> 00:00:04\nb\n",
            "Line 6: the times",
        ),
        ("hello\n1\n00:00:01,000 --> 00:00:02,000\na\n", "Line 1: a number"),
        ("1\n00:00:03,000 --> 00:00:02,000\na\n", "Line 2: the text ends before"),
        ("1\n00:00:01,000 --> 5000:00:02,000\na\n", "Line 2: times are taken up to"),
        ("WEBVTT\n\n00:01.000 --> 00:02\na\n", "Line 3: the times"),
        ("WEBVTT\n\nid\nno times\n", "Line 4: the times of a text are due"),
        (ASS.replace("0:00:01.00", "soon", 1), "Line 12: the times"),
        (ASS.replace(",,0,0,0,,Hello", "Hello"), "Line 12: the line has less fields"),
        (TTML.replace('dur="1.5s"', 'dur="soon"'), "Line 9: the time in dur"),
        (TTML.replace('dur="1.5s"', ""), "Line 9: the text has no end"),
        (TTML.replace("</p>", "", 1), "the XML is broken: mismatched tag"),
    ],
)
def test_what_cannot_be_read_names_the_line(
    tmp_path: Path, data: str | bytes, message: str
) -> None:
    assert message in fault(tmp_path, data)


BOMB = (
    '<!DOCTYPE tt [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {n} "{f"&{p};" * 10}">' for p, n in zip("abcdefghi", "bcdefghij", strict=True)
    )
    + ']><tt><body><div><p begin="1s" end="2s">&j;</p></div></body></tt>'
)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (BOMB, "must not declare entities"),
        ("<tt>" + "<div>" * 200, "too many elements"),
        ("<tt><body>" + "<p/>" * 210_000, "too many elements"),
        ("1\n00:00:01,000 --> 00:00:02,000\n" + "{\\b1}<b>" * 300_000, "at most 4000 characters"),
        ("1\n00:00:01,000 --> 00:00:02,000\na\n\n" * 60_000, "at most 50000 texts"),
        ("WEBVTT\n\n" + "00:01.000 --> 00:02.000\na\n\n" * 60_000, "at most 50000 texts"),
    ],
)
def test_hostile_files_end_soon(tmp_path: Path, data: str, message: str) -> None:
    began = time.process_time()
    assert message in fault(tmp_path, data)
    assert time.process_time() - began < 10


def test_an_outside_entity_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    declared = f'<!DOCTYPE tt [<!ENTITY x SYSTEM "file://{secret}">]>'
    text = f'{declared}<tt><body><p begin="0s" end="1s">&x;</p></body></tt>'
    assert "must not declare entities" in fault(tmp_path, text)


def test_random_bytes_never_fail_otherwise(tmp_path: Path) -> None:
    dice = random.Random(1)
    for text in (SRT, WEBVTT, ASS, TTML):
        for _ in range(60):
            data = bytearray(text.encode())
            for _ in range(dice.randrange(1, 12)):
                data[dice.randrange(len(data))] = dice.randrange(256)
            with suppress(InputError):
                cues = read(tmp_path, bytes(data))
                assert read(tmp_path, to_webvtt(cues)) == cues


def test_webvtt_is_read_as_it_was_written(tmp_path: Path) -> None:
    for text in (SRT, WEBVTT, ASS, TTML):
        cues = read(tmp_path, text)
        assert read(tmp_path, to_webvtt(cues, header="X-TIMESTAMP-MAP=MPEGTS:0")) == cues


def test_srt_is_plain() -> None:
    assert to_srt([FIRST]) == "1\n00:00:01,000 --> 00:00:02,500\nHello there & you\n"


def test_a_part_of_the_film_has_its_own_times() -> None:
    cues = [Cue(0, 900, "a"), Cue(1000, 2000, "b"), Cue(2500, 9000, "c <00:00:03.000>d")]
    assert clipped(cues, Fraction(3, 2), Fraction(5)) == [
        Cue(0, 500, "b"),
        Cue(1000, 5000, "c <00:00:01.500>d"),
    ]
    assert clipped(cues, Fraction(0), None) == cues


def test_texts_at_the_same_time_become_one() -> None:
    cues = [Cue(0, 3000, "a"), Cue(1000, 2000, "b"), Cue(4000, 5000, "c")]
    assert flattened(cues) == [
        Cue(0, 1000, "a"),
        Cue(1000, 2000, "a\nb"),
        Cue(2000, 3000, "a"),
        Cue(4000, 5000, "c"),
    ]
