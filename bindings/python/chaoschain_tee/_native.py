"""libchaoschain, loaded through ctypes, with every function declared that is called.

Where the library is looked for:
    1. CHAOS_LIBRARY: a file, or a folder that holds libchaoschain.so
    2. the copy that the installed package carries (_lib/ beside this file), or the one that `pip install -e` noted
    3. build/lib of the source tree that this file lies in
    4. the system's libchaoschain.so.0
ctypes releases the interpreter's lock during each call, and the library's objects may be shared between threads.
"""

from __future__ import annotations

import atexit
import ctypes
import json
import os
import shlex
import sys
import threading
from ctypes import byref, c_char_p, c_int, c_void_p, string_at
from pathlib import Path
from types import CodeType
from typing import Any, Callable, Dict, List, Mapping, NoReturn, Optional, Set, Tuple, TypeVar, Union

from . import _structs as s
from ._errors import make_error

_VERSION = (0, 1)  # of the headers that _structs.py follows
_HERE = Path(__file__).resolve().parent
_NAME = "libchaoschain.so"

# -------------------------------------------------------------------------- place ----


def install_record() -> Dict[str, str]:
    """What `pip install` noted of this distribution: "library" and "source"; empty when it was not installed."""
    from importlib import metadata
    try:
        text = metadata.distribution("chaoschain-tee").read_text("chaos_install.json")
        record = json.loads(text or "{}")
        return {str(key): str(value) for key, value in record.items()}
    except (metadata.PackageNotFoundError, ValueError):
        return {}


def _in(path: Path) -> Path:
    return path / _NAME if path.is_dir() else path


def _candidates() -> List[Tuple[str, Path]]:
    """Where the library may be, by place and path, without the system's."""
    found: List[Tuple[str, Path]] = []
    carried = _HERE / "_lib" / _NAME
    if carried.exists():
        return [("carried by the package", carried)]
    noted = install_record().get("library", "")
    if noted.startswith("/"):
        found.append(("noted by pip install -e", Path(noted)))
    tree = _HERE.parent.parent.parent
    if (tree / "bindings" / "python" / "pyproject.toml").exists():
        found.append(("built in the source tree", tree / "build" / "lib" / _NAME))
    return found


def _open(path: str) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(path)
    except OSError as error:
        raise ImportError("%s cannot be loaded: %s" % (path, error)) from error


def _load() -> Tuple[ctypes.CDLL, str]:
    chosen = os.environ.get("CHAOS_LIBRARY", "")
    if chosen and chosen != "system":
        path = _in(Path(chosen).resolve())
        if not path.exists():
            raise ImportError("CHAOS_LIBRARY=%s: there is no %s" % (chosen, path))
        return _open(str(path)), str(path)
    if not chosen:
        for _, candidate in _candidates():
            if candidate.exists():
                return _open(str(candidate.resolve())), str(candidate)
    try:
        return ctypes.CDLL("libchaoschain.so.0"), "libchaoschain.so.0"
    except OSError as error:
        looked = "".join("\n    %s: %s" % (path, place) for place, path in _candidates())
        raise ImportError(
            "libchaoschain is needed and was not found (%s).%s\n"
            "Build it with `make build` and install this package again from that source tree, install the library "
            "with `make install`, or name it in CHAOS_LIBRARY." %
            (error, "\nLooked for:" + looked if looked else "")) from error


lib, library_path = _load()


def is_carried() -> bool:
    """Does the library come with this package (and its plug-ins with it)?"""
    return Path(library_path).parent == _HERE / "_lib"


def install_advice(provider: str) -> Optional[str]:
    """The command that brings the plug-in of a provider to this library; None: the library's own advice is right."""
    tree = _HERE.parent.parent.parent
    if Path(library_path).resolve().parent == tree / "build" / "lib":
        return "make -C %s build" % shlex.quote(str(tree))
    if not is_carried():
        return None
    record = install_record()
    source = Path(record.get("source", "/nowhere"))
    built = Path(record.get("carried_from", "/nowhere")).parent
    pip = "%s -m pip install --no-index --no-deps --force-reinstall %s" % (
        shlex.quote(sys.executable), shlex.quote(str(source)))
    if not (source / "pyproject.toml").exists():
        return "pip install --force-reinstall WHEEL, a wheel of chaoschain-tee that was built with the plug-in"
    if built != source.parent.parent / "build" / "lib":
        return "CHAOS_LIBRARY=%s %s" % (shlex.quote(str(built)), pip)
    if not (built / "chaoschain" / "providers" / ("chaoschain-provider-%s.so" % provider)).exists():
        return "make -C %s build && %s" % (shlex.quote(str(source.parent.parent)), pip)
    return pip

# ---------------------------------------------------------------------- functions ----

Declaration = Tuple[Any, Tuple[Any, ...]]
STATUS = c_int

out = ctypes.POINTER(c_void_p)  # of an opaque object
error_p = ctypes.POINTER(s.Error)
buffer_p = ctypes.POINTER(s.Buffer)


declared: List[str] = []  # the functions that declare has seen; a test holds them against the headers


def declare(table: Mapping[str, Declaration]) -> None:
    """Gives functions of the library their types: name → (result, arguments)."""
    declared.extend(table)
    for name, (result, arguments) in table.items():
        try:
            function = getattr(lib, name)
        except AttributeError:
            raise ImportError("%s has no function %s: it is of another version than this package" %
                              (library_path, name)) from None
        function.restype = result
        function.argtypes = list(arguments)


