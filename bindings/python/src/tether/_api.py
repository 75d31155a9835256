"""Owns the description of the C API (api.json), its ctypes structures and prototypes, and the loaded library.

Must not: know what any function is for. Thread: any.

All types are made from the description at import, so a new field or call is there by itself. The library is loaded by the
first call that needs it, so `import tether` works without it.
"""
import ctypes
import ctypes.util
import json
import os
import re
import sys
import threading
from typing import Any, Dict, List, Optional, Tuple

FOLDER = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(FOLDER, "api.json"), encoding="utf-8") as _file:
    DESCRIPTION: Dict[str, Any] = json.load(_file)
CONSTANTS: Dict[str, int] = DESCRIPTION["constants"]
VERSION = tuple(CONSTANTS["TETHER_VERSION_" + part] for part in ("MAJOR", "MINOR", "PATCH"))

# Functions of the API for which this binding has no use, each with the reason.
UNUSED: Dict[str, str] = {
    "tether_run": "its wait would ignore Ctrl-C and the event loop; run() starts, waits and reads by single calls",
    "tether_outcome_free": "only for what tether_run returns",
    "tether_list": "tether_list_in does the same with options",
    "tether_output_wait": "the building block of followers, which the library offers whole",
    "tether_output_dropped": "tether_output_gap tells more",
    "tether_waiter_open": "asyncio waits by events; wait() takes the tasks that are left",
    "tether_waiter_next": "see tether_waiter_open",
    "tether_waiter_close": "see tether_waiter_open",
    "tether_error_name": "the names are in the description, so that they need no library",
    "tether_status_ended": "Snapshot.ended compares, also without the library; a test compares both",
    "tether_status_text": "the names are in the description, so that they need no library",
}

_PLAIN = {
    "int": ctypes.c_int, "bool": ctypes.c_bool, "size_t": ctypes.c_size_t, "int64_t": ctypes.c_int64,
    "uint64_t": ctypes.c_uint64, "intptr_t": ctypes.c_ssize_t, "char": ctypes.c_char,
}


def _words(text: str) -> str:
    """A type without const, and without spaces before stars."""
    return re.sub(r"\s*\*", "*", re.sub(r"\bconst\b", "", text)).strip()


class _Types:
    """The ctypes types of the description."""

    def __init__(self) -> None:
        self.structs: Dict[str, Any] = {}
        self.callbacks: Dict[str, Any] = {}
        for name, fields in DESCRIPTION["structs"].items():
            if fields:
                self.structs[name] = type(name, (ctypes.Structure,), {})
        for name, text in DESCRIPTION["callbacks"].items():
            self.callbacks[name] = self._callback(text)
        for name, struct in self.structs.items():
            fields = DESCRIPTION["structs"][name]
            names = {field for field, _ in fields}
            struct._fields_ = [(field, self._field(field, text, names)) for field, text in fields]

    def plain(self, text: str) -> Any:
        if text in _PLAIN:
            return _PLAIN[text]
        if text in DESCRIPTION["enums"]:
            return ctypes.c_int
        return self.structs.get(text) or self.callbacks.get(text)

    def of(self, text: str) -> Any:
        """The type that C writes like this. What the description does not have is an opaque pointer."""
        text = _words(text)
        array = re.fullmatch(r"(.*)\[(\d+)\]", text)
        if array:
            return self.of(array.group(1)) * int(array.group(2))
        if text == "char*":
            return ctypes.c_char_p
        if text.endswith("*"):
            inner = self.of(text[:-1])
            return ctypes.c_void_p if inner is None else ctypes.POINTER(inner)
        return self.plain(text)

    def _field(self, name: str, text: str, names: Any) -> Any:
        # Text beside its size may have zeros.
        if _words(text) == "char*" and name + "_size" in names:
            return ctypes.c_void_p
        return self.of(text)

    def _callback(self, text: str) -> Any:
        result, parameters = re.fullmatch(r"(.*)\(\*\)\((.*)\)", text).groups()  # type: ignore[union-attr]
        kinds = []
        for parameter in parameters.split(","):
            kind = self.of(parameter.strip())
            kinds.append(ctypes.c_void_p if kind is ctypes.c_char_p else kind)
        return ctypes.CFUNCTYPE(self.plain(result.strip()), *kinds)

    def prototype(self, function: Any, described: Any) -> None:
        result = described["returns"]
        # What the caller frees has to stay a pointer.
        function.restype = ctypes.c_void_p if result == "char *" else self.of(result) if result != "void" else None
        function.argtypes = [self._parameter(text) for _, text in described["parameters"]]

    def _parameter(self, text: str) -> Any:
        if text == "char **":
            return ctypes.POINTER(ctypes.c_void_p)
        return self.of(text)


