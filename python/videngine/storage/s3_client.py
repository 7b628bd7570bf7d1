"""botocore's S3 client with guarded connections and none of this server's own identity."""

from __future__ import annotations

import functools
import os
import threading
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit, urlunsplit

import boto3
import botocore.session
from botocore import UNSIGNED
from botocore.awsrequest import (
    AWSHTTPConnectionPool,
    AWSHTTPSConnectionPool,
    AWSPreparedRequest,
    AWSRequest,
    AWSResponse,
)
from botocore.config import Config
from botocore.exceptions import BotoCoreError, EndpointProviderError
from botocore.httpsession import URLLib3Session
from ssrfguard import Resolver, SSRFGuardError
from urllib3 import HTTPResponse

from videngine.settings import Settings
from videngine.storage.addresses import AddressPolicy
from videngine.storage.base import Secret
from videngine.storage.connections import Connections
from videngine.storage.transfer import TransferStopped

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CONNECT_TIMEOUT_S = 10
_READ_TIMEOUT_S = 60  # some stores are silent while they join the parts of an upload
_ABORT_TIMEOUT_S = 5
_ATTEMPTS = 5
_lock = threading.Lock()


class S3Place(Protocol):
    """A place in a bucket, as `spec` describes it."""

    @property
    def kind(self) -> str:
        """``s3``."""
        ...

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        ...

    @property
    def key(self) -> Secret | None:
        """The access key; None for anonymous access."""
        ...

    @property
    def secret(self) -> Secret | None:
        """The secret of the access key."""
        ...

    @property
    def endpoint_url(self) -> str | None:
        """The store's URL; None for AWS."""
        ...

    @property
    def region_name(self) -> str:
        """The region."""
        ...

    @property
    def object_key(self) -> str:
        """The key, or for destinations what keys begin with."""
        ...


class GuardedS3:
    """A client for one place. ``client`` is thread-safe, as botocore's clients are.

    A request without keys is sent unsigned. It never falls back to credentials that this server has
    of its own (an instance's role, the environment): whoever may submit jobs could read and write
    all that they open.

    Args:
        place: the bucket, its endpoint and the credentials.
        settings: ``allow_addresses``, ``s3_endpoints`` and the time limits.
        anywhere: for the command line, whose user's own credentials and addresses are used.
        resolver: stands in for `socket.getaddrinfo` (tests).
    """

    def __init__(
        self,
        place: S3Place,
        *,
        settings: Settings,
        anywhere: bool = False,
        resolver: Resolver | None = None,
    ) -> None:
        addresses = AddressPolicy(
            settings.allow_addresses, trusted=settings.s3_endpoints, anywhere=anywhere
        )
        self._bucket = place.bucket
        self.connections = Connections(addresses, resolver=resolver)
        self._http = _GuardedHttp(self.connections, settings)
        session = _session(own_identity=anywhere)
        credentials: dict[str, Any] = {}
        if place.key is not None and place.secret is not None:
            credentials = {
                "aws_access_key_id": place.key.get_secret_value(),
                "aws_secret_access_key": place.secret.get_secret_value(),
            }
        signed = bool(credentials) or (anywhere and session.get_credentials() is not None)
        try:
            with _lock:  # making clients is not thread-safe
                self.client: S3Client = session.client(
                    "s3",
                    region_name=place.region_name,
                    endpoint_url=place.endpoint_url,
                    config=_config(signed=signed, path_style=place.endpoint_url is not None),
                    **credentials,
                )
        except ValueError as error:  # for an endpoint with "_" in its name, for instance
            raise EndpointProviderError(msg="the endpoint is not valid") from error
        self.client.meta.events.register(
            "before-send.s3",
            self._send,  # type: ignore[arg-type]  # stubs: no handler returns anything
        )

    def _send(self, request: AWSPreparedRequest, event_name: str, **_: Any) -> AWSResponse:
        """Send in place of botocore's own HTTP session, which no request ever reaches."""
        aborting = event_name.endswith(".AbortMultipartUpload")
        context = getattr(request, "context", None)  # not in every botocore
        if aborting and context is not None:  # somebody waits, and the store may not answer
            context["read_timeout"] = _ABORT_TIMEOUT_S
        try:
            return self._http.send(request)
        except BotoCoreError as error:
            if aborting:
                raise TransferStopped from None
            # botocore takes all that it does not know for a passing fault of the network.
            cause = error.kwargs.get("error")
            if isinstance(cause, SSRFGuardError | TransferStopped):
                raise cause from None
            raise

    def object_url(self, key: str) -> str:
        """The plain URL of an object, without a signature."""
        signed = self.client.generate_presigned_url(
            "get_object", Params={"Bucket": self._bucket, "Key": key}
        )
        return urlunsplit(urlsplit(signed)._replace(query=""))

    def close(self) -> None:
        """Close the connections that are kept for later requests."""
        self._http.close()
        self.client.close()


class _GuardedHttp(URLLib3Session):
    """botocore's transport, on guarded connections and without proxies."""

    def __init__(self, connections: Connections, settings: Settings) -> None:
        options: dict[str, Any] = {  # the stubs do not know all types that these may have
            "verify": str(settings.ca_bundle) if settings.ca_bundle else True,
            "timeout": (_CONNECT_TIMEOUT_S, max(_READ_TIMEOUT_S, settings.stall_timeout_s)),
        }
        super().__init__(
            **options,
            proxies={},
            max_pool_connections=16,
        )
        self._answers: list[HTTPResponse] = []
        self._answers_lock = threading.Lock()
        self._manager.pool_classes_by_scheme = (  # type: ignore[attr-defined]  # not in the stubs
            connections.pool_classes(AWSHTTPConnectionPool, AWSHTTPSConnectionPool)
        )

    def send(self, request: AWSRequest | AWSPreparedRequest) -> AWSResponse:
        answer = super().send(request)
        with self._answers_lock:
            self._answers = [*(each for each in self._answers if not each.closed), answer.raw]
        return answer

    def close(self) -> None:
        # s3transfer neither reads nor closes the bodies of a download that it gives up, and their
        # connections are in no pool.
        super().close()
        with self._answers_lock:
            for answer in self._answers:
                answer.close()
            self._answers.clear()


@functools.cache
def _session(*, own_identity: bool) -> boto3.Session:
    """A session, kept because it holds the parsed description of S3.

    Without ``own_identity`` it reads no profile and no credentials of the account that runs this
    server.
    """
    nothing: dict[str, Any] = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    core = botocore.session.Session(session_vars=None if own_identity else nothing)
    return boto3.Session(botocore_session=core)


def _config(*, signed: bool, path_style: bool) -> Config:
    return Config(
        signature_version="s3v4" if signed else UNSIGNED,
        s3={"addressing_style": "path" if path_style else "auto"},
        # Stores other than AWS do not know the checksums that botocore adds by default.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        ignore_configured_endpoint_urls=True,  # type: ignore[call-arg]  # not in the stubs
        proxies={},
        user_agent_extra="videngine",
    )
