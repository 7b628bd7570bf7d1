"""What counts as JSON in a request body, and where a fault in it lies."""

from __future__ import annotations

import json

import pytest

from videngine.errors import SpecError
from videngine.spec.jsonc import MAX_DEPTH, loads


def refused(body: bytes | str) -> str:
    with pytest.raises(SpecError) as caught:
        loads(body)
    (fault,) = caught.value.faults
    assert (fault.path, fault.code) == ("body", "invalid_json")
    return fault.message


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"a": 1} // done', {"a": 1}),
        ('// first\n{"a": 1}', {"a": 1}),
        ('{"a": /* one,\n two */ 1}', {"a": 1}),
        ('{"a": [1, 2,],}', {"a": [1, 2]}),
        ('{"a": [1, /* last */ ], // over\n}', {"a": [1]}),
        ('{"a": {"b": null,},}', {"a": {"b": None}}),
        ('{"url": "https://h/a,]//b/*c*/"}', {"url": "https://h/a,]//b/*c*/"}),
        (r'{"a": "\"//\" \\"}', {"a": '"//" \\'}),
        ('{"a": "//", "b": "/*"}', {"a": "//", "b": "/*"}),
        ('\r\n{"a"\t:\t-1.5e+3}', {"a": -1500.0}),
        (b'\xef\xbb\xbf{"a": "\xc3\xa9"}', {"a": "é"}),
        ('{"a": {"x": 1}, "b": {"x": 2}}', {"a": {"x": 1}, "b": {"x": 2}}),
        ('["a", "a"]', ["a", "a"]),
    ],
)
def test_comments_and_trailing_commas_outside_strings_are_accepted(
    body: bytes | str, expected: object
) -> None:
    assert loads(body) == expected


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        ('{"a": 1 "b": 2}', 1, 9),
        ('{\n  "a": 1,\n  "b": tru\n}', 3, 8),
        ('// comment\n/* and\n another */ {"a": }', 3, 19),
        ('{"a": NaN}', 1, 7),
        ('{"a": -Infinity}', 1, 7),
        ('{"a": 01}', 1, 7),
        ('{"a": +1}', 1, 7),
        ("{'a': 1}", 1, 2),
        ('{"a": 1', 1, 8),
        ('{"a": "open\n"}', 1, 7),
        ('{"a": 1} /* never ends', 1, 10),
        ('{"a": 1} {"b": 2}', 1, 10),
        ("[1,,]", 1, 4),
        ("]", 1, 1),
        ('{"a": 1}}', 1, 9),
        (r'{"\q": 1}', 1, 3),
        ("[,]", 1, 2),
        ("{,}", 1, 2),
        ('{"a":,}', 1, 6),
        ('{"a": 1,\n "b": 2,\n "a": 3}', 3, 2),
        (r'{"a": 1, "\u0061": 2}', 1, 10),
        (b'{"a": "\xff"}', 1, 8),
        ('{"a": "tab\there"}', 1, 11),
    ],
)
def test_a_fault_is_named_by_its_line_and_column(body: bytes | str, line: int, column: int) -> None:
    assert f"line {line}, column {column}:" in refused(body)


def test_the_fault_message_says_what_is_wrong() -> None:
    assert 'the key "a" appears twice' in refused('{"a": 1, "a": 2}')
    assert "empty" in refused("")
    assert "empty" in refused(b" \n ")
    assert "UTF-8" in refused(b'{"a": "\xff"}')
    assert "surrogate" in refused(r'{"a": "\ud800"}')
    assert "too many digits" in refused('{"a": ' + "9" * 5000 + "}")
    assert "a comment does not end" in refused('{"a": 1} /* x')


def test_nesting_ends_at_the_limit() -> None:
    assert loads("[" * MAX_DEPTH + "]" * MAX_DEPTH) is not None
    deep = "[" * (MAX_DEPTH + 1)
    assert f"line 1, column {MAX_DEPTH + 1}: nested deeper" in refused(deep)
    assert "nested deeper" in refused('{"a":' * 100_000)


def test_plain_json_reads_as_the_standard_parser_reads_it() -> None:
    data = {"a": [1, 2.5, -3e-7, True, False, None, "x\u2028\n\"'\\/"], "é": {"": []}}
    for text in (
        json.dumps(data),
        json.dumps(data, indent=2),
        json.dumps(data, ensure_ascii=False),
    ):
        assert loads(text) == loads(text.encode()) == data
