"""Synchronous calls: a registry and its tasks for scripts and threads. tether.Registry is the one for asyncio.

Must not: know asyncio. Thread: any; a call that waits in the main thread sees Ctrl-C.
"""
import contextlib
import ctypes
import os
import tempfile
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union

from . import _api
from ._handle import Handle, checked, encode, library, new_error, options, take_list, unraisable, waiting
from .described import (CloseMode, DroppedError, Error, Event, GcResult, ListScope, NoTaskError, OpenKeywords, Piece,
                        Report, Snapshot, SpawnKeywords, Stream, TimedOutError, View, WaitMode, record_of, struct_of)

Text = Union[str, bytes, "os.PathLike[str]"]
ID_SIZE = _api.CONSTANTS["TETHER_ID_SIZE"]
CHUNK_BYTES = 64 * 1024
LINE_BYTES = 1024 * 1024
OUTCOME_BYTES = 1024 * 1024


class Chunk(NamedTuple):
    """Bytes of an output, from `offset` on. `truncations` tells how often the task has truncated the stream before."""
    stream: Stream
    offset: int
    data: bytes
    truncations: int


class Outcome(NamedTuple):
    """What run() returns. The task may still run: see snapshot.ended."""
    task: Any
    snapshot: Snapshot
    output: bytes
    errors: bytes
    output_truncated: bool
    errors_truncated: bool

    @property
    def text(self) -> str:
        return self.output.decode("utf-8", "replace")


class Lines:
    """Cuts chunks into lines, each stream by itself. A line longer than LINE_BYTES comes in parts."""

    def __init__(self) -> None:
        self._rest: Dict[int, bytes] = {}

    def add(self, chunk: Chunk) -> List[str]:
        parts = (self._rest.pop(chunk.stream, b"") + chunk.data).split(b"\n")
        rest = parts.pop()
        if len(rest) >= LINE_BYTES:
            parts.append(rest)
            rest = b""
        if rest:
            self._rest[chunk.stream] = rest
        return [_line(part) for part in parts]

    def end(self) -> List[str]:
        rest, self._rest = self._rest, {}
        return [_line(part) for _, part in sorted(rest.items())]


