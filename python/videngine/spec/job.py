"""`JobSpec`: a whole validated request. Fields left out are None; defaults are the planner's."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, ValidationInfo, field_validator, model_validator

from videngine.spec.echo import echo_output
from videngine.spec.faults import invalid
from videngine.spec.model import Later, Model
from videngine.spec.outputs import MetadataOutput, Output, RepackOutput, VmafOutput
from videngine.spec.private import WebUrl
from videngine.spec.rendition import VideoFields
from videngine.spec.source import Source
from videngine.spec.stitch import Clip
from videngine.spec.values import Flag, Payload, Priority, is_unset, text
from videngine.spec.webhook import WebhookConfig

VideoId = Annotated[str, text(255, "your id of the video")]


def _needs_a_source(schema: dict[str, Any]) -> None:
    schema["oneOf"] = [{"required": ["source"]}, {"required": ["stitch"]}]


class JobSpec(Model):
    """One source, or several in a row, and the outputs to make of it."""

    model_config = ConfigDict(json_schema_extra=_needs_a_source, defer_build=False)

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
    stitch: tuple[Clip, ...] | None = Field(
        None,
        min_length=1,
        max_length=50,
        description="Sources that are shown in a row, 1 to 50, instead of `source`: objects like "
        "it, each with a `start_time` and `duration` of its own if need be, or URLs alone. "
        "Default: none.",
    )
    source: Source | None = Field(
        None,
        validate_default=True,
        description="The video: an object, or its URL alone; this or `stitch` must be given. No "
        "default.",
    )
    format: tuple[Output, ...] = Field(
        min_length=1, max_length=50, description="The outputs, 1 to 50. Required."
    )
    payload: Payload | None = Field(
        None,
        description="Text of yours, at most 1000 characters; returned in answers, reports and "
        "webhooks. Not for secrets. Default: none.",
    )
    priority: Priority | None = Field(
        None,
        description="Place in the queue, -50 to 50: waiting jobs with more go first, equals in "
        "the order in which they came. Default: 0.",
    )
    callback_url: WebUrl | None = Field(
        None, description="Short for a `webhook_config` with nothing but this `url`. Default: none."
    )
    retry_on_error: Annotated[None, Later(harmless=(1, "1", "true"))] = Field(
        None,
        description="Nothing to choose: what another try can mend is tried again "
        "(`max_attempts`). Default: 1.",
    )

    @model_validator(mode="before")
    @classmethod
    def _call_back(cls, data: Any) -> Any:
        if not isinstance(data, dict) or is_unset(data.get("callback_url")):
            return data
        if not is_unset(data.get("webhook_config")):
            raise invalid(
                "cannot stand beside `webhook_config`, whose `url` says the same",
                code="conflicting_fields",
                field="callback_url",
                final=True,
            )
        webhook = {"url": data["callback_url"]}
        return {**data, "callback_url": None, "webhook_config": webhook}

    @property
    def sources(self) -> tuple[Source | Clip, ...]:
        """What the job is made from, in the order in which it is shown."""
        return self.stitch or ((self.source,) if self.source else ())

    @field_validator("source")
    @classmethod
    def _stand_alone(cls, source: Source | None, info: ValidationInfo) -> Source | None:
        """Either this or ``stitch``; one that is wrong has a fault of its own."""
        if "stitch" in info.data and (source is None) == (info.data["stitch"] is None):
            if source is None:
                raise invalid("is required", code="missing_field", final=True)
            raise invalid(
                "cannot stand beside `stitch`; leave one of them out",
                code="conflicting_fields",
                final=True,
            )
        return source

    @model_validator(mode="after")
    def _score_what_is_there(self) -> Self:
        made = [isinstance(output, VideoFields) for output in self.format]
        for number, output in enumerate(self.format):
            if self.stitch and isinstance(output, MetadataOutput | RepackOutput | VmafOutput):
                raise invalid(
                    f"is {output.output}, which is about one source; it cannot stand beside "
                    "`stitch`",
                    code="conflicting_fields",
                    field=f"format.{number}.output",
                )
            if not isinstance(output, VmafOutput):
                continue
            wrong = [i for i in output.distorted or () if i >= len(made) or not made[i]]
            if wrong or not any(made):
                raise invalid(
                    f"must be places of outputs with encoded pictures; {wrong[0]} is none"
                    if wrong
                    else "has nothing to score: no output of this job has encoded pictures",
                    code="conflicting_fields",
                    field=f"format.{number}.distorted",
                )
        return self

    def echo(self) -> dict[str, Any]:
        """The request as responses print it: documented keys with zero values, no secrets."""
        out: dict[str, Any] = {
            "video_id": self.video_id,
            "webhook_config": self.webhook_config.echo() if self.webhook_config else None,
            "source": self.source.echo() if self.source else None,
            "format": [echo_output(output) for output in self.format],
        }
        if self.stitch:
            out["stitch"] = [clip.echo() for clip in self.stitch]
        optional = ("upscale", "payload", "priority")
        return out | {n: getattr(self, n) for n in optional if getattr(self, n) is not None}
