"""Where the files of one rendition lie below its output's folder, and which kind they are."""

from __future__ import annotations

from dataclasses import dataclass

MEDIA_PLAYLIST = "playlist.m3u8"
I_FRAME_PLAYLIST = "i_frames.m3u8"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How an output is laid out; all names are relative to its folder.

    One of three kinds: segments in fragmented MP4, segments in MPEG-TS (``mpeg_ts``), or one
    fragmented MP4 of which segments are byte ranges (``one_file``). ``one_folder`` puts the
    rendition's name before its files' names instead of into a folder of its own.
    """

    mpeg_ts: bool = False
    one_file: bool = False
    one_folder: bool = False

    def below(self, rendition: str, file: str) -> str:
        """The path of a file of a rendition, e.g. ``video_1/init.mp4`` or ``video_1_init.mp4``."""
        return f"{rendition}{'_' if self.one_folder or self.one_file else '/'}{file}"

    def playlist(self, rendition: str, name: str = "") -> str:
        """The rendition's media playlist."""
        if self.one_file and not name:
            return f"{rendition}.m3u8"
        return self.below(rendition, name or MEDIA_PLAYLIST)

    def i_frames(self, rendition: str) -> str:
        """The rendition's playlist of keyframes."""
        return self.below(rendition, I_FRAME_PLAYLIST)

    def file(self, rendition: str) -> str:
        """The one file of a rendition, where it has one."""
        return f"{rendition}.mp4"

    def init(self, rendition: str) -> str:
        """The initialisation segment of a rendition that has segments of fragmented MP4."""
        return self.below(rendition, "init.mp4")

    def segment(self, rendition: str, number: object) -> str:
        """A media segment; numbers begin with 1."""
        return self.below(rendition, f"segment_{number}.{'ts' if self.mpeg_ts else 'm4s'}")

    def media(self, rendition: str) -> dict[str, str]:
        """The fields of a stream descriptor of Shaka Packager that say what to write."""
        if self.one_file:
            return {"output": self.file(rendition)}
        template = {"segment_template": self.segment(rendition, "$Number$")}
        return template if self.mpeg_ts else {"init_segment": self.init(rendition), **template}
