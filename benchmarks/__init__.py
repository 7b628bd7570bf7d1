"""The benchmarks: what the service costs beside FFmpeg and others, in one run on one machine.

`script/bench` is ``python -m benchmarks``. Every ``bench_*.py`` measures one thing and, as a test
that runs with all others, asserts its answer on tiny material, measuring no time.
"""
