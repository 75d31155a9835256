"""Tether for Python: commands as tasks that outlive the process which started them.

    outcome = await tether.run("make -j8", wait_ms=10_000)

    async with tether.Registry(session="agent-7") as registry:
        task = await registry.spawn(["make", "check"])
        async for line in task.output():
            print(line)
        print((await task).exit_code)

tether.sync has the same without asyncio. docs/python.md shows more.
"""
from . import described, sync
from ._api import CONSTANTS
from .aio import Completions, Proxy, Registry, Task, registry, run, spawn
from .described import *
from .sync import Chunk, Outcome, default_store, doctor, error_text, load_library, signal_number, time_text, version

NO_TIMEOUT = CONSTANTS["TETHER_NO_TIMEOUT"]
NO_REMINDER = CONSTANTS["TETHER_NO_REMINDER"]

__all__ = ["Chunk", "Completions", "NO_REMINDER", "NO_TIMEOUT", "Outcome", "Proxy", "Registry", "Task", "default_store", "doctor",
           "error_text", "load_library", "registry", "run", "signal_number", "spawn", "sync", "time_text", "version"]
__all__ += described.__all__
