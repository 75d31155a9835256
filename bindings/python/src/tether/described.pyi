"""Written by bindings/python/stubs from api.json; the types of described.py."""
import enum
import os
from typing import Any, Callable, Dict, Iterable, List, Mapping, NoReturn, Optional, Sequence, Tuple, Union

from . import aio, sync

_Text = Union[str, bytes, "os.PathLike[str]"]
_Strings = Sequence[_Text]
_Variables = Union[Mapping[_Text, _Text], Mapping[str, str], Mapping[str, _Text], Mapping[bytes, bytes], _Strings]
_Command = Union[str, bytes, Sequence[_Text]]

STRUCTS: Dict[str, List[List[str]]]
ENUMS: Dict[str, Any]
ERRORS: Dict[int, Any]

class Error(Exception):
    message: str
    code: int
    os_error: int
    step: str
    def __init__(self, message: str, code: int = ..., os_error: int = ..., step: str = ...) -> None: ...
    @property
    def name(self) -> str: ...

class LibraryError(Error): ...
class ForkedError(Error): ...

def error_of(error: Any) -> Error: ...
def record_of(name: str, pointer: Any) -> Any: ...
def encode(value: Any, what: str) -> bytes: ...
def struct_of(name: str, values: Mapping[str, Any]) -> Tuple[Any, List[Any]]: ...
def unknown_keyword(struct: str, name: str, known: Iterable[str]) -> TypeError: ...
def ended(status: int) -> bool: ...

class Record: ...

class Code(enum.IntEnum):
    OK = 0
    EINVAL = -1
    ENOMEM = -2
    EIO = -3
    ENOTASK = -4
    ENOPROGRAM = -5
    ENOEXEC = -6
    ENOSHELL = -7
    EWORKDIR = -8
    ESTORE = -9
    EFORMAT = -10
    ENOSPACE = -11
    ELIMIT = -12
    ETOOBIG = -13
    ELOCKED = -14
    ETIMEDOUT = -15
    ESURVIVED = -16
    ECLOSED = -17
    EREADONLY = -18
    ECORRUPT = -19
    EFOREIGN = -20
    EACCESS = -21
    EGONE = -22
    ENOTSUP = -23
    ENOTENDED = -24
    ESYSTEM = -25
    EQUOTA = -26
    ELEASED = -27
    EPATTERN = -28
    EDROPPED = -29
    EENDED = -30
    EEXISTS = -31
    ETOOLATE = -32
    ENOANSWER = -33
    EPIPE = -34

class ReaperMode(enum.IntEnum):
    AUTO = 0
    EVENTS = 1
    POLLING = 2

class CloseMode(enum.IntEnum):
    DETACH = 0
    SHUTDOWN = 1

class Status(enum.IntEnum):
    STARTING = 0
    RUNNING = 1
    PAUSED = 2
    KILLING = 3
    COMPLETED = 4
    FAILED = 5
    KILLED = 6
    TIMED_OUT = 7
    LOST = 8

class OutputPolicy(enum.IntEnum):
    TRUNCATE = 0
    KILL = 1

class Supervisor(enum.IntEnum):
    AUTO = 0
    SCRIPT = 1
    MONITOR = 2

class Output(enum.IntEnum):
    AUTO = 0
    DIRECT = 1
    PIPE = 2

class ListScope(enum.IntEnum):
    RUNNING = 0
    ALL = 1
    ORPHANS = 2

class WaitMode(enum.IntEnum):
    ALL = 0
    ANY = 1

class Stream(enum.IntEnum):
    STDOUT = 0
    STDERR = 1

class View(enum.IntEnum):
    BOTH = 0
    STDOUT = 1
    STDERR = 2

class EventKind(enum.IntEnum):
    STARTED = 0
    COMPLETION = 1
    REMINDER = 2
    MATCH = 3
    WATCH_END = 4
    CANCEL = 5
    LOG = 6
    TRUNCATED = 7

class LogLevel(enum.IntEnum):
    INFO = 0
    WARNING = 1
    ERROR = 2

class Verdict(enum.IntEnum):
    GOOD = 0
    WEAK = 1
    BAD = 2