declare({
    "chaos_version": (c_char_p, ()),
    "chaos_status_name": (c_char_p, (c_int,)),
    "chaos_status_text": (c_char_p, (c_int,)),
    "chaos_status_stage": (c_char_p, (c_int,)),
    "chaos_buffer_free": (None, (buffer_p,)),
    "chaos_buffer_wipe": (None, (buffer_p,)),
})


def library_version() -> str:
    """The version of the loaded library, e.g. "0.1.0"."""
    version: bytes = lib.chaos_version()
    return version.decode("ascii")


if tuple(int(part) for part in library_version().split(".")[:2]) != _VERSION:
    raise ImportError("%s is version %s; this package needs %d.%d" % ((library_path, library_version()) + _VERSION))

# -------------------------------------------------------------------------- calls ----


def raise_status(status: int, err: Optional[s.Error] = None) -> NoReturn:
    """Raises the exception of a status that is not OK."""
    name: bytes = lib.chaos_status_name(status)
    stage: bytes = lib.chaos_status_stage(status)
    raise make_error(status, name.decode("ascii"), stage.decode("ascii"), err)


_callbacks: Set[CodeType] = set()  # of the functions that C calls
_kept: Dict[int, BaseException] = {}  # by thread: what such a function could not raise through C
F = TypeVar("F", bound=Callable[..., Any])


def called_by_c(function: F) -> F:
    """Marks a function that C calls. A signal (Ctrl-C, an alarm) that came while C worked is raised where Python code
    runs next, which is the first line of such a function, before any ``try`` in it. ctypes would print the exception and
    forget it, and C would take what was not answered for an answer. So it is kept, and raised when `call` returns."""
    _callbacks.add(function.__code__)
    return function


def _keep(unraisable: Any, otherwise: Any = sys.unraisablehook) -> None:
    trace = unraisable.exc_traceback
    if trace is None or trace.tb_frame.f_code not in _callbacks or \
            (trace.tb_next is not None and isinstance(unraisable.exc_value, Exception)):
        otherwise(unraisable)  # not ours, or a fault of what the function called, such as a caller's log function
    else:
        _kept[threading.get_ident()] = unraisable.exc_value


sys.unraisablehook = _keep


def call(function: Any, *arguments: Any) -> None:
    """Calls a function whose last parameter is chaos_error *, and raises what it answers."""
    err = s.Error()
    status = function(*arguments, byref(err))
    if _kept:
        kept = _kept.pop(threading.get_ident(), None)
        if kept is not None:
            raise kept
    if status:
        raise_status(status, err)


_owned: Dict[int, Tuple[Any, Tuple[Any, ...]]] = {}  # by id of each Handle: what frees it, and what must outlive it
atexit.register(_owned.clear)  # the process ends: nothing of the library is called while the interpreter falls apart


class Handle(int):
    """Owns one opaque object of the library, whose address it is; `parents` are kept alive as long as it lives.

    Pass the Handle itself to a function of the library and never a plain int of it: the call then keeps it alive, also
    where it is an argument that nobody else holds. An address that is stored in a struct needs its Handle beside it.

    Its parents are held outside of it, in `_owned`, as long as it lives. So the garbage collector, which finalizes what
    it finds in a cycle in any order, never finds a TEE there whose keys are still alive.
    """

    __slots__ = ()

    def __new__(cls, pointer: int, free: Any, *parents: Any) -> "Handle":
        self = super().__new__(cls, pointer)
        _owned[id(self)] = (free, parents)
        return self

    def __del__(self, owned: Dict[int, Tuple[Any, Tuple[Any, ...]]] = _owned) -> None:
        free, parents = owned.pop(id(self), (None, ()))
        if free is not None and self:
            free(int(self))
        del parents

    @property
    def pointer(self) -> int:
        """The address as a plain int, for a struct."""
        return int(self)

    def __copy__(self) -> "Handle":
        return self  # a second owner of the same address would free it twice

    def __deepcopy__(self, _memo: Any) -> "Handle":
        return self

    def __repr__(self) -> str:
        return "<Handle %#x>" % int(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("objects of the library cannot be pickled")


def make(free: Any, function: Any, *arguments: Any, parents: Tuple[Any, ...] = ()) -> Handle:
    """Calls a function that gives an object through its last but one parameter."""
    made = c_void_p()
    try:
        call(function, *arguments, byref(made))
    except BaseException:
        if made.value:  # the call succeeded, and was interrupted
            free(made.value)
        raise
    return Handle(made.value or 0, free, *parents)


def filled(limit: int, function: Any, *arguments: Any, wipe: bool = False) -> bytes:
    """The bytes that a function writes into a chaos_buffer, its last but one parameter."""
    buffer = s.Buffer(None, 0, 0, limit)
    try:
        call(function, *arguments, byref(buffer))
        return string_at(buffer.data, buffer.size) if buffer.data else b""
    finally:
        (lib.chaos_buffer_wipe if wipe else lib.chaos_buffer_free)(byref(buffer))


BytesLike = Union[bytes, bytearray, memoryview]


def as_bytes(value: BytesLike, what: str) -> bytes:
    """`value` itself when it is bytes, which nobody can change during a call; a copy of it when it can be changed."""
    if type(value) is bytes:
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    raise TypeError("%s must be bytes, bytearray or memoryview, not %s" % (what, type(value).__name__))


def slice_of(value: BytesLike, what: str) -> s.Slice:
    """A chaos_slice over `value`, which stays alive as long as the slice does."""
    data = as_bytes(value, what)
    return s.Slice(data, len(data))
