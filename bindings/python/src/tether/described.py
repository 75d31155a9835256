"""Owns the enumerations, records and exceptions that the description gives, and the conversion of values to and from C.

Must not: call functions of the library. Thread: any. described.pyi has the types of all that; `bindings/python/stubs` writes it.
"""
import ctypes
import difflib
import enum
import os
import struct as struct_module
import sys
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple

from . import _api

STRUCTS = _api.DESCRIPTION["structs"]


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name[len("tether_"):].split("_"))


def _prefix(names: List[str]) -> str:
    """What all names of an enumeration begin with, up to a low line."""
    common = os.path.commonprefix([name for name in names if name != "TETHER_OK"])
    return common[:common.rfind("_") + 1]


def _enumeration(name: str, values: Dict[str, int]) -> Any:
    prefix = _prefix(list(values))
    members = {key[len(prefix if key.startswith(prefix) else "TETHER_"):]: value for key, value in values.items()}
    return enum.IntEnum(_camel(name), members, module="tether")


# By their names in C; as attributes of this module they are called Status, EventKind and so on.
ENUMS: Dict[str, Any] = {name: _enumeration(name, values) for name, values in _api.DESCRIPTION["enums"].items()}
for _made in ENUMS.values():
    globals()[_made.__name__] = _made
Code = ENUMS["tether_code"]


# --- Exceptions ---

