"""A registry and its tasks for asyncio: one descriptor in the loop, and no thread for it.

Must not: wait on the thread of the loop. Thread: that of the loop, except what runs in the registry's executor.

Where a loop has add_reader, the registry is opened with dispatch and runs in turns (_turn). Elsewhere, as in the Proactor loop of
Windows, it runs on a thread of the library, which hands its events to the loop. Waits are futures that events resolve; no
wait has a thread. Calls that may take long run in a few threads of the registry.
"""
import asyncio
import concurrent.futures
import contextlib
import ctypes
import functools
import logging
import sys
import time
import weakref
from typing import (Any, AsyncIterator, Awaitable, Callable, Dict, Generator, Iterable, List, Optional, Sequence, Set, Tuple,
                    Union)

from . import sync
from ._handle import CLOSED, TIMED_OUT, Handle, new_error
from .described import (ERRORS, AsyncOpenKeywords, AsyncSpawnKeywords, CloseMode, ClosedError, Error, Event, EventKind, ForkedError,
                        GcResult, ListScope, LogLevel, Match, Piece, Snapshot, Stream, TimedOutError, View, error_of, record_of)
from .sync import Chunk, Lines, Outcome, Text

WORKERS = 16
# How often the ends for which no event comes are looked for, at least; a look that takes long makes this longer.
QUIET_LOOK_S = 0.02
QUIET_LOOK_THREAD_S = 0.05
LOOK_S = 2.0
# Without turns, and in case that a file system does not tell, an output is read this often.
OUTPUT_LOOK_S = 0.5
OUTPUT_LOOK_THREAD_S = 0.05
COMPLETION_LOOK_S = 1.0
LEASE_AT_ONCE = 16

_log = logging.getLogger("tether")
_LEVELS = {int(LogLevel.INFO): logging.INFO, int(LogLevel.WARNING): logging.WARNING, int(LogLevel.ERROR): logging.ERROR}


