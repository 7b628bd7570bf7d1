"""JSON as people write it: with comments and trailing commas.

Comments and trailing commas are blanked out in place, so everything else keeps its line and column
(which errors name), and the standard parser reads what is left.
"""

from __future__ import annotations

import json
import re
from typing import Any

from videngine.errors import Fault, SpecError

MAX_DEPTH = 32

_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r\n]+)
  | (?P<comment>//[^\n]*|/\*.*?\*/)
  | (?P<string>"(?:[^"\\\n]|\\.)*")
  | (?P<mark>[{}\[\],:])
  | (?P<word>[A-Za-z0-9_.+\-]+)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_WORDS = re.compile(r"true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")


def loads(body: bytes | str) -> Any:
    """Parse a request body.

    Raises:
        SpecError: ``invalid_json``, with line and column of the fault in ``body`` as it was given.
    """
    text = body if isinstance(body, str) else _decode(body)
    if not text.strip():
        raise _invalid("the request body is empty; send a JSON object", text, 0)
    plain = _blank_out(text)
    try:
        data = json.loads(plain)
        json.dumps(data, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise _invalid(error.msg, text, error.pos) from None
    except UnicodeEncodeError:
        raise _invalid("a string holds half of a surrogate pair", text, 0) from None
    except ValueError:
        raise _invalid("a number has too many digits", text, 0) from None
    return data


def _decode(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        start = body[: error.start].decode("utf-8-sig")
        raise _invalid("the text is not UTF-8", start, len(start)) from None


def _blank_out(text: str) -> str:
    """Blank comments and trailing commas; refuse what the standard parser lets pass."""
    out: list[str] = []
    keys: list[set[str] | None] = []  # of each open object; None for an array
    last = ("", "", 0)  # the last token that counts: kind, text, place in `out`
    before = ""  # the text of the one before it
    for token in _TOKEN.finditer(text):
        kind, found = str(token.lastgroup), token.group()
        if kind == "comment":
            found = re.sub(r"[^\n]", " ", found)
        elif kind == "other":
            raise _invalid(_unexpected(text, token.start()), text, token.start())
        elif kind == "word" and not _WORDS.fullmatch(found):
            raise _invalid(f"{found[:40]} is not a JSON value", text, token.start())
        elif kind == "mark":
            if found in "{[":
                keys.append(set() if found == "{" else None)
                if len(keys) > MAX_DEPTH:
                    raise _invalid(f"nested deeper than {MAX_DEPTH} levels", text, token.start())
            elif found in "}]":
                if last[1] == "," and before not in ("", "{", "[", ",", ":"):
                    out[last[2]] = " "
                if keys:
                    keys.pop()
            elif found == ":" and last[0] == "string" and keys and keys[-1] is not None:
                _add_key(keys[-1], last[1], text, token.start())
        if kind not in ("comment", "space"):
            before, last = last[1], (kind, found, len(out))
        out.append(found)
    return "".join(out)


def _add_key(keys: set[str], quoted: str, text: str, colon: int) -> None:
    try:
        key = json.loads(quoted)
    except json.JSONDecodeError:
        return  # the parser names this fault with its own place
    if key in keys:
        raise _invalid(f"the key {quoted[:40]} appears twice", text, text.rindex(quoted, 0, colon))
    keys.add(key)


def _unexpected(text: str, at: int) -> str:
    if text[at] == '"':
        return "a string does not end on its line"
    if text.startswith("/*", at):
        return "a comment does not end"
    return f"unexpected character {text[at]!r}"


def _invalid(what: str, text: str, at: int) -> SpecError:
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    message = f"The body is not valid JSON: line {line}, column {column}: {what}."
    return SpecError([Fault(path="body", code="invalid_json", message=message)])