class Error(Exception):
    """A failure. `code` is a tether_code, or 0 if no call of the library failed; `name` is its name. `step` says what was
    being done, `os_error` is an errno or a Windows error, or 0. The message is for people."""

    def __init__(self, message: str, code: int = 0, os_error: int = 0, step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.os_error = os_error
        self.step = step

    @property
    def name(self) -> str:
        try:
            return "TETHER_" + str(Code(self.code).name)
        except ValueError:
            return "TETHER_UNKNOWN"

    def __str__(self) -> str:
        return "%s (%s, at: %s)" % (self.message, self.name, self.step) if self.code else self.message

    def __reduce__(self) -> Any:
        return type(self), (self.message, self.code, self.os_error, self.step)


class LibraryError(Error):
    """The library is missing, or is of another version."""


class ForkedError(Error):
    """The registry belongs to the process that this one was forked from."""


# Where programs find them.
for _made in (Error, LibraryError, ForkedError):
    _made.__module__ = "tether"

_ERROR_NAMES = {
    "EINVAL": "InvalidError", "ENOMEM": "NoMemoryError", "EIO": "InputOutputError", "ENOTASK": "NoTaskError",
    "ENOPROGRAM": "NoProgramError", "ENOEXEC": "NotExecutableError", "ENOSHELL": "NoShellError", "EWORKDIR": "WorkdirError",
    "ESTORE": "StoreError", "EFORMAT": "FormatError", "ENOSPACE": "NoSpaceError", "ELIMIT": "LimitError",
    "ETOOBIG": "TooBigError", "ELOCKED": "LockedError", "ETIMEDOUT": "TimedOutError", "ESURVIVED": "SurvivedError",
    "ECLOSED": "ClosedError", "EREADONLY": "ReadOnlyError", "ECORRUPT": "CorruptError", "EFOREIGN": "ForeignError",
    "EACCESS": "AccessError", "EGONE": "GoneError", "ENOTSUP": "NotSupportedError", "ENOTENDED": "NotEndedError",
    "ESYSTEM": "SystemCallError", "EQUOTA": "QuotaError", "ELEASED": "LeasedError", "EPATTERN": "PatternError",
    "EDROPPED": "DroppedError", "EENDED": "EndedError", "EEXISTS": "ExistsError", "ETOOLATE": "TooLateError",
    "ENOANSWER": "NoAnswerError", "EPIPE": "InputClosedError",
}
# By code. A code that has no name above is named after itself.
ERRORS: Dict[int, Any] = {}
for _code in Code:
    if _code != 0:
        _name = _ERROR_NAMES.get(_code.name, _code.name[1:].capitalize() + "Error")
        ERRORS[int(_code)] = globals()[_name] = type(_name, (Error,), {"__module__": "tether", "__doc__": "TETHER_" + _code.name})


def error_of(error: Any) -> Error:
    """The exception for a tether_error."""
    kind = ERRORS.get(error.code, Error)
    result: Error = kind(error.message.decode("utf-8", "replace"), error.code, error.os_error, error.step.decode("utf-8", "replace"))
    return result


# --- From C ---

# In a snapshot, 0 means that there is none, as null in its JSON. -1 means that of every number.
_ZERO_IS_NONE = frozenset(["signal", "started_at", "finished_at", "timeout_ms", "deadline_at", "child_pid", "while_pid",
                           "memory_limit", "output_limit", "output_lost"])


class Record:
    """A value that the library returned. What it does not know, or does not have, is None."""
    __slots__ = ()
    _fields: Tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "%s(%s)" % (type(self).__name__, ", ".join(
            "%s=%r" % (name, getattr(self, name)) for name in self._fields if getattr(self, name) is not None))

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and all(getattr(self, name) == getattr(other, name) for name in self._fields)

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> Any:
        return _restore, (type(self).__name__, {name: getattr(self, name) for name in self._fields})


def _restore(name: str, values: Dict[str, Any]) -> Any:
    record = globals()[name]()
    for key, value in values.items():
        setattr(record, key, value)
    return record


def _count_field(name: str, fields: Dict[str, str]) -> Optional[str]:
    """The field with the number of elements of an array: survivor_count for survivors and survivor_names."""
    if name == "items":
        return "count"
    for field in fields:
        if field.endswith("_count") and name.startswith(field[:-len("_count")]):
            return field
    return None


def _text(value: Optional[bytes]) -> Optional[str]:
    return None if value is None else value.decode("utf-8", "replace")


def _bytes(address: int, size: int) -> bytes:
    return ctypes.string_at(address, size) if address else b""


def _array(kind: Any, address: int, count: int) -> Optional[List[Any]]:
    return list((kind * count).from_address(address)) if address else None


def _reader(struct: str, name: str, text: str, fields: Dict[str, str]) -> Any:
    """A function that makes a field's value of what unpack gave for it, and of all such values; None: it is the value."""
    plain = text.replace("const ", "")
    order = list(fields)
    counted = _count_field(name, fields)
    count = order.index(counted) if counted is not None else 0
    inner = plain.rstrip("* ")
    if plain.startswith("char["):
        return lambda value, _: value[:value.index(b"\0")].decode("utf-8", "replace")
    if plain == "char *" and name + "_size" in fields:
        size = order.index(name + "_size")
        return lambda value, values: _bytes(value, values[size])
    if plain == "char *":
        return lambda value, _: ctypes.string_at(value).decode("utf-8", "replace") if value else None
    if plain.endswith("**") and plain.startswith("tether_"):
        return lambda value, values: [_record_at(inner, item) for item in _array(ctypes.c_size_t, value, values[count]) or []]
    if plain == "char **":
        return lambda value, values: [_text(item) for item in _array(ctypes.c_char_p, value, values[count]) or []] if value else None
    if plain.endswith("*") and plain.startswith("tether_"):
        return lambda value, _: _record_at(inner, value)
    if plain.endswith("*"):
        kind = _api.TYPES.plain(inner)
        return lambda value, values: _array(kind, value, values[count])
    if plain in ENUMS:
        members = {int(member): member for member in ENUMS[plain]}
        # A value that only a newer library has stays a number.
        return lambda value, _: members.get(value, value)
    if plain == "int64_t" or (struct == "tether_snapshot" and plain == "int"):
        absent = (0, -1) if struct == "tether_snapshot" and name in _ZERO_IS_NONE else (-1,)
        return lambda value, _: None if value in absent else value
    return None


_CODES = {"int": "i", "bool": "?", "size_t": "N", "int64_t": "q", "uint64_t": "Q", "intptr_t": "n"}


def _code(text: str) -> str:
    """The letter of the struct module for a type."""
    if text.startswith("char["):
        return text[len("char["):-1] + "s"
    return "P" if text.endswith("*") else "i" if text in ENUMS else _CODES[text]


class _Kind:
    """How the records of one structure are read."""

    def __init__(self, name: str) -> None:
        self.fields = dict(STRUCTS[name])
        self.public = tuple(field for field in self.fields if field != "size" and not (
            field.endswith("_size") and field[:-len("_size")] in self.fields))
        self.made = type(_RECORD_NAMES.get(name, _camel(name)), (Record,), {
            "__slots__": self.public, "_fields": self.public, "__module__": "tether"})
        order = list(self.fields)
        self.readers = [(field, order.index(field), _reader(name, field, self.fields[field], self.fields)) for field in self.public]
        self.layouts: Dict[int, struct_module.Struct] = {}
        self.size = ctypes.sizeof(_api.TYPES.structs[name])

    def layout(self, size: int) -> struct_module.Struct:
        """The fields that lie within the first `size` bytes."""
        found = self.layouts.get(size)
        if found is None:
            codes = ""
            for text in self.fields.values():
                if struct_module.calcsize("@" + codes + _code(text)) > size:
                    break
                codes += _code(text)
            found = self.layouts[size] = struct_module.Struct("@" + codes)
        return found


_RECORDS = ["tether_error", "tether_event", "tether_snapshot", "tether_snapshot_list", "tether_piece", "tether_match",
            "tether_gc_result", "tether_finding", "tether_report"]
# Error is the exception.
_RECORD_NAMES = {"tether_error": "Failure"}
_KINDS: Dict[str, _Kind] = {}
for _name in _RECORDS:
    _KINDS[_name] = _Kind(_name)
    globals()[_KINDS[_name].made.__name__] = _KINDS[_name].made


def _record_at(name: str, address: Optional[int]) -> Any:
    """The record of a structure of the library at an address. What an older library does not have is None."""
    if not address:
        return None
    kind = _KINDS[name]
    size = ctypes.c_size_t.from_address(address).value
    layout = kind.layout(min(size, kind.size) if size else kind.size)
    values = layout.unpack(ctypes.string_at(address, layout.size))
    record = kind.made()
    for field, at, read in kind.readers:
        if at >= len(values):
            setattr(record, field, None)
        else:
            setattr(record, field, values[at] if read is None else read(values[at], values))
    return record


def record_of(name: str, pointer: Any) -> Any:
    """The record of a structure, or of what a pointer to one points to; None for NULL."""
    if isinstance(pointer, ctypes.Structure):
        return _record_at(name, ctypes.addressof(pointer))
    return _record_at(name, ctypes.addressof(pointer.contents)) if pointer else None


# --- To C ---

def encode(value: Any, what: str) -> bytes:
    """Text or bytes for the library: text in the encoding of file names, so that names which are no text pass."""
    if isinstance(value, bytes):
        data = value
    elif isinstance(value, str):
        data = os.fsencode(value) if sys.platform != "win32" else value.encode("utf-8", "surrogatepass")
    elif hasattr(value, "__fspath__"):
        return encode(os.fspath(value), what)
    else:
        raise TypeError("%s has to be text, bytes or a path, not %s" % (what, type(value).__name__))
    if b"\0" in data:
        raise ValueError("%s has a NUL, which no argument, variable or path can have" % what)
    return data


def _environment(values: Mapping[Any, Any], what: str) -> List[bytes]:
    entries = []
    for key, value in values.items():
        name = encode(key, what)
        if b"=" in name or not name:
            raise ValueError("%s has a variable named %r; a name is not empty and has no '='" % (what, key))
        entries.append(name + b"=" + encode(value, "%s[%r]" % (what, key)))
    return entries


def _strings(value: Any, what: str) -> Any:
    """A NULL-terminated array."""
    if isinstance(value, (str, bytes)):
        raise TypeError("%s has to be a list, not %s; split it, or give it as command" % (what, type(value).__name__))
    if isinstance(value, Mapping):
        entries = _environment(value, what)
    else:
        entries = [encode(item, "%s[%d]" % (what, i)) for i, item in enumerate(value)]
    return (ctypes.c_char_p * (len(entries) + 1))(*entries, None)


def unknown_keyword(struct: str, name: str, known: Iterable[str]) -> TypeError:
    near = difflib.get_close_matches(name, list(known), 1)
    return TypeError("%s has no option %r%s" % (struct[len("tether_"):], name, "; did you mean %r?" % near[0] if near else ""))


def _number(kind: Any, value: Any, name: str) -> Any:
    if not isinstance(value, int):
        raise TypeError("%s has to be a whole number, not %s" % (name, type(value).__name__))
    if kind(int(value)).value != int(value):
        raise OverflowError("%s is out of range: %d" % (name, value))
    return int(value)


_FIELDS = {name: dict(fields) for name, fields in STRUCTS.items()}


def struct_of(name: str, values: Mapping[str, Any]) -> Tuple[Any, List[Any]]:
    """A structure for the library, and what has to live as long as it. None stands for the default."""
    fields = _FIELDS[name]
    struct = _api.TYPES.structs[name]()
    struct.size = ctypes.sizeof(struct)
    keep: List[Any] = [struct]
    for key, value in values.items():
        if key not in fields or key == "size":
            raise unknown_keyword(name, key, fields)
        if value is None:
            continue
        text = fields[key].replace("const ", "")
        if text == "char *":
            data = encode(value, key)
            keep.append(data)
            if key + "_size" in fields:
                setattr(struct, key, ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p))
            else:
                setattr(struct, key, data)
        elif text in ("char *const *", "char **"):
            array = _strings(value, key)
            keep.append(array)
            setattr(struct, key, ctypes.cast(array, ctypes.POINTER(ctypes.c_char_p)))
        elif text == "bool":
            setattr(struct, key, bool(value))
        elif text in ENUMS:
            setattr(struct, key, _enum_value(ENUMS[text], value, key))
        elif text in _api._PLAIN:
            setattr(struct, key, _number(_api.TYPES.plain(text), value, key))
        else:
            keep.append(value)
            setattr(struct, key, value)
    return struct, keep


