#!/usr/bin/env python3
"""What a start costs a Python host with a large heap: the binding against asyncio.create_subprocess_exec, in turns in one run.

  bench/start_python.py [--rounds N] [--heap MIB]     TETHER_LIBRARY names the library, a release build

Prints, in microseconds, how long the call of a start takes (nothing else of the loop runs meanwhile), and how long a start
and the wait for the end of /bin/true take.
"""
import argparse
import asyncio
import os
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "bindings/python/src"))
import tether  # noqa: E402

COMMAND = ["/bin/true"]


async def measure_asyncio(_):
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(*COMMAND, stdin=asyncio.subprocess.DEVNULL,
                                                   stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    started = time.perf_counter()
    await process.communicate()
    return started - begun, time.perf_counter() - begun


async def measure_tether(registry):
    begun = time.perf_counter()
    task = await registry.spawn(COMMAND)
    started = time.perf_counter()
    await task
    return started - begun, time.perf_counter() - begun


async def measure(rounds, store):
    contestants = {"asyncio": measure_asyncio, "tether": measure_tether}
    found = {name: [] for name in contestants}
    async with tether.Registry(store=store) as registry:
        for number in range(rounds + 5):
            for name, contestant in contestants.items():
                times = await contestant(registry)
                if number >= 5:
                    found[name].append(times)
    return found


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=200)
    arguments.add_argument("--heap", type=int, default=1024, help="MiB")
    given = arguments.parse_args()
    heap = bytearray(given.heap << 20)
    # Every page is there.
    for place in range(0, len(heap), 4096):
        heap[place] = 1
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory, prefix="tether-bench-") as store:
        os.chmod(store, 0o700)
        found = asyncio.run(measure(given.rounds, store))
    print("heap %d MiB, %d rounds, Python %s, store in %s; 10th percentile, median and 90th percentile in us"
          % (given.heap, given.rounds, sys.version.split()[0], memory or "the temporary directory"))
    rows = {}
    for name, times in found.items():
        row = []
        for column in zip(*times):
            ordered = sorted(column)
            row += [ordered[int(len(ordered) * part)] * 1e6 for part in (0.1, 0.5, 0.9)]
        rows[name] = row
        print("%-8s start %6.0f %6.0f %6.0f   start and end %6.0f %6.0f %6.0f" % (name, *row))
    ratios = [ours / theirs for ours, theirs in zip(rows["tether"], rows["asyncio"])]
    print("tether / asyncio: start %.2f %.2f %.2f   start and end %.2f %.2f %.2f" % tuple(ratios))


main()
