"""All that an operator can set: variables over ``videngine.toml`` over defaults."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FilePath,
    ValidationInfo,
    field_validator,
    model_validator,
)

_PREFIX = "VIDENGINE_"
_FILE = Path("videngine.toml")


class Settings(BaseModel):
    """The operator's choices. Every field is a variable: ``state_dir`` is ``VIDENGINE_STATE_DIR``.

    Lists are written as comma-separated text in variables and as arrays in ``videngine.toml``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    state_dir: Path = Field(Path("var"), description="Holds database, scratch and default store.")
    database_url: str = Field("", description="SQLAlchemy URL; empty: SQLite in `state_dir`.")
    host: str = Field("127.0.0.1", description="Address the API listens on.")
    port: int = Field(
        8080, ge=0, le=65535, description="Port the API listens on; 0 picks a free one."
    )
    public_url: str = Field("", description="How clients reach the API; empty: http://host:port.")
    worker_slots: int = Field(1, ge=1, le=256, description="Jobs that one worker runs at a time.")
    cores: int = Field(
        0, ge=0, le=1024, description="Processors that a job's encoders share; 0: all there are."
    )
    default_preset: str = Field("medium", description="x264 preset of renditions that name none.")
    max_attempts: int = Field(
        3, ge=1, le=20, description="Attempts at a job before it fails for good."
    )
    retry_delay_s: float = Field(
        5,
        gt=0,
        description="Wait before the second attempt; every later wait is four times as long.",
    )
    drain_s: float = Field(
        20, ge=0, description="Time a stopping worker gives its jobs before it hands them back."
    )
    lease_s: float = Field(15, gt=0, description="A worker silent for this long is taken for dead.")
    sweep_s: float = Field(5, gt=0, description="How often every worker looks for dead ones.")
    max_body_bytes: int = Field(1 << 20, ge=1024, description="Largest request body.")
    max_queued_jobs: int = Field(
        10_000, ge=1, description="Queue length beyond which POST answers 429."
    )
    gif_max_seconds: float = Field(
        30, gt=0, le=600, description="Longest GIF; longer wishes are refused, longer clips cut."
    )
    max_source_bytes: int = Field(200 << 30, ge=1, description="Largest source that is fetched.")
    max_asset_bytes: int = Field(
        10 << 20, ge=1, description="Largest subtitle file or logo that is fetched."
    )
    asset_timeout_s: float = Field(
        60, gt=0, description="Wall time in which a subtitle file or a logo is fetched."
    )
    transfer_timeout_s: float = Field(
        6 * 3600, gt=0, description="Wall time in which a source is fetched or a file is uploaded."
    )
    stall_timeout_s: float = Field(
        30, gt=0, description="A transfer that moves less than 1 KiB/s for this long is given up."
    )
    job_timeout_s: float = Field(48 * 3600, gt=0, description="Wall time an encode may take.")
    retention_hours: float = Field(24, gt=0, description="Life of outputs in the default store.")
    retry_hours: float = Field(
        6,
        ge=0,
        description="Life of the working files of a job that failed after its encode, for a retry.",
    )
    dry_run_timeout_s: float = Field(
        20, gt=0, description="Time in which `?dry_run=1` has to fetch and probe the source."
    )
    file_roots: tuple[Path, ...] = Field(
        (), description="Folders that `file` sources and destinations may name."
    )
    allow_addresses: tuple[str, ...] = Field(
        (),
        description="Private addresses that user URLs may reach all the same: `address` or "
        "`network/bits`, with `:port` to open one port only, e.g. `127.0.0.1:8333`.",
    )
    s3_endpoints: tuple[str, ...] = Field(
        (),
        description="S3 endpoints (`https://host:port`) users may name besides public addresses.",
    )
    ca_bundle: FilePath | None = Field(
        None,
        description="PEM file of the certificate authorities that are trusted instead of the "
        "public ones, for stores and servers with certificates of your own.",
    )
    ssh_known_hosts: FilePath | None = Field(
        None,
        description="File of the keys of SSH servers (as `ssh-keyscan` prints them) that `sftp` "
        "places need not give a `host_key` for.",
    )
    secret_key: str = Field(
        "",
        repr=False,
        description="Base64 key(s) that encrypt stored secrets; empty: made in `state_dir`.",
    )
    speech_model_dir: Path | None = Field(
        None,
        description="Folder of the models of `speech_to_text`, one folder each; empty: `models` in "
        "`state_dir`.",
    )
    speech_model_speed: str = Field(
        "base", description="Model of the mode `speed`: a folder of `speech_model_dir`, or a path."
    )
    speech_model_balanced: str = Field(
        "small", description="Model of the mode `balanced`, likewise."
    )
    speech_model_accuracy: str = Field(
        "large-v3", description="Model of the mode `accuracy`, likewise."
    )
    speech_threads: int = Field(
        0, ge=0, le=256, description="Threads that recognise one sound; 0: as many as cores."
    )
    vmaf_ffmpeg: str = Field(
        "",
        description="FFmpeg with libvmaf, for `vmaf` and `metrics`; empty: that of the package "
        "imageio-ffmpeg, if it is installed.",
    )
    webhook_timeout_s: float = Field(15, gt=0, description="Time a webhook receiver has to answer.")
    webhook_allow_http: bool = Field(True, description="Whether webhooks may use plain http.")

    @field_validator("file_roots", "allow_addresses", "s3_endpoints", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        return (
            [v.strip() for v in value.split(",") if v.strip()] if isinstance(value, str) else value
        )

    @field_validator("allow_addresses", "s3_endpoints")
    @classmethod
    def _readable(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        """A hole in the wall that cannot be read is a fault at start-up, not at the first job."""
        if value:
            from videngine.storage.addresses import AddressPolicy

            AddressPolicy(
                value if info.field_name == "allow_addresses" else (),
                trusted=value if info.field_name == "s3_endpoints" else (),
            )
        return value

    @model_validator(mode="before")
    @classmethod
    def _over_variables_and_file(cls, given: dict[str, Any]) -> dict[str, Any]:
        variables = {name.upper(): value for name, value in os.environ.items()}
        named = {field: variables.get(f"{_PREFIX}{field.upper()}") for field in cls.model_fields}
        set_ = {field: value for field, value in named.items() if value is not None}
        return {**_from_file(), **set_, **given}

    @property
    def model_dir(self) -> Path:
        """Where models of speech lie, one folder each."""
        return self.speech_model_dir or self.state_dir.resolve() / "models"

    @property
    def usable_cores(self) -> int:
        """How many processors a job shares out among its encoders."""
        return self.cores or len(os.sched_getaffinity(0))

    @property
    def speech_cores(self) -> int:
        """How many threads recognise speech."""
        return self.speech_threads or self.usable_cores

    @property
    def scratch_dir(self) -> Path:
        """Where jobs keep their working files, one folder a job."""
        return self.state_dir.resolve() / "scratch"

    @property
    def store_dir(self) -> Path:
        """Where outputs without a destination go: ``outputs/<job id>/`` below it is served."""
        return self.state_dir.resolve() / "outputs"


def _from_file() -> dict[str, Any]:
    if not _FILE.is_file():
        return {}
    import tomllib

    return tomllib.loads(_FILE.read_text())