def _enum_value(kind: Any, value: Any, what: str) -> int:
    """A member, its number, or its name in any case."""
    if isinstance(value, str):
        names = {str(member.name).lower(): int(member) for member in kind}
        if value.lower() not in names:
            raise ValueError("%s has to be one of %s, not %r" % (what, ", ".join(sorted(names)), value))
        return names[value.lower()]
    return int(kind(value))


def ended(status: int) -> bool:
    """Whether a status is final."""
    return status >= ENUMS["tether_status"].COMPLETED


def _snapshot_ended(self: Any) -> bool:
    return ended(self.status)


globals()["Snapshot"].ended = property(_snapshot_ended, doc="Whether the task has ended.")


# --- Methods whose keywords are the fields of a structure ---

SPEC_EXTRA = ("input",)


# The size of a text is that of the bytes that were given, and what was found is said by the task.
_KEYWORDS = {struct: frozenset([name for name, _ in STRUCTS[struct] if name not in ("size", "command_size", "found")] + list(extra))
             for struct, extra in (("tether_spec", SPEC_EXTRA), ("tether_open_options", ()))}


def _check(struct: str, values: Dict[str, Any]) -> None:
    known = _KEYWORDS[struct]
    if not known.issuperset(values):
        raise unknown_keyword(struct, next(name for name in values if name not in known), known)


