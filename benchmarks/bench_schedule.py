"""How busy more cores than this machine has would be: the graph of stages, with recorded times.

A ladder is encoded here in chunks; what each stage and each chunk of each rung took of a processor
is fed to a simulation of the same graph on other numbers of cores, for a title of ten minutes with
those chunks in turn. A stage does one chunk after the other; decoding spreads over cores, as its
threads do; a rung has as many encoders as it is planned to have there, and the source waits when
all of them have their frames.
"""

from __future__ import annotations

import heapq
import os
import resource
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import bench_overhead, ladders
from benchmarks.ladders import GOP_S, Ladder, hls_job
from benchmarks.measure import Watch
from benchmarks.records import Result, keep
from benchmarks.sources import Source, source
from videngine import engine
from videngine.plan import LookaheadPlan, Plan, VideoRenditionPlan
from videngine.planning import plan_job
from videngine.spec import parse_job

CORES = (1, 2, 4, 8, 16, 32, 64)
TITLE_S = 600
THREADS_COST = 0.05
"""What a second thread of an encoder, and each further one, adds to what it does (x264)."""


@dataclass(frozen=True, kw_only=True)
class Recording:
    """Seconds of a processor.

    ``chunks`` are those of each rung; ``stages`` what the threads between decoder and encoders took
    for each chunk, in the order in which a chunk passes through them; ``source_s`` the rest.
    """

    chunks: Mapping[str, Sequence[float]]
    stages: Mapping[str, float]
    source_s: float
    wall_s: float = 0

    @property
    def count(self) -> int:
        """Chunks of each rung."""
        return len(next(iter(self.chunks.values())))


def plan(title: Source, ladder: Ladder, folder: Path, *, cores: int) -> Plan:
    """The engine's plan for a ladder on so many cores."""
    job = plan_job(
        parse_job(hls_job(title, ladder, folder / "hls")).spec,
        engine.probe(title.path),
        source_path=str(title.path),
        work_dir=str(folder),
        default_preset=ladder.preset,
        cores=cores,
    )
    return job.engine


def record(whole: Plan) -> Recording:
    """Run a plan with two encoders of one thread a rung, and see what everything takes."""
    video = tuple(replace(v, chunk_encoders=2, threads=1) for v in whole.video)
    watch = Watch(os.getpid())
    before, began = _children_s(), time.monotonic()
    watch.start()
    results = engine.transcode(
        replace(whole, video=video, decoder_threads=os.cpu_count() or 1),
        on_event=lambda _: None,
        stop=lambda: False,
    )
    wall_s = time.monotonic() - began
    threads, took_s = watch.end(), _children_s() - before
    chunks = {r.id: r.chunk_cpu_s for r in results if r.kind == "video"}
    count = len(chunks[video[0].id])
    between = [p.id for p in whole.pictures]
    between += [f"{look.id}{part}" for look in whole.lookaheads for part in (" first", "")]
    stages = {name: threads[name] / count for name in between if name in threads}
    rest = took_s - sum(map(sum, chunks.values())) - count * sum(stages.values())
    return Recording(chunks=chunks, stages=stages, source_s=max(0.0, rest) / count, wall_s=wall_s)


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@dataclass(frozen=True)
class _Task:
    name: tuple[str, int, int]  # what, of which chunk, which part
    seconds: float
    behind: tuple[tuple[str, int, int], ...]


def simulate(
    recording: Recording, video: Sequence[VideoRenditionPlan], *, cores: int, chunks: int
) -> tuple[float, float]:
    """Seconds until the last chunk is encoded, and seconds of a processor in all."""
    tasks = {t.name: t for k in range(chunks) for t in _tasks(recording, video, cores, k)}
    waits_for = {name: sum(b in tasks for b in t.behind) for name, t in tasks.items()}
    releases: dict[tuple[str, int, int], list[tuple[str, int, int]]] = {}
    for name, task in tasks.items():
        for before in task.behind:
            releases.setdefault(before, []).append(name)
    order = {name: n for n, name in enumerate(tasks)}
    ready = [(name[1], order[name], name) for name, count in waits_for.items() if not count]
    heapq.heapify(ready)
    running: list[tuple[float, int, tuple[str, int, int]]] = []
    now = 0.0
    while ready or running:
        while ready and len(running) < cores:  # the earliest chunk first
            _, n, name = heapq.heappop(ready)
            heapq.heappush(running, (now + tasks[name].seconds, n, name))
        now, _, done = heapq.heappop(running)
        for name in releases.get(done, ()):
            waits_for[name] -= 1
            if not waits_for[name]:
                heapq.heappush(ready, (name[1], order[name], name))
    assert not any(waits_for.values())
    return now, sum(task.seconds for task in tasks.values())