class Task:
    """A task by its id. `await task` waits for its end and gives its last Snapshot. The task does not depend on this object,
    nor on this process."""

    def __init__(self, registry: "Registry", task_id: str) -> None:
        self.registry = registry
        self.id = task_id
        # Whether spawn has found it by its key, and started nothing.
        self.found = False
        self._sync = sync.Task(registry._sync, task_id)
        # Of a task that this registry has started: its end comes as an event, so that a wait reads nothing from the disk.
        self._told = False
        self._end: Optional[Snapshot] = None

    def __repr__(self) -> str:
        return "<tether task %s>" % self.id

    def __await__(self) -> Generator[Any, None, Snapshot]:
        return self.wait().__await__()

    async def wait(self, timeout_ms: int = -1, *, kill_on_cancel: bool = False) -> Snapshot:
        """Waits for the end. After timeout_ms: TimedOutError. If the await is cancelled, the task goes on, or is killed first
        with kill_on_cancel."""
        try:
            return await self.registry._wait_end(self, timeout_ms)
        except asyncio.CancelledError:
            if kill_on_cancel:
                await _whole(self.kill())
            raise

    def _call(self, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> "Awaitable[Any]":
        return self.registry._in_thread(function, *arguments, **keywords)

    async def status(self) -> Snapshot:
        """The state now, read from the store."""
        return self._sync.status()

    async def measure(self) -> Snapshot:
        """As status, with what the processes use now."""
        snapshot: Snapshot = await self._call(self._sync.measure)
        return snapshot

    async def json(self) -> str:
        return self._sync.json()

    async def exit_status(self) -> int:
        """As a shell's $?: 125 if the task has not ended or its exit code is not known."""
        return self._sync.exit_status()

    async def kill(self, *, signal: Union[int, str, None] = None, grace_ms: Optional[int] = None) -> None:
        """Ends the task with all its processes, and returns when they are gone; or only sends a signal."""
        await self._call(self._sync.kill, signal=signal, grace_ms=grace_ms)

    async def pause(self) -> None:
        await self._call(self._sync.pause)

    async def resume(self) -> None:
        await self._call(self._sync.resume)

    async def extend(self, timeout_ms: int) -> None:
        """Moves the deadline to timeout_ms from now; -1: none."""
        await self._call(self._sync.extend, timeout_ms)

    async def remove(self) -> None:
        await self._call(self._sync.remove)

    async def promote(self) -> None:
        await self._call(self._sync.promote)

    async def write(self, data: Union[str, bytes], *, offset: Optional[int] = None, close: bool = False) -> int:
        """Writes to the standard input of a task with input_pipe, and waits until it has taken all. Returns how many bytes
        it has taken in total."""
        raw = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else bytes(data)
        place: int = offset if offset is not None else await self._call(self._sync.write, b"", timeout_ms=0)
        end, pause = place + len(raw), 0.001
        while True:
            # What was taken is known by its offset, so a part is never written twice.
            rest = raw[len(raw) - (end - place):]
            with contextlib.suppress(TimedOutError):
                taken: int = await self._call(self._sync.write, rest, offset=place, close=close, timeout_ms=0)
                return taken
            now: int = await self._call(self._sync.write, b"", timeout_ms=0)
            pause = 0.001 if now > place else min(pause * 2, 0.1)
            place = min(now, end)
            await asyncio.sleep(pause)

    async def close_input(self) -> None:
        await self._call(self._sync.write, b"", close=True, timeout_ms=0)

    # --- Output ---

    async def read(self, stream: Any = Stream.STDOUT, offset: int = 0, size: int = sync.CHUNK_BYTES) -> bytes:
        """Up to `size` bytes from `offset` on, exactly as they were written."""
        return self._sync.read(stream, offset, size)

    async def tail(self, lines: int = 0, size: int = 0, view: Any = View.BOTH) -> str:
        """The last lines (0: all) of the last `size` bytes (0: 64 KiB)."""
        return self._sync.tail(lines, size, view)

    async def output_size(self, stream: Any = Stream.STDOUT) -> int:
        return self._sync.output_size(stream)

    async def output_gap(self, stream: Any = Stream.STDOUT) -> Tuple[int, int]:
        """Offset and size of what the output limit has dropped."""
        return self._sync.output_gap(stream)

    async def pieces(self, view: Any = View.BOTH) -> List[Piece]:
        return self._sync.pieces(view)

    async def chunks(self, view: Any = View.BOTH, offsets: Optional[Sequence[int]] = None) -> AsyncIterator[Chunk]:
        """The bytes as they are written, up to the end of the task."""
        with self._sync.follow(view, offsets) as follower:
            while True:
                turns = self.registry._turns
                try:
                    chunk = follower.read(0)
                except TimedOutError:
                    await self.registry._next_turn(turns)
                    continue
                if chunk is None:
                    return
                yield chunk
                # Others run, however fast the task writes.
                await asyncio.sleep(0)

    async def output(self, view: Any = View.BOTH) -> AsyncIterator[str]:
        """The lines as they are written, without their ends, up to the end of the task."""
        lines = Lines()
        async for chunk in self.chunks(view):
            for line in lines.add(chunk):
                yield line
        for line in lines.end():
            yield line

    async def keep_ring(self, size: int) -> None:
        self._sync.keep_ring(size)

    async def read_ring(self, size: int = sync.CHUNK_BYTES) -> bytes:
        return self._sync.read_ring(size)

    # --- Watches ---

    async def watch(self, pattern: Union[str, bytes], *, fixed: bool = False, once: bool = False, whole_lines: bool = False,
                    transient: bool = True, from_now: bool = False, view: Any = View.BOTH,
                    partial: bool = False) -> AsyncIterator[Match]:
        """The matches, until the task has ended. Leaving the loop ends the watch."""
        queue: "asyncio.Queue[Optional[Event]]" = asyncio.Queue()
        number = self._sync.add_watch(pattern, fixed=fixed, once=once, whole_lines=whole_lines, transient=transient,
                                      from_now=from_now, view=view, partial=partial)
        key = (self.id, number)
        self.registry._watches[key] = queue
        try:
            while True:
                event = await queue.get()
                if event is None:
                    raise ClosedError("the registry was closed", CLOSED, 0, "watch")
                if event.kind == EventKind.MATCH and event.match is not None:
                    yield event.match
                elif event.kind == EventKind.WATCH_END:
                    if event.error is not None and event.error.code:
                        raise _error_of_record(event.error)
                    return
        finally:
            self.registry._watches.pop(key, None)
            with contextlib.suppress(Error):
                self._sync.remove_watch(number)

    # --- Completion ---

    async def ack(self) -> bool:
        """Acknowledges the completion. Whether this call was the one that did."""
        fresh: bool = await self._call(self._sync.ack)
        return fresh

    async def release(self) -> None:
        """Gives the completion back, for other hosts."""
        await self._call(self._sync.release)


def _error_of_record(failure: Any) -> Error:
    error: Error = ERRORS.get(failure.code, Error)(failure.message, failure.code, failure.os_error, failure.step)
    return error


async def _whole(work: Awaitable[Any]) -> Any:
    """Finishes the work also if this is cancelled meanwhile."""
    future = asyncio.ensure_future(work)
    cancelled = None
    while not future.done():
        try:
            await asyncio.shield(future)
        except asyncio.CancelledError as problem:
            if future.cancelled():
                raise
            cancelled = problem
        except Error:
            break
    if cancelled is not None:
        raise cancelled
    return future.result()


class Proxy:
    """Work of this process as a task, from Registry.proxy. After `async with` it ends with exit code 0; with 1 after an
    exception; killed after a cancellation."""

    def __init__(self, registry: "Registry", inner: sync.Proxy) -> None:
        self._registry = registry
        self._inner = inner
        self.task = Task(registry, inner.task.id)

    @property
    def cancelled(self) -> bool:
        """Whether the work should stop."""
        return self._inner.cancelled

    async def write(self, data: bytes, stream: Any = Stream.STDOUT) -> None:
        self._inner.write(data, stream)

    async def finish(self, exit_code: int = 0, signal: int = 0) -> None:
        await self._registry._in_thread(self._inner.finish, exit_code, signal)

    async def __aenter__(self) -> "Proxy":
        return self

    async def __aexit__(self, kind: Any, *_: Any) -> None:
        if not self._inner._pointer:
            return
        cancelled = kind is not None and issubclass(kind, asyncio.CancelledError)
        await _whole(self.finish(0 if kind is None else 1, 15 if cancelled else 0))


class Completions:
    """Completions one by one. Each is leased, and acknowledged when the next one is asked for. An exception in the loop, or
    a break, releases it. ack() acknowledges it earlier. `async with` releases at a definite moment; else it happens when this
    object is freed."""

    def __init__(self, registry: "Registry", all_sessions: bool, follow: bool) -> None:
        self._registry = registry
        self._all_sessions = all_sessions
        self._follow = follow
        self._leased: List[Snapshot] = []
        self._current: Optional[str] = None

    def __aiter__(self) -> "Completions":
        return self

    async def ack(self) -> None:
        """Acknowledges the current completion."""
        current, self._current = self._current, None
        if current is not None:
            await self._registry._in_thread(sync.Task(self._registry._sync, current).ack)

    async def _lease(self) -> None:
        self._leased = await self._registry._in_thread(
            self._registry._sync.lease, all_sessions=self._all_sessions, limit=LEASE_AT_ONCE)

    async def __anext__(self) -> Snapshot:
        await self.ack()
        while not self._leased:
            seen = self._registry._ends
            await self._lease()
            if self._leased:
                break
            if not self._follow:
                raise StopAsyncIteration
            await self._registry._next_end(seen)
        snapshot = self._leased.pop(0)
        self._current = snapshot.task_id
        return snapshot

    def _release(self) -> None:
        ids = [snapshot.task_id for snapshot in self._leased] + ([self._current] if self._current is not None else [])
        self._leased, self._current = [], None
        for task_id in ids:
            with contextlib.suppress(Error):
                sync.Task(self._registry._sync, task_id).release()

    async def __aenter__(self) -> "Completions":
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self._registry._in_thread(self._release)

    def __del__(self) -> None:
        self._release()


class Registry(AsyncOpenKeywords, AsyncSpawnKeywords):
    """An open session of a store, for one event loop: `async with tether.Registry(session="agent-7") as registry`. Its end
    closes the registry, and tasks go on. Keywords are the fields of tether_open_options. on_event is called in the loop; an
    exception in it goes to the loop's exception handler. With dispatch=False the registry runs on a thread of the library."""

    def _open(self, on_event: Optional[Callable[[Event], Any]] = None,
              compress: Optional[Callable[[str, str], Optional[str]]] = None, dispatch: Optional[bool] = None, **values: Any) -> None:
        self._options = values
        self._on_event = on_event
        self._compress = compress
        self._wants_dispatch = dispatch
        self._waits: Dict[str, Set["asyncio.Future[Snapshot]"]] = {}
        self._quiet: Set[str] = set()
        self._started: "weakref.WeakValueDictionary[str, Task]" = weakref.WeakValueDictionary()
        self._quiet_at = 0.0
        self._watches: Dict[Tuple[Optional[str], int], "asyncio.Queue[Optional[Event]]"] = {}
        self._listeners: Set["asyncio.Queue[Optional[Event]]"] = set()
        self._turns = 0
        self._turn_waits: Set["asyncio.Future[None]"] = set()
        self._ends = 0
        self._end_waits: Set["asyncio.Future[None]"] = set()
        self._timer: Optional[asyncio.TimerHandle] = None
        self._look_timer: Optional[asyncio.TimerHandle] = None
        self._descriptor = -1
        self._workers: Optional[concurrent.futures.ThreadPoolExecutor] = None
        self._handle: Any = None

    # --- Opening and closing ---

    async def open(self) -> "Registry":
        self._loop = asyncio.get_running_loop()
        self._workers = concurrent.futures.ThreadPoolExecutor(WORKERS, "tether")
        self._dispatch = _can_dispatch(self._loop) if self._wants_dispatch is None else bool(self._wants_dispatch)
        receive = self._take_event if self._dispatch else self._take_event_in_thread
        values = dict(self._options, dispatch=1 if self._dispatch else 0)
        made = functools.partial(Handle, values, receive, self._compress, self._failed_anywhere)
        try:
            self._handle = await self._in_thread(made)
        except BaseException:
            self._workers.shutdown(wait=False)
            raise
        self._sync = sync.Registry._of(self._handle)
        if self._dispatch:
            self._enter_loop()
        self._look_timer = self._loop.call_later(LOOK_S, self._look)
        return self

    def _enter_loop(self) -> None:
        pollable = ctypes.c_ssize_t()
        self._handle.call("tether_pollable", ctypes.byref(pollable))
        self._next_ms, self._error = ctypes.c_int64(), new_error()
        self._descriptor = pollable.value
        self._loop.add_reader(self._descriptor, self._turn)
        self._turn()

    async def close(self, shutdown: bool = False) -> None:
        """Tasks go on; with shutdown they are killed first. Awaits of tasks end with ClosedError."""
        if self._handle is None or self._handle.closed:
            return
        self._handle.check()
        self._leave_loop()
        mode = CloseMode.SHUTDOWN if shutdown else CloseMode.DETACH
        try:
            await _whole(self._loop.run_in_executor(None, self._handle.close, mode))
        finally:
            assert self._workers is not None
            self._workers.shutdown(wait=False)

    def _leave_loop(self) -> None:
        self._drop_descriptor()
        for timer in (self._timer, self._look_timer):
            if timer is not None:
                timer.cancel()
        closed = ClosedError("the registry was closed during the wait", CLOSED, 0, "wait")
        for futures in self._waits.values():
            for future in futures:
                if not future.done():
                    future.set_exception(closed)
        self._waits.clear()
        for queue in list(self._watches.values()) + list(self._listeners):
            queue.put_nowait(None)
        self._wake(self._turn_waits)
        self._wake(self._end_waits)

    async def __aenter__(self) -> "Registry":
        return await self.open()

    async def __aexit__(self, *_: Any) -> None:
        await self.close()

    def __await__(self) -> Generator[Any, None, "Registry"]:
        return self.open().__await__()

    @property
    def closed(self) -> bool:
        return self._handle is None or bool(self._handle.closed)

    @property
    def sync(self) -> sync.Registry:
        """The same registry for other threads. In the thread of the loop, nothing may wait."""
        return self._sync

    def __del__(self) -> None:
        workers = getattr(self, "_workers", None)
        if workers is not None:
            workers.shutdown(wait=False)

    def _in_thread(self, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> "asyncio.Future[Any]":
        assert self._workers is not None, "the registry is not open: use `async with`, or await it"
        if self._handle is not None:
            # Says so at once if this process was forked or the registry is closed.
            self._handle.check()
        return self._loop.run_in_executor(self._workers, functools.partial(function, *arguments, **keywords))

    # --- Turns ---

    def _turn(self) -> None:
        """One turn of the registry: it calls _take_event, and says when the next turn is due."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        try:
            pointer = self._handle.enter()
        except (ClosedError, ForkedError):
            self._drop_descriptor()
            return
        try:
            code = self._handle.library.tether_dispatch(pointer, ctypes.byref(self._next_ms), ctypes.byref(self._error))
        finally:
            self._handle.leave()
        if code:
            self._failed(error_of(self._error), "dispatch")
        next_ms = self._next_ms.value
        if next_ms >= 0:
            self._timer = self._loop.call_later(next_ms / 1000, self._turn)
        self._after_turn()

    def _drop_descriptor(self) -> None:
        if self._descriptor >= 0:
            self._loop.remove_reader(self._descriptor)
            self._descriptor = -1

    def _after_turn(self) -> None:
        self._turns += 1
        self._wake(self._turn_waits)
        if self._quiet and time.monotonic() >= self._quiet_at:
            begun = time.monotonic()
            self._resolve_ended(list(self._quiet))
            took = time.monotonic() - begun
            self._quiet_at = begun + max(QUIET_LOOK_S, 10 * took)

    @staticmethod
    def _wake(futures: Set["asyncio.Future[None]"]) -> None:
        for future in futures:
            if not future.done():
                future.set_result(None)
        futures.clear()

    async def _wait_on(self, futures: Set["asyncio.Future[None]"], seconds: float) -> None:
        future: "asyncio.Future[None]" = self._loop.create_future()
        futures.add(future)
        timer = self._loop.call_later(seconds, self._expire, future)
        try:
            await future
        finally:
            timer.cancel()
            futures.discard(future)

    @staticmethod
    def _expire(future: "asyncio.Future[None]") -> None:
        if not future.done():
            future.set_result(None)

    async def _next_turn(self, seen: int) -> None:
        """Waits until something may have happened since `seen`."""
        if self._turns == seen:
            await self._wait_on(self._turn_waits, OUTPUT_LOOK_S if self._dispatch else OUTPUT_LOOK_THREAD_S)

    async def _next_end(self, seen: int) -> None:
        """Waits for a completion. No event tells that another host has released one."""
        if self._ends == seen:
            await self._wait_on(self._end_waits, COMPLETION_LOOK_S)

    # --- Events ---

    def _take_event_in_thread(self, event: Any) -> None:
        """On the thread of the library."""
        record = record_of("tether_event", event)
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._handle_event_and_turn, record)

    def _handle_event_and_turn(self, event: Event) -> None:
        try:
            self._handle_event(event)
        except Exception as problem:
            self._failed(problem, "on_event")
        self._after_turn()

    def _take_event(self, event: Any) -> None:
        """In a turn. A STARTED for which nobody asks costs no conversion."""
        kind = event.contents.kind
        if kind in (EventKind.STARTED, EventKind.REMINDER) and self._on_event is None and not self._listeners:
            return
        self._handle_event(record_of("tether_event", event))

    def _handle_event(self, event: Event) -> None:
        if event.kind == EventKind.COMPLETION and event.task_id is not None and event.snapshot is not None:
            self._ends += 1
            self._wake(self._end_waits)
            self._resolve(event.task_id, event.snapshot)
        elif event.kind in (EventKind.MATCH, EventKind.WATCH_END, EventKind.TRUNCATED):
            queue = self._watches.get((event.task_id, event.watch))
            if queue is not None:
                queue.put_nowait(event)
        elif event.kind == EventKind.LOG and event.error is not None:
            _log.log(_LEVELS.get(event.level, logging.ERROR), "%s%s", "%s: " % event.task_id if event.task_id else "",
                     event.error.message)
        for listener in self._listeners:
            listener.put_nowait(event)
        if self._on_event is not None:
            self._on_event(event)

    def _failed(self, problem: BaseException, what: str) -> None:
        self._loop.call_exception_handler({"message": "tether: exception in %s" % what, "exception": problem})

    def _failed_anywhere(self, problem: BaseException, what: str) -> None:
        """An exception in a callback. One that shall end the program ends the loop, as it does elsewhere in it."""
        if isinstance(problem, (KeyboardInterrupt, SystemExit)):
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(_raise, problem)
            return
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._failed, problem, what)

    async def events(self) -> AsyncIterator[Event]:
        """All events from now on, until the registry is closed."""
        queue: "asyncio.Queue[Optional[Event]]" = asyncio.Queue()
        self._listeners.add(queue)
        try:
            while True:
                event = await queue.get()
                if event is None:
                    return
                yield event
        finally:
            self._listeners.discard(queue)

    # --- Ends ---

    def _resolve(self, task_id: str, snapshot: Snapshot) -> None:
        task = self._started.pop(task_id, None)
        if task is not None:
            task._end = snapshot
        self._quiet.discard(task_id)
        for future in self._waits.pop(task_id, ()):
            if not future.done():
                future.set_result(snapshot)

    def _resolve_ended(self, task_ids: Iterable[str]) -> None:
        """Looks for ends for which no event comes: of tasks without a completion, or with one that another host has
        acknowledged already."""
        for task_id in task_ids:
            try:
                snapshot = sync.Task(self._sync, task_id).status()
            except Error as problem:
                for future in self._waits.pop(task_id, ()):
                    if not future.done():
                        future.set_exception(problem)
                self._quiet.discard(task_id)
                continue
            if snapshot.ended:
                self._resolve(task_id, snapshot)

    def _look(self) -> None:
        begun = time.monotonic()
        with contextlib.suppress(ClosedError, ForkedError):
            self._resolve_ended(list(self._waits))
        took = time.monotonic() - begun
        # Without turns, nothing else looks for the quiet ends.
        pause = QUIET_LOOK_THREAD_S if self._quiet and not self._dispatch else LOOK_S
        self._look_timer = self._loop.call_later(max(pause, 50 * took), self._look)

    def _add_quiet(self, task_id: str) -> None:
        first = not self._quiet
        self._quiet.add(task_id)
        if first and not self._dispatch and self._look_timer is not None:
            self._look_timer.cancel()
            self._look_timer = self._loop.call_later(QUIET_LOOK_THREAD_S, self._look)

    async def _wait_end(self, task: Task, timeout_ms: int) -> Snapshot:
        if task._end is not None:
            return task._end
        self._handle.check()
        future: "asyncio.Future[Snapshot]" = self._loop.create_future()
        waits = self._waits.setdefault(task.id, set())
        waits.add(future)
        timer = None
        try:
            if not task._told:
                # After the future is there, or an end in between would be missed.
                snapshot = task._sync.status()
                if snapshot.ended:
                    return snapshot
                if not snapshot.notify_on_completion:
                    self._add_quiet(task.id)
            if timeout_ms >= 0:
                timer = self._loop.call_later(timeout_ms / 1000, self._give_up, future)
            return await future
        finally:
            if timer is not None:
                timer.cancel()
            waits.discard(future)
            if not waits and self._waits.get(task.id) is waits:
                del self._waits[task.id]
                self._quiet.discard(task.id)

    @staticmethod
    def _give_up(future: "asyncio.Future[Snapshot]") -> None:
        if not future.done():
            future.set_exception(TimedOutError("the wait timed out before the task ended", TIMED_OUT, 0, "wait"))

    # --- Tasks ---

    async def _spawn(self, argv_or_command: Any, values: Dict[str, Any]) -> Task:
        task_id, found = self._sync._start(argv_or_command, values)
        task = Task(self, task_id)
        task.found = found
        # The completion of a task that was found may have been delivered long ago, or not requested.
        if not found and not values.get("no_notify"):
            task._told = True
            self._started[task.id] = task
        return task

    async def _run(self, argv_or_command: Any, values: Dict[str, Any], wait_ms: int = -1, limit: int = 0,
                   kill_on_cancel: bool = False) -> Outcome:
        task = await self._spawn(argv_or_command, values)
        with contextlib.suppress(TimedOutError):
            await task.wait(wait_ms, kill_on_cancel=kill_on_cancel)
        return sync.outcome_of(task._sync, task, limit)

    async def get(self, task_id: str) -> Task:
        """A task of the session; NoTaskError if there is none."""
        self._sync.get(task_id)
        return Task(self, task_id)

    async def find(self, task_id: str, project_root: Optional[Text] = None) -> Snapshot:
        """A task of this session, or of another one with this project root."""
        snapshot: Snapshot = await self._in_thread(self._sync.find, task_id, project_root)
        return snapshot

    async def list(self, scope: Any = ListScope.RUNNING, *, project_root: Optional[Text] = None, all_sessions: bool = False,
                   without_output: bool = False) -> List[Snapshot]:
        """The tasks, the newest first. The scope is running, all or orphans."""
        found: List[Snapshot] = await self._in_thread(self._sync.list, scope, project_root=project_root,
                                                      all_sessions=all_sessions, without_output=without_output)
        return found

    async def finish_kills(self, timeout_ms: int = -1) -> None:
        """Waits until the kills that the registry carries on with are over."""
        end = None if timeout_ms < 0 else time.monotonic() + timeout_ms / 1000
        while True:
            try:
                await self._in_thread(self._sync.finish_kills, 0)
                return
            except TimedOutError:
                if end is not None and time.monotonic() >= end:
                    raise
                await self._wait_on(self._turn_waits, 0.05)

    async def gc(self, *, older_than_ms: int = 0, pending_older_than_ms: int = 0, session_only: bool = False) -> GcResult:
        result: GcResult = await self._in_thread(self._sync.gc, older_than_ms=older_than_ms,
                                                 pending_older_than_ms=pending_older_than_ms, session_only=session_only)
        return result

    async def cleanup_finished(self, older_than_ms: int = 0) -> GcResult:
        result: GcResult = await self._in_thread(self._sync.cleanup_finished, older_than_ms)
        return result

    async def proxy(self, command: str, **spec: Any) -> Proxy:
        """Registers work of this process as a task; keywords as those of sync.Proxy."""
        return Proxy(self, await self._in_thread(self._sync.proxy, command, **spec))

    # --- Completions ---

    def completions(self, *, all_sessions: bool = False, follow: bool = True) -> Completions:
        """Completions as they come; without follow, those that are pending now."""
        return Completions(self, all_sessions, follow)

    async def peek(self, *, all_sessions: bool = False, limit: int = 0) -> List[Snapshot]:
        """The pending completions, changed by nothing."""
        found: List[Snapshot] = await self._in_thread(self._sync.peek, all_sessions=all_sessions, limit=limit)
        return found

    async def lease(self, *, all_sessions: bool = False, limit: int = 0) -> List[Snapshot]:
        """Pending completions that no other host gets until they are acknowledged or released."""
        found: List[Snapshot] = await self._in_thread(self._sync.lease, all_sessions=all_sessions, limit=limit)
        return found

    async def drain(self, *, all_sessions: bool = False, limit: int = 0) -> List[Snapshot]:
        """Pending completions, leased and acknowledged: no other call ever gets them."""
        found: List[Snapshot] = await self._in_thread(self._sync.drain, all_sessions=all_sessions, limit=limit)
        return found


def _raise(problem: BaseException) -> None:
    raise problem


def _can_dispatch(loop: asyncio.AbstractEventLoop) -> bool:
    """On Windows the pollable is an event, for which no loop of asyncio can wait."""
    return sys.platform != "win32" and type(loop).add_reader is not asyncio.AbstractEventLoop.add_reader


# --- Without a registry of one's own ---

_default: Dict[Tuple[Any, Any], Tuple[asyncio.AbstractEventLoop, "asyncio.Future[Registry]"]] = {}


async def registry(store: Optional[Text] = None, session: Optional[str] = None) -> Registry:
    """The registry of this loop for a store and a session. It stays open until the loop is closed."""
    loop = asyncio.get_running_loop()
    for key, (other, _) in list(_default.items()):
        if other.is_closed():
            del _default[key]
    key = (id(loop), (store, session))
    if key not in _default:
        _default[key] = (loop, loop.create_task(Registry(store=store, session=session).open()))
    try:
        return await asyncio.shield(_default[key][1])
    except Error:
        _default.pop(key, None)
        raise


async def run(argv_or_command: Any = None, *, store: Optional[Text] = None, session: Optional[str] = None, **spec: Any) -> Outcome:
    """Starts a command and waits for its end, or for wait_ms, after which it goes on in the background. Keywords are those
    of Registry.run."""
    return await (await registry(store, session)).run(argv_or_command, **spec)


async def spawn(argv_or_command: Any = None, *, store: Optional[Text] = None, session: Optional[str] = None, **spec: Any) -> Task:
    """Starts a command. Keywords are those of Registry.spawn."""
    return await (await registry(store, session)).spawn(argv_or_command, **spec)


__all__ = ["Completions", "Proxy", "Registry", "Task", "registry", "run", "spawn"]
