"""A contact sheet: frames at even distances, side by side, as one image.

python examples/contact_sheet.py FILM SHEET.png
"""

from __future__ import annotations

import sys

import numpy as np
from PIL import Image

import videngine


def contact_sheet(film: str, columns: int = 4, rows: int = 3, width: int = 320) -> Image.Image:
    """``columns`` x ``rows`` frames, each ``width`` pixels wide; each GOP is decoded once."""
    with videngine.open(film) as src:
        numbers = np.linspace(0, len(src) - 1, columns * rows).astype(int)
        pictures = [frame.to_image() for frame in src.frames(numbers)]
    height = round(width * pictures[0].height / pictures[0].width)
    sheet = Image.new("RGB", (columns * width, rows * height))
    for place, picture in enumerate(pictures):
        at = (place % columns * width, place // columns * height)
        sheet.paste(picture.resize((width, height)), at)
    return sheet


if __name__ == "__main__":
    contact_sheet(sys.argv[1]).save(sys.argv[2])