TYPES = _Types()


class Unusable(Exception):
    """Why a library cannot be used."""


def _names() -> List[str]:
    if sys.platform == "win32":
        return ["tether.dll", "libtether.dll"]
    if sys.platform == "darwin":
        return ["libtether.%d.dylib" % VERSION[0], "libtether.dylib"]
    return ["libtether.so.%d" % VERSION[0], "libtether.so"]


def _candidates(named: Optional[str]) -> Tuple[List[str], str]:
    """What to try, and who wants it."""
    if named is not None:
        return [os.path.abspath(named)], "load_library"
    variable = os.environ.get("TETHER_LIBRARY")
    if variable:
        return [os.path.abspath(variable)], "the variable TETHER_LIBRARY"
    beside = [os.path.join(FOLDER, name) for name in _names()]
    return [path for path in beside if os.path.exists(path)] + _names(), ""


def _open(named: Optional[str]) -> Tuple[Any, str]:
    candidates, who = _candidates(named)
    problems = []
    for candidate in candidates:
        if os.path.isdir(candidate):
            candidate = os.path.join(candidate, _names()[-1])
        try:
            return ctypes.CDLL(candidate), candidate
        except OSError as problem:
            problems.append(str(problem))
    wanted = " (which %s names)" % who if who else ""
    raise Unusable("the tether library cannot be loaded%s: %s; install tether (cmake --install), or set TETHER_LIBRARY to "
                   "the path of its shared library, such as /usr/local/lib/libtether.so" % (wanted, "; ".join(problems)))


def _text(version: Tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _check_version(library: Any, path: str) -> None:
    """An older library lacks something; one with another major number has other structs."""
    try:
        library.tether_version.restype = ctypes.c_char_p
        found = library.tether_version().decode()
    except AttributeError:
        raise Unusable("%s is no tether library: it has no tether_version; set TETHER_LIBRARY to the right one" % path)
    numbers = tuple(int(number) for number in re.findall(r"\d+", found)[:3])
    if numbers[:1] > VERSION[:1]:
        raise Unusable("%s is version %s, and this binding is for %s: install the Python package that came with that "
                       "library, or set TETHER_LIBRARY to a library of version %d" % (path, found, _text(VERSION), VERSION[0]))
    if numbers[:2] < VERSION[:2]:
        raise Unusable("%s is version %s, and this binding needs %s or later: install that version of tether, or set "
                       "TETHER_LIBRARY to its library" % (path, found, _text(VERSION)))


class Library:
    """The functions of a loaded library, by name."""

    def __init__(self, named: Optional[str]) -> None:
        library, self.path = _open(named)
        _check_version(library, self.path)
        missing = []
        for name, described in DESCRIPTION["functions"].items():
            function = getattr(library, name, None)
            if function is None:
                missing.append(name)
                continue
            TYPES.prototype(function, described)
            setattr(self, name, function)
        if missing:
            raise Unusable("%s is older than this binding: it has no %s; install the tether that this package came with, "
                           "or set TETHER_LIBRARY to its library" % (self.path, ", ".join(missing[:5])))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


_loading = threading.Lock()
_library: Optional[Library] = None


def load(named: Optional[str] = None) -> Library:
    """Returns the library, which is loaded once per process."""
    global _library
    if _library is not None and named is None:
        return _library
    with _loading:
        if _library is None:
            _library = Library(named)
        elif named is not None and os.path.realpath(named) != os.path.realpath(_library.path):
            raise Unusable("%s is loaded already: call load_library before everything else" % _library.path)
        return _library
