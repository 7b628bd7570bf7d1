"""``logo``: images laid over a picture."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, Tag, model_validator

from videngine.spec.choice import ToldBy
from videngine.spec.faults import DROP, invalid, show
from videngine.spec.model import Model
from videngine.spec.source import Source
from videngine.spec.values import Duration, Scalar, StartTime, number, whole

Position = Literal[
    "top-left", "top", "top-right", "left", "center", "right",
    "bottom-left", "bottom", "bottom-right",
]  # fmt: skip

_FARTHEST_PX = 8192


def _offset(value: object) -> int:
    found = number(value, what="a whole number of px")
    if found.denominator != 1:
        near = round(found)
        raise invalid(f"must be a whole number; {near} is used", instead=near)
    if abs(found) > _FARTHEST_PX:
        raise invalid(f"must be -{_FARTHEST_PX} to {_FARTHEST_PX} px, not {show(value)}")
    return int(found)


def _opacity(value: object) -> float:
    found = number(value, what="a number from 0 to 1")
    if not 0 <= found <= 1:
        near = 0 if found < 0 else 1
        raise invalid(f"must be 0 to 1; {near} is used", instead=near)
    return float(found)


def _position(value: object) -> Position:
    name = value.strip().lower().replace("_", "-") if isinstance(value, str) else ""
    for position in get_args(Position):
        if name == position:
            known: Position = position
            return known
    raise invalid(f"must be one of {', '.join(get_args(Position))}, not {show(value)}")


_NUMBER = {"anyOf": [{"type": "integer"}, {"type": "string"}]}
Offset = Annotated[int, Scalar(_offset, _NUMBER)]
Side = Annotated[int, whole(1, 8192, "px", zero=True)]


class LogoMargin(Model):
    """How far a logo is from the edges of its ``position``."""

    x: Offset | None = Field(None, description="Px from the left or right edge. Default: 0.")
    y: Offset | None = Field(None, description="Px from the upper or lower edge. Default: 0.")


class Logo(Model):
    """One image laid over the picture, in pixels of each rung."""

    source: Source = Field(
        description="The image, PNG, JPEG or WebP: a URL, or an object such as the job's own "
        "`source`. Required."
    )
    x: Offset | None = Field(
        None,
        description="Px from the left edge; negative: from the right one. What lies outside of the "
        "picture is cut off. Default: 0.",
    )
    y: Offset | None = Field(
        None, description="Px from the upper edge; negative: from the lower one. Default: 0."
    )
    opacity: Annotated[float, Scalar(_opacity, {"type": "number", "minimum": 0, "maximum": 1})] | (
        None
    ) = Field(None, description="From 0, invisible, to 1; times the image's own alpha. Default: 1.")
    start_time: StartTime | None = Field(
        None, description="When it appears, counted from the output's beginning. Default: 0."
    )
    duration: Duration | None = Field(
        None, description="How long it is to be seen. Default: to the end."
    )
    position: Annotated[Position, Scalar(_position, {"enum": list(get_args(Position))})] | None = (
        Field(None, description="Where it lies, instead of `x` and `y`. Default: unset.")
    )
    margin: LogoMargin | None = Field(
        None, description="Distance from the edges of `position`. Default: 0."
    )
    width: Side | None = Field(
        None, description="Width in px. Default: follows from `height`, else the image's."
    )
    height: Side | None = Field(
        None, description="Height in px. Default: follows from `width`, else the image's."
    )

    @model_validator(mode="after")
    def _placed_once(self) -> Self:
        for field in ("x", "y"):
            if self.position and getattr(self, field) is not None:
                raise invalid(
                    "says again where the logo lies and is ignored beside `position`",
                    code="conflicting_fields",
                    field=field,
                    instead=DROP,
                )
        if self.margin and not self.position:
            raise invalid(
                "is only for `position` and is ignored",
                code="conflicting_fields",
                field="margin",
                instead=DROP,
            )
        return self


def _how_many(value: Any) -> str:
    return "several" if isinstance(value, list | tuple) else "one"


Logos = Annotated[
    Annotated[Logo, Tag("one")] | Annotated[tuple[Logo, ...], Field(max_length=8), Tag("several")],
    ToldBy(_how_many),
]
"""One logo, or up to eight in the order in which they are laid."""
