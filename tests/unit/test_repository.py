"""Rules that the whole tree keeps, whatever it holds."""

from __future__ import annotations

import ast
import re
import stat
import subprocess
from pathlib import Path

import pytest

import videngine

ROOT = Path(__file__).resolve().parents[2]
WRITTEN = {".py", ".pyi", ".h", ".cpp", ".cmake", ".md", ".toml", ".json", ".mjs", ".html", ".txt"}


def tracked_files() -> list[Path]:
    """Files that are part of the project: not those that building, running and testing leave."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def written_files() -> list[Path]:
    """Texts that people write: code, scripts and documents."""
    return [
        path
        for path in tracked_files()
        if (path.suffix in WRITTEN or path.parent in (ROOT / "script", ROOT / ".ci"))
        and path.name != "package-lock.json"
        and path != Path(__file__)
    ]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


ENGINE = ROOT / "src/engine"


def headers_no_file_begins_with() -> list[Path]:
    """Those that have no file whose first include they are.

    The others are compiled alone already: clang-tidy's build precompiles no headers.
    """
    found = []
    for header in sorted(ENGINE.rglob("*.h")):
        source = header.with_suffix(".cpp")
        lines = source.read_text().splitlines() if source.exists() else []
        first = next((line for line in lines if line.startswith("#include")), None)
        if first != f'#include "{header.relative_to(ENGINE)}"':
            found.append(header)
    return found


def test_no_file_names_a_path_of_one_machine() -> None:
    homes = re.compile(r"(?<![\w./])/(?:work|root|home/\w+|Users/\w+)(?:/|\b)(?!\w)")
    found = [
        f"{named(path)}:{number}: {line.strip()}"
        for path in written_files()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if homes.search(line) or str(ROOT) + "/" in line
    ]
    assert found == []


def test_no_file_refers_outside_the_repository() -> None:
    found = [named(path) for path in written_files() if "../shared" in path.read_text()]
    assert found == []


def test_no_unfinished_work_is_marked_in_the_code() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|pytest\.mark\.skip\b")
    found = [
        f"{named(path)}:{number}: {line.strip()}"
        for path in written_files()
        if path.suffix in {".py", ".pyi", ".h", ".cpp", ".mjs"}
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if marks.search(line)
    ]
    assert found == []


def test_no_file_is_longer_than_600_lines() -> None:
    code = [path for path in written_files() if path.suffix not in {".md", ".json"}]
    lengths = {named(path): len(path.read_text().splitlines()) for path in code}
    assert {name: length for name, length in lengths.items() if length > 600} == {}


def test_no_module_is_called_utils_helpers_common_or_manager() -> None:
    vague = re.compile(r"(^|_)(utils?|helpers?|common|manager|misc)$")
    parts = {part for path in tracked_files() for part in path.relative_to(ROOT).parts}
    assert [part for part in sorted(parts) if vague.search(Path(part).stem)] == []


def test_every_script_is_executable_and_starts_with_a_shebang() -> None:
    scripts = [p for p in [*(ROOT / "script").iterdir(), ROOT / ".ci/run"] if p.is_file()]
    scripts = [p for p in scripts if not p.suffix]
    assert {p.name for p in scripts} >= {"setup", "demo", "test", "bench", "serve", "run"}
    for path in scripts:
        assert path.stat().st_mode & stat.S_IXUSR, path
        assert path.read_text().startswith("#!/usr/bin/env bash\n"), path


def test_continuous_integration_calls_exactly_script_test() -> None:
    lines = (ROOT / ".ci/run").read_text().splitlines()
    commands = [line for line in lines if line and not line.startswith(("#", "set "))]
    assert commands == ['exec "$(dirname "${BASH_SOURCE[0]}")/../script/test"']


def test_every_clip_has_a_licence_note() -> None:
    note = (ROOT / "tests/data/ATTRIBUTION.txt").read_text()
    clips = [path.name for path in (ROOT / "tests/data/media").iterdir()]
    assert clips
    assert [name for name in clips if name not in note] == []


@pytest.mark.parametrize(
    "header", headers_no_file_begins_with(), ids=lambda path: str(path.relative_to(ENGINE))
)
def test_headers_compile_alone(header: Path, include_flags: list[str]) -> None:
    result = subprocess.run(
        ["g++", "-std=c++20", "-fsyntax-only", "-x", "c++", *include_flags, str(header)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    # Highway's headers are read once for each kind of processor.
    guard = "HWY_TARGET_TOGGLE" if header.name.endswith("-inl.h") else "#pragma once"
    assert header.read_text().count(guard) == 1


@pytest.fixture(scope="module")
def include_flags() -> list[str]:
    """What a header of the engine is compiled with."""
    libraries = subprocess.run(
        ["pkg-config", "--cflags", "libavformat", "libavcodec", "libavfilter", "zimg"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    return ["-Wall", "-Wextra", f"-I{ROOT / 'src/engine'}", *libraries]


def test_pybind11_is_included_only_by_the_bindings() -> None:
    sources = [p for p in (ROOT / "src").rglob("*") if p.suffix in {".h", ".cpp"}]
    users = {p.parent.name for p in sources if "pybind11" in p.read_text()}
    assert users <= {"bindings"}


def test_the_engine_is_imported_by_the_child_process_and_for_frames_only() -> None:
    importers = {
        named(path)
        for path in (ROOT / "python/videngine").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.ImportFrom) and any(a.name == "_engine" for a in node.names))
        or (isinstance(node, ast.Import) and any("_engine" in a.name for a in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").endswith("._engine"))
    }
    assert importers == {
        "python/videngine/child.py",
        "python/videngine/frames/encoder.py",
        "python/videngine/frames/index_file.py",
        "python/videngine/frames/frame.py",  # for types
        "python/videngine/frames/reader.py",
        "python/videngine/frames/tap.py",  # for types
        "python/videngine/native_facts.py",  # for types
    }


def test_the_service_reads_no_frames() -> None:
    users = [
        named(path)
        for path in (ROOT / "python/videngine").rglob("*.py")
        if path.parent.name != "frames" and "videngine.frames" in path.read_text()
    ]
    assert users == ["python/videngine/__init__.py"]


def test_public_names_are_listed_and_exist() -> None:
    assert sorted(videngine.__all__) == list(videngine.__all__)
    missing = [name for name in videngine.__all__ if not hasattr(videngine, name)]
    assert missing == []
    assert {"transcode", "VidengineError", "SpecError", "InputError"} <= set(videngine.__all__)


def test_every_python_file_starts_with_a_docstring_and_annotations_import() -> None:
    for path in (ROOT / "python/videngine").rglob("*.py"):
        tree = ast.parse(path.read_text())
        assert ast.get_docstring(tree), path
        if len(tree.body) > 1:
            assert "from __future__ import annotations" in path.read_text(), path
