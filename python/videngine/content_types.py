"""Object key → content type and caching, for everything that videngine writes."""

from __future__ import annotations

from pathlib import PurePosixPath

_BY_SUFFIX = {
    ".aac": "audio/aac",
    ".ass": "text/x-ssa",
    ".avif": "image/avif",
    ".flac": "audio/flac",
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".key": "application/octet-stream",
    ".m3u8": "application/vnd.apple.mpegurl",
    ".m4a": "audio/mp4",
    ".m4s": "video/iso.segment",
    ".m4v": "video/mp4",
    ".mkv": "video/x-matroska",
    ".mov": "video/quicktime",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".mpd": "application/dash+xml",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".png": "image/png",
    ".srt": "application/x-subrip",
    ".ts": "video/mp2t",
    ".ttml": "application/ttml+xml",
    ".txt": "text/plain; charset=utf-8",
    ".vtt": "text/vtt",
    ".wav": "audio/wav",
    ".webm": "video/webm",
    ".webp": "image/webp",
}
_MANIFESTS = {".m3u8", ".mpd"}
_SEGMENTS = {".m4s", ".ts"}


def content_type_of(key: str) -> str:
    """The content type by the key's suffix; ``application/octet-stream`` if it is not known."""
    return _BY_SUFFIX.get(_suffix(key), "application/octet-stream")


def cache_control_of(key: str) -> str | None:
    """How long caches may keep an object: manifests briefly, segments for ever, the rest unsaid.

    A second job may write another ``video.mp4`` under the same key, so only segments, which players
    fetch by the thousand, are called immutable.
    """
    if _suffix(key) in _MANIFESTS:
        return "public, max-age=10"
    return "public, max-age=31536000, immutable" if _suffix(key) in _SEGMENTS else None


def split_path(path: str) -> tuple[str, str]:
    """A destination's path as folder (ending in ``/``, or "") and file name ("" if it names none).

    The last part is a file name if it ends in the suffix of something that videngine writes.
    """
    if not path.endswith("/") and _suffix(path) in _BY_SUFFIX:
        folder, slash, name = path.rpartition("/")
        return folder + slash, name
    return (path if not path or path.endswith("/") else f"{path}/"), ""


def _suffix(key: str) -> str:
    return PurePosixPath(key).suffix.lower()
