"""Paths into a request: where a value stands, and how users read it."""

from __future__ import annotations

from typing import Any

from videngine.spec.faults import DROP, show

Key = str | int
Path = tuple[Key, ...]


def as_text(path: Path, data: Any) -> str:
    """``format[1].stream[0].height``; it ends at text that stands for an object (a URL)."""
    text = ""
    for key in path:
        if isinstance(data, str):
            break
        text += f"[{key}]" if isinstance(key, int) else f"{text and '.'}{key_text(key)}"
        data = _child(data, key)
    return text


def key_text(key: Key) -> str:
    """A key as it may stand in a message: users name their unknown fields as they like."""
    return show(key)[1:-1] if isinstance(key, str) else str(key)


def from_dotted(text: str) -> Path:
    """A path as validators write it: ``destination.path``, ``stream.0.height``."""
    keys = text.split(".") if text else ()
    return tuple(int(key) if key.isdecimal() else key for key in keys)


def leaf(path: Path) -> str:
    """What to call a value in a message: its key, or that of its list with an index."""
    return f"{path[-2]}[{path[-1]}]" if isinstance(path[-1], int) else key_text(path[-1])


def value_at(data: Any, path: Path) -> Any:
    """What stands at a path, or None."""
    for key in path:
        data = _child(data, key)
    return data


def put(data: Any, path: Path, value: Any) -> None:
    """Set a field, or take it out (`DROP`). Entries of lists stay: their places are in use."""
    node, key = value_at(data, path[:-1]), path[-1]
    if isinstance(node, dict):
        if value is DROP:
            node.pop(key, None)
        else:
            node[key] = value
    elif isinstance(node, list) and isinstance(key, int) and value is not DROP:
        node[key] = value


class Order:
    """The order in which a request is written."""

    def __init__(self, data: Any) -> None:
        self._data = data
        self._places: dict[int, dict[Key, int]] = {}  # of the keys of each object met

    def of(self, path: Path) -> tuple[int, ...]:
        """Where a path stands, for sorting; what is missing comes after what is there."""
        place: list[int] = []
        node = self._data
        for key in path:
            place.append(key if isinstance(key, int) else self._place(node, key))
            node = _child(node, key)
        return tuple(place)

    def _place(self, node: Any, key: Key) -> int:
        if not isinstance(node, dict):
            return 0
        if id(node) not in self._places:
            self._places[id(node)] = {key: place for place, key in enumerate(node)}
        return self._places[id(node)].get(key, len(node))


def _child(node: Any, key: Key) -> Any:
    if isinstance(node, dict):
        return node.get(key)
    if isinstance(node, list) and isinstance(key, int) and key < len(node):
        return node[key]
    return None