def _line(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def load_library(path: str) -> None:
    """Loads the shared library of tether from this path, before any other call needs it."""
    library(path)


def version() -> str:
    """The version of the library that is loaded."""
    text: bytes = library().tether_version()
    return text.decode()


def default_store() -> str:
    error, path = new_error(), ctypes.c_void_p()
    checked(library().tether_default_store(ctypes.byref(path), ctypes.byref(error)), error)
    return _take_text(path)


def _take_text(pointer: Any) -> str:
    address = pointer.value if isinstance(pointer, ctypes.c_void_p) else pointer
    if not address:
        raise MemoryError("tether: out of memory")
    try:
        return ctypes.string_at(address).decode("utf-8", "replace")
    finally:
        library().tether_free(address)


def signal_number(name: str) -> int:
    """The number of "TERM", "SIGTERM" or "15"; ValueError if the system has no such signal."""
    number: int = library().tether_signal_number(name.encode())
    if number == 0:
        raise ValueError("there is no signal %r here" % name)
    return number


def time_text(unix_ms: int) -> str:
    """A time in RFC 3339."""
    text = ctypes.create_string_buffer(_api.CONSTANTS["TETHER_TIME_SIZE"])
    if not library().tether_time_text(unix_ms, text):
        raise ValueError("%d is no time between the years 0 and 9999" % unix_ms)
    return text.value.decode()


def error_text(code: int) -> str:
    text: bytes = library().tether_error_text(code)
    return text.decode()


def doctor(store: Optional[Text] = None) -> Report:
    """What works on this machine, and what to do about what does not."""
    error, pointer = new_error(), ctypes.POINTER(_api.TYPES.structs["tether_report"])()
    path = None if store is None else encode(store, "store")
    checked(library().tether_doctor(path, ctypes.byref(pointer), ctypes.byref(error)), error)
    try:
        report: Report = record_of("tether_report", pointer)
        return report
    finally:
        library().tether_report_free(pointer)


def spec_of(argv_or_command: Any, values: Dict[str, Any]) -> Any:
    """The tether_spec of keywords, and what has to live as long as it."""
    if argv_or_command is not None:
        if "argv" in values or "command" in values:
            raise TypeError("a command was given twice")
        values["command" if isinstance(argv_or_command, (str, bytes)) else "argv"] = argv_or_command
    elif values.get("command") is None and values.get("argv") is None:
        raise TypeError("nothing to start: give a text for the shell, or a list of a program and its arguments")
    return struct_of("tether_spec", values)


def _input_file(data: Union[str, bytes]) -> str:
    file, path = tempfile.mkstemp(prefix="tether-input-")
    try:
        with os.fdopen(file, "wb") as opened:
            opened.write(data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data)
    except BaseException:
        os.unlink(path)
        raise
    return path


class Follower:
    """The output of a task as it is written. Calls must not overlap; close it, or use it in a with statement."""

    def __init__(self, handle: Handle, task_id: str, view: Any = View.BOTH, offsets: Optional[Sequence[int]] = None) -> None:
        self._handle = handle
        self._pointer = ctypes.c_void_p()
        self._buffer = ctypes.create_string_buffer(CHUNK_BYTES)
        self._stream, self._got = ctypes.c_int(), ctypes.c_size_t()
        given = (ctypes.c_uint64 * 2)(*offsets) if offsets is not None else None
        handle.call("tether_follow_open", encode(task_id, "task_id"), int(view), given, ctypes.byref(self._pointer))
        handle.children[id(self)] = self._free

    def read(self, timeout_ms: int = -1) -> Optional[Chunk]:
        """The next bytes; None after the end. TimedOutError if nothing came in time."""
        if not self._pointer:
            self._handle.check()
            return None
        self._handle.call_on("tether_follow_read", self._pointer, self._buffer, CHUNK_BYTES, timeout_ms,
                             ctypes.byref(self._stream), ctypes.byref(self._got))
        if self._got.value == 0:
            return None
        offset, truncations = self.place(self._stream.value)
        return Chunk(Stream(self._stream.value), offset - self._got.value, self._buffer.raw[:self._got.value], truncations)

    def place(self, stream: int) -> "tuple[int, int]":
        """The offset of the next byte of a stream, and how often the task has truncated it."""
        offset, truncations = ctypes.c_uint64(), ctypes.c_uint64()
        self._handle.library.tether_follow_place(self._pointer, int(stream), ctypes.byref(offset), ctypes.byref(truncations))
        return offset.value, truncations.value

    def _free(self) -> None:
        pointer, self._pointer = self._pointer, ctypes.c_void_p()
        if pointer and self._handle.pid == os.getpid():
            self._handle.library.tether_follow_close(pointer)

    def close(self) -> None:
        try:
            self._handle.enter()
        except Error:
            return
        try:
            self._handle.children.pop(id(self), None)
            self._free()
        finally:
            self._handle.leave()

    def __enter__(self) -> "Follower":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


class Proxy:
    """Work of this process as a task. In a with statement it ends with exit code 0, or 1 after an exception."""

    def __init__(self, registry: "Registry", command: str, *, task_id: Optional[str] = None, name: Optional[str] = None,
                 project_root: Optional[Text] = None, timeout_ms: Optional[int] = None, no_notify: bool = False) -> None:
        self._handle = registry._handle
        self._pointer = ctypes.c_void_p()
        buffer = ctypes.create_string_buffer(ID_SIZE)
        spec = options("tether_proxy_spec", task_id=task_id, command=command, name=name, project_root=project_root,
                       timeout_ms=timeout_ms, no_notify=no_notify)
        self._handle.call("tether_proxy_open", ctypes.byref(spec), buffer, ctypes.byref(self._pointer))
        self.task = Task(registry, buffer.value.decode())

    def _open_pointer(self) -> Any:
        if not self._pointer:
            raise ValueError("the proxy task was finished already")
        return self._pointer

    def write(self, data: bytes, stream: Any = Stream.STDOUT) -> None:
        self._handle.call_on("tether_proxy_write", self._open_pointer(), int(stream), data, len(data))

    @property
    def cancelled(self) -> bool:
        """Whether the work should stop."""
        self._handle.enter()
        try:
            return bool(self._handle.library.tether_proxy_cancelled(self._open_pointer()))
        finally:
            self._handle.leave()

    def finish(self, exit_code: int = 0, signal: int = 0) -> None:
        pointer, self._pointer = self._open_pointer(), ctypes.c_void_p()
        error = new_error()
        checked(self._handle.library.tether_proxy_finish(pointer, exit_code, signal, ctypes.byref(error)), error)

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        if self._pointer:
            self.finish(0 if kind is None else 1)


class Task:
    """A task by its id. The task does not depend on this object: it goes on when the object is gone."""

    def __init__(self, registry: "Registry", task_id: str) -> None:
        self.registry = registry
        self.id = task_id
        # Whether spawn has found it by its key, and started nothing.
        self.found = False
        self._handle = registry._handle

    def __repr__(self) -> str:
        return "<tether task %s>" % self.id

    @property
    def _id(self) -> bytes:
        return encode(self.id, "task_id")

    @contextlib.contextmanager
    def _snapshot(self) -> Iterator[Any]:
        """A pointer to the state now, read from the store."""
        pointer = ctypes.POINTER(_api.TYPES.structs["tether_snapshot"])()
        self._handle.call("tether_status_get", self._id, ctypes.byref(pointer))
        try:
            yield pointer
        finally:
            self._handle.library.tether_snapshot_free(pointer)

    def status(self) -> Snapshot:
        """The state now, read from the store."""
        with self._snapshot() as pointer:
            snapshot: Snapshot = record_of("tether_snapshot", pointer)
            return snapshot

    def measure(self) -> Snapshot:
        """As status, with what the processes use now. Waits up to 2 s for the monitor."""
        with self._snapshot() as pointer:
            self._handle.call("tether_snapshot_measure", pointer)
            snapshot: Snapshot = record_of("tether_snapshot", pointer)
            return snapshot

    def json(self) -> str:
        """The state as one line of JSON, as `tether --json status` prints it."""
        with self._snapshot() as pointer:
            return _take_text(self._handle.library.tether_snapshot_json(pointer))

    def exit_status(self) -> int:
        """As a shell's $?: 125 if the task has not ended or its exit code is not known."""
        with self._snapshot() as pointer:
            return int(self._handle.library.tether_exit_status(pointer))

    def wait(self, timeout_ms: int = -1) -> Snapshot:
        """Waits for the end. TimedOutError if it does not come in time."""
        self.registry.wait([self], timeout_ms=timeout_ms)
        return self.status()

    def kill(self, *, signal: Union[int, str, None] = None, grace_ms: Optional[int] = None) -> None:
        """Ends the task with all its processes, and returns when they are gone; or only sends a signal."""
        number = signal_number(signal) if isinstance(signal, str) else signal
        given = options("tether_kill_options", signal=number, grace_ms=grace_ms)
        self._handle.call("tether_kill", self._id, ctypes.byref(given))

    def pause(self) -> None:
        self._handle.call("tether_pause", self._id)

    def resume(self) -> None:
        self._handle.call("tether_resume", self._id)

    def extend(self, timeout_ms: int) -> None:
        """Moves the deadline to timeout_ms from now; -1: none."""
        self._handle.call("tether_extend", self._id, timeout_ms)

    def remove(self) -> None:
        self._handle.call("tether_remove", self._id)

    def promote(self) -> None:
        """Requests a completion for a task that was started with no_notify."""
        self._handle.call("tether_promote", self._id)

    def write(self, data: Union[str, bytes], *, offset: Optional[int] = None, close: bool = False, timeout_ms: int = -1) -> int:
        """Writes to the standard input of a task with input_pipe. Returns how many bytes it has taken in total."""
        raw = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else bytes(data)
        written, taken = ctypes.c_size_t(), ctypes.c_uint64()
        done = 0

        def attempt(left: int) -> int:
            nonlocal done
            rest = raw[done:]
            given = options("tether_input_options", at_offset=offset is not None, offset=(offset or 0) + done,
                            close=close, timeout_ms=left)
            try:
                self._handle.call("tether_input", self._id, rest, len(rest), ctypes.byref(given), ctypes.byref(written),
                                  ctypes.byref(taken))
            finally:
                done += written.value
            return taken.value
        return int(waiting(attempt, timeout_ms))

    def close_input(self) -> None:
        self.write(b"", close=True)

    # --- Output ---

    def read(self, stream: Any = Stream.STDOUT, offset: int = 0, size: int = CHUNK_BYTES) -> bytes:
        """Up to `size` bytes from `offset` on, exactly as they were written."""
        buffer, got = ctypes.create_string_buffer(size), ctypes.c_size_t()
        self._handle.call("tether_output_read", self._id, int(stream), offset, buffer, size, ctypes.byref(got))
        return buffer.raw[:got.value]

    def tail(self, lines: int = 0, size: int = 0, view: Any = View.BOTH) -> str:
        """The last lines (0: all) of the last `size` bytes (0: 64 KiB)."""
        return self.tail_bytes(lines, size, view)[0].decode("utf-8", "replace")

    def tail_bytes(self, lines: int = 0, size: int = 0, view: Any = View.BOTH) -> "tuple[bytes, bool]":
        """The same as bytes, and whether there was more before."""
        text, got, truncated = ctypes.c_void_p(), ctypes.c_size_t(), ctypes.c_bool()
        self._handle.call("tether_output_tail", self._id, int(view), size, lines, ctypes.byref(text), ctypes.byref(got),
                          ctypes.byref(truncated))
        try:
            return ctypes.string_at(text.value or 0, got.value), truncated.value
        finally:
            self._handle.library.tether_free(text)

    def output_size(self, stream: Any = Stream.STDOUT) -> int:
        """How many bytes the task has written so far."""
        size = ctypes.c_uint64()
        self._handle.call("tether_output_size", self._id, int(stream), ctypes.byref(size))
        return size.value

    def output_gap(self, stream: Any = Stream.STDOUT) -> "tuple[int, int]":
        """Offset and size of what the output limit has dropped."""
        offset, size = ctypes.c_uint64(), ctypes.c_uint64()
        self._handle.call("tether_output_gap", self._id, int(stream), ctypes.byref(offset), ctypes.byref(size))
        return offset.value, size.value

    def pieces(self, view: Any = View.BOTH) -> List[Piece]:
        """The outputs in the order in which they were written, with times."""
        pointer = ctypes.c_void_p()
        self._handle.call("tether_pieces_open", self._id, int(view), ctypes.byref(pointer))
        library_ = self._handle.library
        try:
            found = []
            piece = _api.TYPES.structs["tether_piece"]()
            for i in range(library_.tether_pieces_count(pointer)):
                piece.size = ctypes.sizeof(piece)
                library_.tether_pieces_get(pointer, i, ctypes.byref(piece))
                found.append(record_of("tether_piece", piece))
            return found
        finally:
            library_.tether_pieces_free(pointer)

    def follow(self, view: Any = View.BOTH, offsets: Optional[Sequence[int]] = None) -> Follower:
        return Follower(self._handle, self.id, view, offsets)

    def chunks(self, view: Any = View.BOTH, offsets: Optional[Sequence[int]] = None) -> Iterator[Chunk]:
        """The output as it is written, up to the end of the task."""
        with self.follow(view, offsets) as follower:
            while True:
                chunk = waiting(follower.read, -1)
                if chunk is None:
                    return
                yield chunk

    def output(self, view: Any = View.BOTH) -> Iterator[str]:
        """The lines as they are written, without their ends, up to the end of the task."""
        lines = Lines()
        for chunk in self.chunks(view):
            yield from lines.add(chunk)
        yield from lines.end()

    def keep_ring(self, size: int) -> None:
        """Keeps the last bytes of the output in memory, for read_ring."""
        self._handle.call("tether_ring_keep", self._id, size)

    def read_ring(self, size: int = CHUNK_BYTES) -> bytes:
        buffer, got = ctypes.create_string_buffer(size), ctypes.c_size_t()
        self._handle.call("tether_ring_read", self._id, buffer, size, ctypes.byref(got))
        return buffer.raw[:got.value]

    # --- Watches ---

    def add_watch(self, pattern: Union[str, bytes], *, fixed: bool = False, once: bool = False, whole_lines: bool = False,
                  transient: bool = False, from_now: bool = False, view: Any = View.BOTH, partial: bool = False) -> int:
        """Searches the output while it is written: the registry's on_event gets the matches. Returns the watch's number."""
        number = ctypes.c_int()
        spec = options("tether_watch_spec", pattern=pattern, fixed=fixed, once=once, whole_lines=whole_lines,
                       transient=transient, from_now=from_now, view=view, partial=partial)
        self._handle.call("tether_watch_add", self._id, ctypes.byref(spec), ctypes.byref(number))
        return number.value

    def remove_watch(self, number: int) -> None:
        self._handle.call("tether_watch_remove", self._id, number)

    # --- Completion ---

    def ack(self) -> bool:
        """Acknowledges the completion. Whether this call was the one that did."""
        fresh = ctypes.c_bool()
        self._handle.call("tether_completion_ack", self._id, ctypes.byref(fresh))
        return fresh.value

    def release(self) -> None:
        """Gives the completion back, for other hosts."""
        self._handle.call("tether_completion_release", self._id)


class Registry(OpenKeywords, SpawnKeywords):
    """An open session of a store. Use it in a with statement: its end closes the registry, and tasks go on.

    Keywords are the fields of tether_open_options. on_event gets an Event on a thread of the library; compress gets the
    command and the output and returns a shorter text, or None."""

    task_type: Any = Task

    def _open(self, on_event: Optional[Callable[[Event], None]] = None,
              compress: Optional[Callable[[str, str], Optional[str]]] = None, **values: Any) -> None:
        if values.get("dispatch"):
            raise TypeError("dispatch needs a loop: use tether.Registry, or call the C library")
        receive = None if on_event is None else (lambda event: on_event(record_of("tether_event", event)))
        self._handle = Handle(values, receive, compress, unraisable)

    @classmethod
    def _of(cls, handle: Handle) -> "Registry":
        registry = cls.__new__(cls)
        registry._handle = handle
        return registry

    def close(self, shutdown: bool = False) -> None:
        """Tasks go on; with shutdown they are killed first. Calls of other threads that wait return with ClosedError."""
        self._handle.close(CloseMode.SHUTDOWN if shutdown else CloseMode.DETACH)

    def interrupt(self) -> None:
        """Calls that wait return with ClosedError from now on."""
        self._handle.interrupt()

    @property
    def closed(self) -> bool:
        return self._handle.closed

    def __enter__(self) -> "Registry":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def _spawn(self, argv_or_command: Any, values: Dict[str, Any]) -> Task:
        task_id, found = self._start(argv_or_command, values)
        task = Task(self, task_id)
        task.found = found
        return task

    def _start(self, argv_or_command: Any, values: Dict[str, Any]) -> Tuple[str, bool]:
        """The id of the task, and whether it was found by its key."""
        if "input" in values:
            return self._start_with_input(argv_or_command, dict(values))
        found = ctypes.c_bool(False)
        spec, keep = spec_of(argv_or_command, values)
        spec.found = ctypes.pointer(found)
        buffer = ctypes.create_string_buffer(ID_SIZE)
        self._handle.call("tether_spawn", ctypes.byref(spec), buffer)
        del keep
        return buffer.value.decode(), found.value

    def _start_with_input(self, argv_or_command: Any, values: Dict[str, Any]) -> Tuple[str, bool]:
        """The bytes stand in a file whose name is gone after the start: the whole input is there even if this process dies."""
        data = values.pop("input")
        if data is None:
            return self._start(argv_or_command, values)
        if values.get("stdin_path") is not None or values.get("input_pipe") or values.get("inherit_stdin"):
            raise TypeError("input excludes stdin_path, input_pipe and inherit_stdin")
        path = values["stdin_path"] = _input_file(data)
        try:
            return self._start(argv_or_command, values)
        finally:
            os.unlink(path)

    def _run(self, argv_or_command: Any, values: Dict[str, Any], wait_ms: int = -1, limit: int = 0) -> Outcome:
        task = self._spawn(argv_or_command, values)
        with contextlib.suppress(TimedOutError):
            task.wait(wait_ms)
        return outcome_of(task, task, limit)

    def get(self, task_id: str) -> Task:
        """A task of the session; NoTaskError if there is none."""
        task = Task(self, task_id)
        task.status()
        return task

    def find(self, task_id: str, project_root: Optional[Text] = None) -> Snapshot:
        """A task of this session, or of another one with this project root."""
        pointer = ctypes.POINTER(_api.TYPES.structs["tether_snapshot"])()
        root = None if project_root is None else encode(project_root, "project_root")
        self._handle.call("tether_find", encode(task_id, "task_id"), root, ctypes.byref(pointer))
        try:
            snapshot: Snapshot = record_of("tether_snapshot", pointer)
            return snapshot
        finally:
            self._handle.library.tether_snapshot_free(pointer)

    def list(self, scope: Any = ListScope.RUNNING, *, project_root: Optional[Text] = None, all_sessions: bool = False,
             without_output: bool = False) -> List[Snapshot]:
        """The tasks, the newest first. The scope is running, all or orphans."""
        pointer = ctypes.POINTER(_api.TYPES.structs["tether_snapshot_list"])()
        given = options("tether_list_options", scope=scope, project_root=project_root, all_sessions=all_sessions,
                        without_output=without_output)
        self._handle.call("tether_list_in", ctypes.byref(given), ctypes.byref(pointer))
        return take_list(self._handle, pointer)

    def wait(self, tasks: Iterable[Union[Task, str]], *, any_of: bool = False, timeout_ms: int = -1) -> int:
        """Waits until all tasks have ended, or any of them. Returns the index of the one that ended first."""
        ids = [encode(task if isinstance(task, str) else task.id, "task_id") for task in tasks]
        array, index = (ctypes.c_char_p * len(ids))(*ids), ctypes.c_size_t()
        mode = WaitMode.ANY if any_of else WaitMode.ALL
        waiting(lambda left: self._handle.call("tether_wait", array, len(ids), mode, left, ctypes.byref(index)), timeout_ms)
        return index.value

    def finish_kills(self, timeout_ms: int = -1) -> None:
        waiting(lambda left: self._handle.call("tether_finish_kills", left), timeout_ms)

    def gc(self, *, older_than_ms: int = 0, pending_older_than_ms: int = 0, session_only: bool = False) -> GcResult:
        """Removes old ended tasks; see tether_gc."""
        given = options("tether_gc_options", older_than_ms=older_than_ms, pending_older_than_ms=pending_older_than_ms,
                        session_only=session_only)
        result = options("tether_gc_result")
        self._handle.call("tether_gc", ctypes.byref(given), ctypes.byref(result))
        record: GcResult = record_of("tether_gc_result", result)
        return record

    def cleanup_finished(self, older_than_ms: int = 0) -> GcResult:
        result = options("tether_gc_result")
        self._handle.call("tether_cleanup_finished", older_than_ms, ctypes.byref(result))
        record: GcResult = record_of("tether_gc_result", result)
        return record

    def proxy(self, command: str, **spec: Any) -> Proxy:
        """Registers work of this process as a task; keywords as those of Proxy."""
        return Proxy(self, command, **spec)

    # --- Completions ---

    def _completions(self, call: str, all_sessions: bool, limit: int) -> List[Snapshot]:
        pointer = ctypes.POINTER(_api.TYPES.structs["tether_snapshot_list"])()
        given = options("tether_completion_options", all_sessions=all_sessions, limit=limit)
        self._handle.call(call, ctypes.byref(given), ctypes.byref(pointer))
        return take_list(self._handle, pointer)

    def peek(self, *, all_sessions: bool = False, limit: int = 0) -> List[Snapshot]:
        """The pending completions, changed by nothing."""
        return self._completions("tether_completions_peek", all_sessions, limit)

    def lease(self, *, all_sessions: bool = False, limit: int = 0) -> List[Snapshot]:
        """Pending completions that no other host gets until they are acknowledged or released."""
        return self._completions("tether_completions_lease", all_sessions, limit)

    def drain(self, *, all_sessions: bool = False, limit: int = 0) -> List[Snapshot]:
        """Pending completions, leased and acknowledged: no other call ever gets them."""
        return self._completions("tether_completions_drain", all_sessions, limit)

    def wait_completions(self, *, all_sessions: bool = False, timeout_ms: int = -1) -> None:
        """Waits until there is a completion that can be leased."""
        given = options("tether_completion_options", all_sessions=all_sessions)
        waiting(lambda left: self._handle.call("tether_completions_wait", ctypes.byref(given), left), timeout_ms)

    def completions(self, *, all_sessions: bool = False, follow: bool = False) -> Iterator[Snapshot]:
        """Leases completions one by one. Each is acknowledged when the next one is asked for, and released if the loop
        ends by an exception or a break."""
        while True:
            leased = self.lease(all_sessions=all_sessions, limit=1)
            for snapshot in leased:
                task = Task(self, snapshot.task_id)
                try:
                    yield snapshot
                except BaseException:
                    with contextlib.suppress(Error):
                        task.release()
                    raise
                task.ack()
            if leased:
                continue
            if not follow:
                return
            self.wait_completions(all_sessions=all_sessions)


def outcome_of(task: Task, shown: Any, limit: int) -> Outcome:
    """The snapshot comes first, so that the output is whole if the snapshot says that the task has ended."""
    snapshot = task.status()
    size = limit or OUTCOME_BYTES
    output, more_output = task.tail_bytes(size=size, view=View.STDOUT)
    errors, more_errors = task.tail_bytes(size=size, view=View.STDERR)
    return Outcome(shown, snapshot, output, errors, more_output, more_errors)


def run(argv_or_command: Any = None, *, store: Optional[Text] = None, session: Optional[Text] = None, **spec: Any) -> Outcome:
    """Starts a command and waits for its end, or for wait_ms, after which it goes on in the background. Keywords are those
    of Registry.run."""
    with Registry(store=store, session=session, deferred=1) as registry:
        return registry.run(argv_or_command, **spec)


__all__ = ["Chunk", "DroppedError", "Follower", "NoTaskError", "Outcome", "Proxy", "Registry", "Task", "default_store", "doctor",
           "error_text", "load_library", "run", "signal_number", "time_text", "version"]
