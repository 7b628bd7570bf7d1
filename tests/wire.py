"""A wire between client and server that tests slow down, stop and cut."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Wire:
    """A TCP proxy in front of a server, to be slowed down, stopped and cut while data flows."""

    target: int
    port: int = 0
    bytes_up: int = 0
    """Bytes that went towards the server."""
    rate_bytes_s: float = float("inf")
    """Speed of each direction of each connection."""
    flowing: threading.Event = field(default_factory=threading.Event)
    """Cleared, nothing moves but connections stay."""
    refusing: bool = False
    """Set, new connections are closed at once."""
    _open: set[socket.socket] = field(default_factory=set)

    def cut(self) -> None:
        """End all connections and take no new ones."""
        self.refusing = True
        for side in list(self._open):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)

    def serve(self, listener: socket.socket) -> None:
        """Accept until the listener is shut down."""
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            if self.refusing:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self.target))
            self._open |= {near, far}
            pair = [threading.Thread(target=self._pump, args=(near, far, True), daemon=True)]
            pair.append(threading.Thread(target=self._pump, args=(far, near, False), daemon=True))
            threading.Thread(target=self._close_after, args=(pair, near, far), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, up: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(16 << 10):
                self.flowing.wait()
                if self.rate_bytes_s != float("inf"):
                    time.sleep(len(data) / self.rate_bytes_s)
                sink.sendall(data)
                self.bytes_up += len(data) if up else 0
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def _close_after(self, pair: list[threading.Thread], *sides: socket.socket) -> None:
        for pump in pair:
            pump.start()
        for pump in pair:
            pump.join()
        for side in sides:
            self._open.discard(side)
            side.close()


@contextlib.contextmanager
def wire_to(target: int) -> Iterator[Wire]:
    """A `Wire` to a port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire = Wire(target, listener.getsockname()[1])
        wire.flowing.set()
        thread = threading.Thread(target=wire.serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield wire
        finally:
            wire.flowing.set()
            wire.cut()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
