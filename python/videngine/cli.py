"""The command ``videngine``: the flow without a service, and the service itself."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

import videngine
from videngine.children import ENGINE, kept_children
from videngine.errors import SpecError, VidengineError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Exit status: 0 done, 1 failed, 2 the request or the arguments are wrong, 130 interrupted.
    """
    arguments = _parser().parse_args(argv)
    try:
        status: int = arguments.run(arguments)
    except SpecError as error:
        for fault in error.faults:
            print(f"{fault.path or 'request'}: {fault.message} [{fault.code}]", file=sys.stderr)
        return 2
    except VidengineError as error:
        print(f"{error.message} [{error.code}]", file=sys.stderr)
        for line in error.log:
            print(f"  {line}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="videngine", description="One source in, every rendition out, in one decode."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    encode = commands.add_parser("encode", help="run a job file with no service")
    encode.add_argument("job", help="a file with the JSON of POST /jobs, or - for standard input")
    encode.add_argument("--report", type=Path, metavar="FILE", help="write the report there")
    encode.add_argument("--strict", action="store_true", help="refuse what would be mended")
    encode.set_defaults(run=_encode)

    facts = commands.add_parser("probe", help="print the facts of a media file as JSON")
    facts.add_argument("file", type=Path)
    facts.set_defaults(run=_probe)

    can = commands.add_parser("capabilities", help="print what this machine can make as JSON")
    can.set_defaults(run=_capabilities)

    serve = commands.add_parser("serve", help="run the API and one worker")
    serve.add_argument("--host", help="address to listen on (default: 127.0.0.1)")
    serve.add_argument("--port", type=int, help="port to listen on (default: 8080)")
    serve.add_argument("--no-worker", action="store_true", help="only the API")
    serve.set_defaults(run=_serve)

    worker = commands.add_parser("worker", help="run one worker")
    worker.set_defaults(run=_worker)

    token = commands.add_parser("token", help="bearer tokens of the API")
    actions = token.add_subparsers(required=True, metavar="ACTION")
    create = actions.add_parser("create", help="make a token; it is printed once, on the last line")
    create.add_argument("--name", default="default", help="what the token is for")
    create.add_argument("--tenant", default="default", help="whose jobs it may see")
    create.set_defaults(run=_create_token)
    listing = actions.add_parser("list", help="print all tokens' names, tenants and dates as JSON")
    listing.set_defaults(run=_list_tokens)
    revoke = actions.add_parser("revoke", help="revoke every token of a name")
    revoke.add_argument("name")
    revoke.set_defaults(run=_revoke_tokens)
    return parser


class _Version(argparse.Action):
    """As argparse's own, but the version is looked for when it is asked for: that takes a while."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(f"videngine {videngine.__version__}")
        parser.exit()


def _encode(arguments: argparse.Namespace) -> int:
    try:
        body = sys.stdin.read() if arguments.job == "-" else Path(arguments.job).read_text()
    except (OSError, UnicodeDecodeError) as error:
        print(f"{arguments.job} cannot be read: {error}", file=sys.stderr)
        return 2
    with kept_children(ENGINE):  # starts beside all that this process has to load
        from videngine.progress import ProgressPrinter

        with ProgressPrinter(sys.stdout) as printer:
            report = videngine.transcode(body, on_progress=printer.show, strict=arguments.strict)
    data = report.to_json()
    if arguments.report:
        arguments.report.write_text(json.dumps(data, indent=2) + "\n")
    _print_report(data, sys.stdout)
    return 0 if report.status == "completed" else 1


def _print_report(data: dict[str, Any], to: TextIO) -> None:
    if not to.isatty():
        print(json.dumps({"event": "report", **data}), file=to)
        return
    for warning in data["warnings"]:
        print(f"warning: {warning['path']}: {warning['message']}", file=to)
    for output in data["outputs"]:
        error = f": {output['error']['message']}" if output["error"] else ""
        print(f"{output['index']}  {output['output']}  {output['status']}{error}", file=to)
        for url in output["urls"]:
            print(f"   {url}", file=to)


def _probe(arguments: argparse.Namespace) -> int:
    with kept_children(ENGINE):
        print(json.dumps(videngine.probe(arguments.file).to_json(), indent=2))
    return 0


def _capabilities(arguments: argparse.Namespace) -> int:  # noqa: ARG001  it has none
    from videngine.capabilities import capabilities

    print(json.dumps(capabilities(), indent=2))
    return 0


def _settings(arguments: argparse.Namespace) -> videngine.Settings:
    given = {
        name: getattr(arguments, name)
        for name in ("host", "port")
        if getattr(arguments, name) is not None
    }
    return videngine.Settings(**given)


def _serve(arguments: argparse.Namespace) -> int:
    import socket

    from videngine.jobs.supervisor import Supervisor
    from videngine.server import serve

    settings = _settings(arguments)
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        print(f"cannot listen on {settings.host}:{settings.port}: {error}", file=sys.stderr)
        return 1
    port = listener.getsockname()[1]
    worker = None
    if not arguments.no_worker:
        # A process of its own: a worker that dies leaves the API up, and the API never touches
        # media. It has to know the port, for the addresses of what it makes.
        environment = os.environ | {"VIDENGINE_HOST": settings.host, "VIDENGINE_PORT": str(port)}
        command = [sys.executable, "-m", "videngine", "worker"]
        worker = Supervisor(command, environment, patience_s=settings.drain_s + 60)
        worker.start()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        serve(settings.model_copy(update={"port": port}), sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        if worker is not None:
            worker.stop()
    return 0


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _worker(arguments: argparse.Namespace) -> int:  # noqa: ARG001  it has none
    from videngine.jobs.redaction import set_up_logging
    from videngine.jobs.worker import run_process

    set_up_logging()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda signum, frame: stop.set())  # noqa: ARG005  the handler's form
    run_process(videngine.Settings(), stop=stop)


def _create_token(arguments: argparse.Namespace) -> int:
    from videngine.jobs.tokens import create_token

    print(create_token(videngine.Settings(), arguments.name, arguments.tenant))
    return 0


def _list_tokens(arguments: argparse.Namespace) -> int:  # noqa: ARG001  it has none
    from videngine.jobs.tokens import list_tokens

    print(json.dumps([vars(token) for token in list_tokens(videngine.Settings())], indent=2))
    return 0


def _revoke_tokens(arguments: argparse.Namespace) -> int:
    from videngine.jobs.tokens import revoke_tokens

    count = revoke_tokens(videngine.Settings(), arguments.name)
    print(f"{count} revoked", file=sys.stderr)
    return 0 if count else 1
