"""`JobSpec`: a whole validated request. Fields left out are None; defaults are the planner's."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from videngine.spec.echo import echo_output
from videngine.spec.model import Model, NotYet
from videngine.spec.outputs import Output
from videngine.spec.source import Source
from videngine.spec.values import Flag, text
from videngine.spec.webhook import WebhookConfig

VideoId = Annotated[str, text(255, "your id of the video")]


class JobSpec(Model):
    """One source and the outputs to make of it."""

    video_id: VideoId = Field(
        description="Your id of the video, 1 to 255 characters; returned everywhere; need not be "
        "unique. Required."
    )
    upscale: Flag | None = Field(
        None,
        description="true: every size is made as asked. false: rungs larger than the source are "
        "left out; if all are, "
        "the first is made at the source's size. Default: false.",
    )
    webhook_config: WebhookConfig | None = Field(
        None, description="Whom to tell what becomes of the job. Default: nobody."
    )
    source: Source = Field(description="The video: an object, or its URL alone. Required.")
    format: tuple[Output, ...] = Field(
        min_length=1, max_length=50, description="The outputs, 1 to 50. Required."
    )
    stitch: NotYet = Field(None, description="Several sources in a row. Default: none.")
    payload: NotYet = Field(None, description="Text returned in webhooks. Default: none.")
    priority: NotYet = Field(None, description="Place in the queue. Default: 0.")
    callback_url: NotYet = Field(None, description="Use `webhook_config.url`. Default: none.")
    retry_on_error: NotYet = Field(None, description="One more run after a failure. Default: 0.")

    def echo(self) -> dict[str, Any]:
        """The request as responses print it: documented keys with zero values, no secrets."""
        out: dict[str, Any] = {
            "video_id": self.video_id,
            "webhook_config": self.webhook_config.echo() if self.webhook_config else None,
            "source": self.source.echo(),
            "format": [echo_output(output) for output in self.format],
        }
        return out if self.upscale is None else {**out, "upscale": self.upscale}
