"""Owns the life of an open registry: who may use it, when it is closed, and the functions that the library calls back.

Must not: know what calls do. Thread: any.
"""
import atexit
import ctypes
import os
import sys
import threading
import time
import weakref
from typing import Any, Callable, Dict, List, Optional

from . import _api
from .described import ERRORS, ClosedError, Error, ForkedError, LibraryError, encode, error_of, record_of, struct_of

# A library call that waits does not see Ctrl-C, so the main thread waits in slices of this length.
SLICE_MS = 200
TIMED_OUT = _api.DESCRIPTION["enums"]["tether_code"]["TETHER_ETIMEDOUT"]
CLOSED = _api.DESCRIPTION["enums"]["tether_code"]["TETHER_ECLOSED"]


def library(path: Optional[str] = None) -> Any:
    """Loads the library, once per process; from this path, before any other call needs it."""
    try:
        return _api.load(path)
    except _api.Unusable as problem:
        raise LibraryError(str(problem), step="load library") from None


def checked(code: int, error: Any) -> None:
    if code:
        raise error_of(error)


def new_error() -> Any:
    error = _api.TYPES.structs["tether_error"]()
    error.size = ctypes.sizeof(error)
    return error


# The functions that the library calls live as long as the process: a registry that is closed in a callback returns into
# one. `userdata` is the number of a handle.
_open: "weakref.WeakValueDictionary[int, Handle]" = weakref.WeakValueDictionary()
_numbers = iter(range(1, sys.maxsize))


def _call_event(registry: Any, event: Any, userdata: Any) -> None:
    handle = _open.get(userdata)
    if handle is None or handle.on_event is None:
        return
    try:
        handle.on_event(event)
    except BaseException as problem:
        handle.failed(problem, "on_event")


def _call_compress(command: Any, text: Any, size: int, shorter: Any, room: int, userdata: Any) -> int:
    """Without a result of the callback, or with one that is longer than the text, the preview is the usual one."""
    handle = _open.get(userdata)
    if handle is None or handle.compress is None:
        return int(room) + 1
    try:
        answer = handle.compress(ctypes.string_at(command).decode("utf-8", "replace"),
                                 ctypes.string_at(text, size).decode("utf-8", "replace"))
        if answer is None:
            return int(room) + 1
        data = answer.encode("utf-8", "replace")
        if len(data) > room:
            return int(room) + 1
        ctypes.memmove(shorter, data, len(data))
        return len(data)
    except BaseException as problem:
        handle.failed(problem, "compress")
        return int(room) + 1


ON_EVENT = _api.TYPES.callbacks["tether_event_cb"](_call_event)
ON_COMPRESS = _api.TYPES.callbacks["tether_compress_cb"](_call_compress)


def unraisable(problem: BaseException, what: str) -> None:
    """Reports an exception for which there is no caller."""
    sys.unraisablehook(_Unraisable(problem, what))  # type: ignore[arg-type]


class _Unraisable:
    def __init__(self, problem: BaseException, what: str) -> None:
        self.exc_type = type(problem)
        self.exc_value = problem
        self.exc_traceback = problem.__traceback__
        self.err_msg = "tether: exception ignored in %s" % what
        self.object = None