def _tasks(
    recording: Recording, video: Sequence[VideoRenditionPlan], cores: int, k: int
) -> Iterator[_Task]:
    """What is to be done of chunk ``k``."""
    taken = [
        (v.id, k - v.chunk_encoders - 1, part) for v in video for part in range(v.threads)
    ]  # frames wait until one chunk of each rung has gone
    parts = [("source", k, part) for part in range(cores)]
    yield from (_Task(name, recording.source_s / cores, tuple(taken)) for name in parts)
    behind = tuple(parts)
    for stage, seconds in recording.stages.items():
        yield _Task((stage, k, 0), seconds, (*behind, (stage, k - 1, 0)))
        behind = ((stage, k, 0),)
    for v in video:
        first, *others = recording.chunks[v.id]  # the first tries what pictures cost, once a title
        time_s = first if k == 0 or not others else others[(k - 1) % len(others)]
        seconds = time_s * (1 + THREADS_COST * (v.threads - 1)) / v.threads
        for part in range(v.threads):
            yield _Task((v.id, k, part), seconds, (*behind, (v.id, k - v.chunk_encoders, part)))


def measure(title: Source, ladder: Ladder, folder: Path) -> list[Result]:
    """``values["idle"]`` is the part of the cores that has nothing to do, 0 to 1."""
    folder.mkdir(parents=True)
    recording = record(plan(title, ladder, folder, cores=1))
    found = []
    for cores in CORES:
        video = plan(title, ladder, folder, cores=cores).video
        wall_s, work_s = simulate(recording, video, cores=cores, chunks=TITLE_S // GOP_S)
        values = {"idle": 1 - work_s / (cores * wall_s), "wall_s": wall_s, "work_s": work_s}
        if cores == os.cpu_count():
            values["measured_s"] = recording.wall_s * TITLE_S / (GOP_S * recording.count)
        result = Result(bench="schedule", case=f"{cores} cores", source=title.name, values=values)
        found.append(keep(result, title))
    shutil.rmtree(folder)
    return found


def _video(encoders: int = 1) -> list[VideoRenditionPlan]:
    ladder = Ladder(codec="libx264", preset="veryfast", rungs=ladders.TINY[:1])
    video = bench_overhead.plan(source("tiny"), ladder, Path("nowhere")).video
    return [replace(v, chunk_encoders=encoders) for v in video]


def test_as_many_chunks_as_cores_keep_them_busy_but_at_the_end() -> None:
    recording = Recording(chunks={"v0": [1.0]}, stages={}, source_s=0)
    video = _video(4)
    for cores, seconds in ((1, 8), (2, 4), (4, 2), (8, 2)):
        assert simulate(recording, video, cores=cores, chunks=8) == (seconds, 8)


def test_a_stage_that_takes_as_long_as_an_encoder_holds_all_of_them_up() -> None:
    recording = Recording(chunks={"v0": [1.0]}, stages={"l0": 1.0}, source_s=0)
    assert simulate(recording, _video(4), cores=4, chunks=8) == (9, 16)


def test_the_source_waits_when_all_encoders_have_their_frames() -> None:
    recording = Recording(chunks={"v0": [1.0]}, stages={}, source_s=1.0)
    assert simulate(recording, _video(), cores=1, chunks=3) == (6, 6)
    # Half a second for the first of the source, then as the encoder does.
    assert simulate(recording, _video(), cores=2, chunks=3)[0] >= 3.5


def test_the_times_of_every_chunk_are_recorded(tmp_path: Path) -> None:
    ladder = Ladder(codec="libx264", preset="veryfast", rungs=ladders.TINY)
    whole = bench_overhead.plan(source("tiny-spoken"), ladder, tmp_path)
    first = whole.video[0]
    look = LookaheadPlan(
        id="l0",
        picture="p1",
        depth_frames=10,
        gop_frames=first.gop_frames,
        segment_s=first.segment_s,
        grid_rate=first.grid_rate,
    )
    shared = tuple(replace(v, lookahead="l0") for v in whole.video)
    recording = record(replace(whole, video=shared, lookaheads=(look,)))
    assert {name: len(times) for name, times in recording.chunks.items()} == {"v0": 2, "v1": 2}
    assert all(s > 0 for times in recording.chunks.values() for s in times)
