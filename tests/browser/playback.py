"""`play`: what a real browser makes of a packaged output. Other suites import it from here."""

from __future__ import annotations

import atexit
import functools
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Player = Literal["hls", "shaka", "dash", "native"]

HERE = Path(__file__).parent
START_S = 60  # for two starts of the browser on a busy machine


@dataclass(frozen=True)
class Verdict:
    """What came of a playback; ``plays`` holds what was seen, one entry for each start."""

    errors: list[str]
    plays: list[dict[str, Any]]

    @property
    def sizes(self) -> set[tuple[int, int]]:
        """The sizes of all pictures that were shown."""
        shown = {size for play in self.plays for size in play["sizes"]}
        return {(int(w), int(h)) for w, h in (size.split("x") for size in shown)}

    @property
    def given(self) -> set[str]:
        """The files that the player asked for."""
        return {name for play in self.plays for name in play["given"]}

    @property
    def audio_bytes(self) -> int:
        """Encoded sound that the browser decoded."""
        return sum(play["audioBytes"] for play in self.plays)

    @property
    def rungs(self) -> list[tuple[int, int]]:
        """The rungs that the player found in the manifest, the cheapest first."""
        return [(rung["width"], rung["height"]) for rung in self.plays[0]["rungs"]]

    @property
    def texts(self) -> list[tuple[float, float, str]]:
        """Subtitles that were on screen: from, to, text, as the player placed them."""
        return [(t["start"], t["end"], t["text"]) for play in self.plays for t in play["texts"]]


@functools.cache
def _browser(node: str) -> str:
    """The address of a browser that all playbacks of this process have in common.

    To start one takes as long as to play two seconds. Each page has cookies and caches of its own.
    """
    server = subprocess.Popen(
        [node, HERE / "chromium.mjs"],
        stdin=subprocess.PIPE,  # which ends with this process, however that does; so does it
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(server.communicate)
    assert server.stdout is not None
    address = server.stdout.readline().strip()
    if not address:
        raise RuntimeError("the browser did not start")
    return address


def play(
    folder: Path,
    manifest: str,
    *,
    player: Player,
    seconds: float = 4,
    rendition: Literal["both", "min", "max", "switch", "auto"] = "both",
    sound: bool = True,
    pictures: bool = True,
    key: str = "",
    text: str = "",
    audio: str = "",
) -> Verdict:
    """Play an output and judge what is seen.

    Args:
        folder: where the output's files lie.
        manifest: its entry point, below ``folder``.
        player: hls.js, Shaka Player, dash.js, or the browser alone.
        seconds: how much is to be played, in all.
        rendition: ``both`` plays the lowest and then the highest rung, each for half of the time;
            ``switch`` goes from one to the other behind the first segment on screen.
        sound: whether sound has to be decoded.
        pictures: whether pictures have to be shown.
        key: a ClearKey as ``id:key``, both in hexadecimal, or nothing.
        text: language of the subtitles that are shown, or nothing.
        audio: language of the sound that is chosen before it starts, or nothing.

    Raises:
        RuntimeError: nothing could be tried: Node.js, the browser or the players are missing.
    """
    node = shutil.which("node")
    if node is None or not (HERE / "node_modules").is_dir():
        raise RuntimeError("the browser tests need Node.js and their packages: script/setup --dev")
    done = subprocess.run(
        [
            *(node, HERE / "play.mjs", "--folder", folder, "--manifest", manifest),
            *("--browser", _browser(node)),
            *("--player", player, "--seconds", str(seconds), "--rendition", rendition),
            *([] if sound else ["--silent"]),
            *([] if pictures else ["--unseen"]),
            *(["--audio", audio] if audio else []),
            *(["--key", key] if key else []),
            *(["--text", text] if text else []),
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=START_S + 10 * seconds,
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(f"playback could not be tried:\n{done.stderr}")
    verdict = json.loads(done.stdout)
    return Verdict(errors=verdict["errors"], plays=verdict["plays"])