class InvalidError(Error): ...
class NoMemoryError(Error): ...
class InputOutputError(Error): ...
class NoTaskError(Error): ...
class NoProgramError(Error): ...
class NotExecutableError(Error): ...
class NoShellError(Error): ...
class WorkdirError(Error): ...
class StoreError(Error): ...
class FormatError(Error): ...
class NoSpaceError(Error): ...
class LimitError(Error): ...
class TooBigError(Error): ...
class LockedError(Error): ...
class TimedOutError(Error): ...
class SurvivedError(Error): ...
class ClosedError(Error): ...
class ReadOnlyError(Error): ...
class CorruptError(Error): ...
class ForeignError(Error): ...
class AccessError(Error): ...
class GoneError(Error): ...
class NotSupportedError(Error): ...
class NotEndedError(Error): ...
class SystemCallError(Error): ...
class QuotaError(Error): ...
class LeasedError(Error): ...
class PatternError(Error): ...
class DroppedError(Error): ...
class EndedError(Error): ...
class ExistsError(Error): ...
class TooLateError(Error): ...
class NoAnswerError(Error): ...
class InputClosedError(Error): ...

class Failure(Record):
    code: int
    os_error: int
    step: str
    message: str

class Event(Record):
    kind: EventKind
    task_id: Optional[str]
    snapshot: Optional[Snapshot]
    elapsed_ms: Optional[int]
    match: Optional[Match]
    watch: int
    level: LogLevel
    error: Optional[Failure]
    stream: Stream

class Snapshot(Record):
    task_id: str
    session_id: str
    name: Optional[str]
    project_root: Optional[str]
    command: str
    workdir: str
    shell: Optional[str]
    supervisor: Optional[str]
    status: Status
    reason: Optional[str]
    exit_code: Optional[int]
    signal: Optional[int]
    started_at: Optional[int]
    finished_at: Optional[int]
    duration_ms: Optional[int]
    timeout_ms: Optional[int]
    deadline_at: Optional[int]
    child_pid: Optional[int]
    output_path: Optional[str]
    stderr_path: Optional[str]
    output_preview: Optional[str]
    output_truncated: bool
    notify_on_completion: bool
    completion_delivered: bool
    read_only: bool
    survivors: Optional[List[int]]
    survivor_count: int
    pipeline_statuses: Optional[List[int]]
    pipeline_count: int
    output_limit: Optional[int]
    output_dropped: int
    stderr_dropped: int
    compressed: bool
    survivors_known: bool
    survival: Optional[str]
    signal_name: Optional[str]
    user_ms: Optional[int]
    system_ms: Optional[int]
    peak_memory: Optional[int]
    process_count: Optional[int]
    output_lost: Optional[int]
    output_kind: Optional[str]
    survivor_names: Optional[List[Optional[str]]]
    survivor_total: Optional[int]
    while_task: Optional[str]
    while_pid: Optional[int]
    memory_now: Optional[int]
    processes_now: Optional[int]
    scope: Optional[str]
    memory_limit: Optional[int]
    on_end: Optional[str]
    on_end_exit_code: Optional[int]
    on_end_error: Optional[str]
    key: Optional[str]
    @property
    def ended(self) -> bool: ...

class SnapshotList(Record):
    items: List[Snapshot]
    count: int

class Piece(Record):
    stream: Stream
    offset: int
    bytes: int
    time: Optional[int]

class Match(Record):
    watch: int
    stream: Stream
    offset: int
    text: bytes
    match_size: int
    context: bytes
    context_offset: int

class GcResult(Record):
    removed: int
    kept: int
    leftovers: int
    quarantined: int
    expired: int

class Finding(Record):
    verdict: Verdict
    name: str
    text: str

class Report(Record):
    items: List[Finding]
    count: int