class Handle:
    """An open registry. A call is counted while it runs, so that a close by another thread waits for it."""

    def __init__(self, options: Dict[str, Any], on_event: Optional[Callable[[Any], None]] = None,
                 compress: Optional[Callable[[str, str], Optional[str]]] = None,
                 failed: Callable[[BaseException, str], None] = unraisable) -> None:
        self.on_event = on_event
        self.compress = compress
        self.failed = failed
        self.pid = os.getpid()
        self.children: Dict[int, Callable[[], None]] = {}
        self._state = threading.Condition(threading.Lock())
        self._running = 0
        self._closing = False
        self._number = next(_numbers)
        self._pointer = ctypes.c_void_p()
        self.library = library()
        values = dict(options, userdata=self._number)
        values["on_event"] = ON_EVENT if on_event is not None else None
        values["compress"] = ON_COMPRESS if compress is not None else None
        struct, keep = struct_of("tether_open_options", values)
        error = new_error()
        _open[self._number] = self
        code = self.library.tether_open(ctypes.byref(struct), ctypes.byref(self._pointer), ctypes.byref(error))
        del keep
        checked(code, error)
        _living.add(self)

    def check(self) -> None:
        """Raises what a call would raise: the registry is closed, or belongs to another process."""
        self.enter()
        self.leave()

    def enter(self) -> Any:
        """Returns the registry for a call; leave() has to follow."""
        if self.pid != os.getpid():
            raise ForkedError("this registry belongs to process %d, from which this one was forked; open the session again in "
                              "this process" % self.pid, step="use registry")
        with self._state:
            if self._closing or not self._pointer:
                raise ClosedError("the registry is closed", CLOSED, 0, "use registry")
            self._running += 1
        return self._pointer

    def leave(self) -> None:
        with self._state:
            self._running -= 1
            if self._closing:
                self._state.notify_all()

    def call(self, name: str, *arguments: Any) -> None:
        """Calls a function whose first argument is the registry and whose last one is the error."""
        self.call_on(name, self._pointer, *arguments)

    def call_on(self, name: str, *arguments: Any) -> None:
        """Calls a function on something that belongs to the registry, such as a follower."""
        self.enter()
        try:
            error = new_error()
            code = getattr(self.library, name)(*arguments, ctypes.byref(error))
        finally:
            self.leave()
        checked(code, error)

    def interrupt(self) -> None:
        pointer = self.enter()
        try:
            self.library.tether_interrupt(pointer)
        finally:
            self.leave()

    @property
    def closed(self) -> bool:
        return self._closing or not self._pointer

    def close(self, mode: int = 0, patience: Optional[float] = None) -> None:
        """Waits for the calls of other threads, which return at once if they wait. A forked process closes nothing."""
        if self.pid != os.getpid():
            return
        with self._state:
            if self._closing or not self._pointer:
                return
            self._closing = True
        if self._running:
            self.library.tether_interrupt(self._pointer)
        with self._state:
            if not self._state.wait_for(lambda: self._running == 0, patience):
                return
        for close in list(self.children.values()):
            close()
        self.children.clear()
        pointer, self._pointer = self._pointer, ctypes.c_void_p()
        _living.discard(self)
        error = new_error()
        checked(self.library.tether_close(pointer, mode, ctypes.byref(error)), error)

    def __del__(self) -> None:
        try:
            if getattr(self, "_pointer", None) and not self._closing:
                self.close()
        except Error as problem:
            unraisable(problem, "close")


_living: "weakref.WeakSet[Handle]" = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    """At the exit of the interpreter: tasks go on. A thread that is still inside a call does not hold the exit up: the end
    of the process closes its registry as well."""
    for handle in list(_living):
        try:
            handle.close(patience=0.5)
        except Error:
            pass


def slices(timeout_ms: int) -> Any:
    """Yields the timeouts into which a wait is cut. The last one is what is left."""
    if threading.current_thread() is not threading.main_thread() or 0 <= timeout_ms <= SLICE_MS:
        yield timeout_ms, True
        return
    end = time.monotonic() + timeout_ms / 1000 if timeout_ms >= 0 else None
    while True:
        left = SLICE_MS if end is None else max(0, min(SLICE_MS, int((end - time.monotonic()) * 1000)))
        last = end is not None and time.monotonic() + left / 1000 >= end
        yield left, last
        if last:
            return


def waiting(call: Callable[[int], Any], timeout_ms: int) -> Any:
    """Calls a function that waits, with timeouts that let the interpreter see signals."""
    for left, last in slices(timeout_ms):
        try:
            return call(left)
        except Error as problem:
            if problem.code != TIMED_OUT or last:
                raise
    raise AssertionError("not reached")


def options(struct: str, **values: Any) -> Any:
    """A structure that lives at least as long as the object that points to it."""
    made, keep = struct_of(struct, values)
    made._keep = keep[1:]
    return made


def take_list(handle: "Handle", pointer: Any) -> List[Any]:
    try:
        items: List[Any] = record_of("tether_snapshot_list", pointer).items
        return items
    finally:
        handle.library.tether_snapshot_list_free(pointer)


__all__ = ["Handle", "checked", "encode", "library", "new_error", "options", "take_list", "unraisable", "waiting", "ERRORS"]