class SpawnKeywords:
    """spawn and run, with each field of tether_spec as a keyword. described.pyi has their types."""

    def spawn(self, argv_or_command: Any = None, **values: Any) -> Any:
        """Starts a task: a text for the shell, or a list of a program and its arguments."""
        _check("tether_spec", values)
        return self._spawn(argv_or_command, values)  # type: ignore[attr-defined]

    def run(self, argv_or_command: Any = None, *, wait_ms: int = -1, limit: int = 0, **values: Any) -> Any:
        """Starts a task and waits for its end, or for wait_ms milliseconds, after which it goes on in the background. The
        outcome has at most `limit` bytes of each output (0: 1 MiB)."""
        kill = {"kill_on_cancel": values.pop("kill_on_cancel")} if "kill_on_cancel" in values else {}
        _check("tether_spec", values)
        return self._run(argv_or_command, values, wait_ms=wait_ms, limit=limit, **kill)  # type: ignore[attr-defined]


class AsyncSpawnKeywords(SpawnKeywords):
    """The same for asyncio."""


_HOSTS_OWN = ("loop", "userdata")


class OpenKeywords:
    """The constructor of a registry, with each field of tether_open_options as a keyword."""

    def __init__(self, **values: Any) -> None:
        _check("tether_open_options", values)
        for name in _HOSTS_OWN:
            if name in values:
                raise TypeError("%s is for programs in C" % name)
        self._open(**values)  # type: ignore[attr-defined]


AsyncOpenKeywords = OpenKeywords

__all__ = (["Error", "LibraryError", "ForkedError", "Record"] + [made.__name__ for made in ENUMS.values()] +
           [made.__name__ for made in ERRORS.values()] + [kind.made.__name__ for kind in _KINDS.values()])