class SpawnKeywords:
    def spawn(self, argv_or_command: Optional[_Command] = ..., *,
        command: Optional[_Text] = ...,
        argv: Optional[_Strings] = ...,
        shell: Optional[_Text] = ...,
        workdir: Optional[_Text] = ...,
        env: Optional[_Variables] = ...,
        env_set: Optional[_Variables] = ...,
        stdin_path: Optional[_Text] = ...,
        name: Optional[_Text] = ...,
        project_root: Optional[_Text] = ...,
        timeout_ms: Optional[int] = ...,
        merge_output: Optional[bool] = ...,
        no_notify: Optional[bool] = ...,
        max_running: Optional[int] = ...,
        output_limit: Optional[int] = ...,
        pipestatus: Optional[bool] = ...,
        no_compress: Optional[bool] = ...,
        env_unset: Optional[_Strings] = ...,
        shell_arguments: Optional[_Strings] = ...,
        login: Optional[bool] = ...,
        inherit_stdin: Optional[bool] = ...,
        supervisor: Optional[Union[Supervisor, str]] = ...,
        end_tree: Optional[bool] = ...,
        output: Optional[Union[Output, str]] = ...,
        line_buffered: Optional[bool] = ...,
        output_policy: Optional[Union[OutputPolicy, str]] = ...,
        with_host: Optional[bool] = ...,
        input_pipe: Optional[bool] = ...,
        while_task: Optional[_Text] = ...,
        while_pid: Optional[int] = ...,
        scope: Optional[bool] = ...,
        memory_limit: Optional[int] = ...,
        on_end: Optional[_Text] = ...,
        on_end_timeout_ms: Optional[int] = ...,
        key: Optional[_Text] = ...,
        input: Optional[Union[str, bytes]] = ...) -> sync.Task: ...
    def run(self, argv_or_command: Optional[_Command] = ..., *, wait_ms: int = ..., limit: int = ...,
        command: Optional[_Text] = ...,
        argv: Optional[_Strings] = ...,
        shell: Optional[_Text] = ...,
        workdir: Optional[_Text] = ...,
        env: Optional[_Variables] = ...,
        env_set: Optional[_Variables] = ...,
        stdin_path: Optional[_Text] = ...,
        name: Optional[_Text] = ...,
        project_root: Optional[_Text] = ...,
        timeout_ms: Optional[int] = ...,
        merge_output: Optional[bool] = ...,
        no_notify: Optional[bool] = ...,
        max_running: Optional[int] = ...,
        output_limit: Optional[int] = ...,
        pipestatus: Optional[bool] = ...,
        no_compress: Optional[bool] = ...,
        env_unset: Optional[_Strings] = ...,
        shell_arguments: Optional[_Strings] = ...,
        login: Optional[bool] = ...,
        inherit_stdin: Optional[bool] = ...,
        supervisor: Optional[Union[Supervisor, str]] = ...,
        end_tree: Optional[bool] = ...,
        output: Optional[Union[Output, str]] = ...,
        line_buffered: Optional[bool] = ...,
        output_policy: Optional[Union[OutputPolicy, str]] = ...,
        with_host: Optional[bool] = ...,
        input_pipe: Optional[bool] = ...,
        while_task: Optional[_Text] = ...,
        while_pid: Optional[int] = ...,
        scope: Optional[bool] = ...,
        memory_limit: Optional[int] = ...,
        on_end: Optional[_Text] = ...,
        on_end_timeout_ms: Optional[int] = ...,
        key: Optional[_Text] = ...,
        input: Optional[Union[str, bytes]] = ...) -> sync.Outcome: ...

class OpenKeywords:
    def __init__(self, *, store: Optional[_Text] = ...,
        session: Optional[_Text] = ...,
        default_timeout_ms: Optional[int] = ...,
        reaper: Optional[Union[ReaperMode, str]] = ...,
        lock_timeout_ms: Optional[int] = ...,
        sync: Optional[int] = ...,
        ephemeral: Optional[int] = ...,
        on_event: Optional[Callable[[Event], Any]] = ...,
        compress: Optional[Callable[[str, str], Optional[str]]] = ...,
        reminder_ms: Optional[int] = ...,
        max_running: Optional[int] = ...,
        max_started: Optional[int] = ...,
        max_output_bytes: Optional[int] = ...,
        leave_watches: Optional[int] = ...,
        no_gc: Optional[int] = ...,
        deferred: Optional[int] = ...,
        existing: Optional[int] = ...) -> None: ...

