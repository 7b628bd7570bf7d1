"""What queries may say and what answers hold; `openapi.json` is made from it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Status = Literal["queued", "processing", "completed", "failed", "canceled"]
OutputStatus = Literal["queued", "processing", "completed", "failed", "skipped", "canceled"]


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NoQuery(_Query):
    """No parameters."""


class PostQuery(_Query):
    """Parameters of `POST /jobs`."""

    strict: bool = Field(False, description="Refuse what would only be warned of.")
    dry_run: bool = Field(False, description="Answer with the plan of the job; queue nothing.")


class ListQuery(_Query):
    """Parameters of `GET /jobs`."""

    page: int = Field(1, ge=1, le=1_000_000, description="Which page, from 1.")
    limit: int = Field(20, ge=1, le=100, description="Jobs on a page.")
    status: Status | None = Field(None, description="Only jobs in this state.")
    video_id: str | None = Field(None, description="Only jobs of this video.")
    created_after: AwareDatetime | None = Field(None, description="Only jobs since then.")
    created_before: AwareDatetime | None = Field(None, description="Only jobs before then.")
    sort: Literal["created_at", "-created_at"] = Field(
        "-created_at", description="Oldest or newest first."
    )


class RetryQuery(_Query):
    """Parameters of `POST /jobs/{id}/retry`."""

    all: bool = Field(False, description="Make everything again, not only what failed.")


class DeleteQuery(_Query):
    """Parameters of `DELETE /jobs/{id}`."""

    purge: bool = Field(False, description="Delete its files in the default store too.")


class PlayerQuery(_Query):
    """Parameters of `GET /jobs/{id}/player`."""

    token: str | None = Field(
        None, description="As in `player_url` of the job; without it a bearer token is needed."
    )


class Capability(BaseModel):
    """Whether a codec is there."""

    model_config = ConfigDict(extra="allow")

    available: bool
    code: str | None = Field(None, description="Why not; see docs/errors.md.")
    reason: str | None = Field(None, description="The same for people.")
    names: list[str] | None = Field(None, description="How requests may call it.")


class Capabilities(BaseModel):
    """What this machine can make, judged by opening every encoder once."""

    video_codecs: dict[str, Capability]
    audio_codecs: dict[str, Capability]
    outputs: list[str]
    vmaf: Capability


class ErrorInfo(BaseModel):
    """Why a job or an output failed."""

    code: str = Field(description="Stable; see docs/errors.md.")
    message: str


class FaultInfo(ErrorInfo):
    """One thing wrong with a request, or one thing that was not taken as it was written."""

    path: str = Field(description="Where, e.g. `format[0].height`.")


class Faults(BaseModel):
    """The result of a request that was not served."""

    errors: list[FaultInfo]


class OutputInfo(BaseModel):
    """One output of a job."""

    model_config = ConfigDict(extra="allow")

    index: int = Field(description="Its place in `format`.")
    output: str
    status: OutputStatus
    progress: float = Field(description="0 to 100.")
    urls: list[str]
    files: list[dict[str, Any]] = Field(
        description="Each with `key`, `size`, `content_type`, `url`."
    )
    duration: float = Field(description="Seconds.")
    size: int = Field(description="Bytes.")
    renditions: list[dict[str, Any]]
    detected_language: str = Field(description="Of speech, ISO 639-1; empty: none was listened to.")
    error: ErrorInfo | None
    warnings: list[dict[str, Any]]
    destinations: list[dict[str, Any]] = Field(
        default_factory=list,
        description="The fate of each destination: `status`, `error`, `files`.",
    )
    tag: str | None = Field(None, description="As posted.")
    user_tag: str | None = Field(None, description="As posted.")


class JobSummary(BaseModel):
    """One line of a list of jobs."""

    id: str
    video_id: str
    status: Status
    phase: str | None = Field(
        description="While processing: downloading, probing, encoding, packaging or uploading."
    )
    progress: float = Field(description="0 to 100.")
    cancel_requested: bool
    error: ErrorInfo | None
    created_at: str
    started_at: str | None
    finished_at: str | None


class JobPage(BaseModel):
    """A page of jobs."""

    jobs: list[JobSummary]
    page: int
    limit: int
    total: int = Field(description="Jobs that match, on all pages.")


class WebhookEvent(BaseModel):
    """One event and whether it was delivered."""

    id: str
    event: str
    status: Literal["pending", "delivered", "failed"]


class WebhookInfo(BaseModel):
    """How the job's webhooks fare."""

    last_status: int | None = Field(description="HTTP status of the last try; 0: no answer.")
    attempts: int
    next_retry_at: str | None
    events: list[WebhookEvent]


class JobDetail(JobSummary):
    """Everything about a job."""

    partial: bool = Field(description="Completed, but an output that may fail has failed.")
    outputs: list[OutputInfo]
    warnings: list[FaultInfo | ErrorInfo]
    source_info: dict[str, Any] | None
    timings: dict[str, Any] = Field(description="Seconds spent, by phase.")
    attempts: int
    duration: float = Field(description="Of the video, in seconds.")
    size: int = Field(description="Of all outputs, in bytes.")
    raw_size: int = Field(description="Of the source, in bytes.")
    stats: dict[str, Any]
    payload: str | None = Field(description="As posted.")
    priority: int = Field(description="Place in the queue, -50 to 50; more goes first.")
    elapsed: float | None = Field(description="From start to end, in seconds.")
    webhook: WebhookInfo | None
    player_url: str | None = Field(
        description="A page that plays the HLS output, if the server holds one."
    )
    request: dict[str, Any] = Field(description="As posted, with secrets as `********`.")


class Deleted(BaseModel):
    """What was deleted."""

    id: str


class Health(BaseModel):
    """The server is up and reaches its database."""

    status: Literal["ok"]