class AsyncSpawnKeywords:
    async def spawn(self, argv_or_command: Optional[_Command] = ..., *,
        command: Optional[_Text] = ...,
        argv: Optional[_Strings] = ...,
        shell: Optional[_Text] = ...,
        workdir: Optional[_Text] = ...,
        env: Optional[_Variables] = ...,
        env_set: Optional[_Variables] = ...,
        stdin_path: Optional[_Text] = ...,
        name: Optional[_Text] = ...,
        project_root: Optional[_Text] = ...,
        timeout_ms: Optional[int] = ...,
        merge_output: Optional[bool] = ...,
        no_notify: Optional[bool] = ...,
        max_running: Optional[int] = ...,
        output_limit: Optional[int] = ...,
        pipestatus: Optional[bool] = ...,
        no_compress: Optional[bool] = ...,
        env_unset: Optional[_Strings] = ...,
        shell_arguments: Optional[_Strings] = ...,
        login: Optional[bool] = ...,
        inherit_stdin: Optional[bool] = ...,
        supervisor: Optional[Union[Supervisor, str]] = ...,
        end_tree: Optional[bool] = ...,
        output: Optional[Union[Output, str]] = ...,
        line_buffered: Optional[bool] = ...,
        output_policy: Optional[Union[OutputPolicy, str]] = ...,
        with_host: Optional[bool] = ...,
        input_pipe: Optional[bool] = ...,
        while_task: Optional[_Text] = ...,
        while_pid: Optional[int] = ...,
        scope: Optional[bool] = ...,
        memory_limit: Optional[int] = ...,
        on_end: Optional[_Text] = ...,
        on_end_timeout_ms: Optional[int] = ...,
        key: Optional[_Text] = ...,
        input: Optional[Union[str, bytes]] = ...) -> aio.Task: ...
    async def run(self, argv_or_command: Optional[_Command] = ..., *, wait_ms: int = ..., limit: int = ...,
        kill_on_cancel: bool = ...,
        command: Optional[_Text] = ...,
        argv: Optional[_Strings] = ...,
        shell: Optional[_Text] = ...,
        workdir: Optional[_Text] = ...,
        env: Optional[_Variables] = ...,
        env_set: Optional[_Variables] = ...,
        stdin_path: Optional[_Text] = ...,
        name: Optional[_Text] = ...,
        project_root: Optional[_Text] = ...,
        timeout_ms: Optional[int] = ...,
        merge_output: Optional[bool] = ...,
        no_notify: Optional[bool] = ...,
        max_running: Optional[int] = ...,
        output_limit: Optional[int] = ...,
        pipestatus: Optional[bool] = ...,
        no_compress: Optional[bool] = ...,
        env_unset: Optional[_Strings] = ...,
        shell_arguments: Optional[_Strings] = ...,
        login: Optional[bool] = ...,
        inherit_stdin: Optional[bool] = ...,
        supervisor: Optional[Union[Supervisor, str]] = ...,
        end_tree: Optional[bool] = ...,
        output: Optional[Union[Output, str]] = ...,
        line_buffered: Optional[bool] = ...,
        output_policy: Optional[Union[OutputPolicy, str]] = ...,
        with_host: Optional[bool] = ...,
        input_pipe: Optional[bool] = ...,
        while_task: Optional[_Text] = ...,
        while_pid: Optional[int] = ...,
        scope: Optional[bool] = ...,
        memory_limit: Optional[int] = ...,
        on_end: Optional[_Text] = ...,
        on_end_timeout_ms: Optional[int] = ...,
        key: Optional[_Text] = ...,
        input: Optional[Union[str, bytes]] = ...) -> sync.Outcome: ...

class AsyncOpenKeywords:
    def __init__(self, *, store: Optional[_Text] = ...,
        session: Optional[_Text] = ...,
        default_timeout_ms: Optional[int] = ...,
        reaper: Optional[Union[ReaperMode, str]] = ...,
        lock_timeout_ms: Optional[int] = ...,
        sync: Optional[int] = ...,
        ephemeral: Optional[int] = ...,
        on_event: Optional[Callable[[Event], Any]] = ...,
        compress: Optional[Callable[[str, str], Optional[str]]] = ...,
        reminder_ms: Optional[int] = ...,
        max_running: Optional[int] = ...,
        max_started: Optional[int] = ...,
        max_output_bytes: Optional[int] = ...,
        leave_watches: Optional[int] = ...,
        no_gc: Optional[int] = ...,
        deferred: Optional[int] = ...,
        existing: Optional[int] = ...,
        dispatch: Optional[bool] = ...) -> None: ...

__all__ = ["Error", "LibraryError", "ForkedError", "Record", "Code", "ReaperMode", "CloseMode", "Status", "OutputPolicy", "Supervisor", "Output", "ListScope", "WaitMode", "Stream", "View", "EventKind", "LogLevel", "Verdict", "InvalidError", "NoMemoryError", "InputOutputError", "NoTaskError", "NoProgramError", "NotExecutableError", "NoShellError", "WorkdirError", "StoreError", "FormatError", "NoSpaceError", "LimitError", "TooBigError", "LockedError", "TimedOutError", "SurvivedError", "ClosedError", "ReadOnlyError", "CorruptError", "ForeignError", "AccessError", "GoneError", "NotSupportedError", "NotEndedError", "SystemCallError", "QuotaError", "LeasedError", "PatternError", "DroppedError", "EndedError", "ExistsError", "TooLateError", "NoAnswerError", "InputClosedError", "Failure", "Event", "Snapshot", "SnapshotList", "Piece", "Match", "GcResult", "Finding", "Report"]
