"""The structs of the C headers that several modules use, as ctypes sees them.

Each class is declared with `@layout("C name", "header.h")`; a test compiles a C program that prints the size of each
and the offset of every field, and compares. A module with structs of its own declares them the same way.
"""

from __future__ import annotations

from ctypes import Structure, c_char, c_char_p, c_int, c_size_t, c_uint8, c_void_p, memmove, string_at
from typing import Any, Callable, Dict, Tuple, Type, TypeVar

T = TypeVar("T", bound=Type[Structure])

#: (C name, Python class) of every declared struct → header that declares it.
LAYOUTS: Dict[Tuple[str, Type[Structure]], str] = {}


def layout(c_name: str, header: str) -> Callable[[T], T]:
    """Declares that a ctypes class has the layout of the C type `c_name` of <chaoschain/header>."""
    def declare(cls: T) -> T:
        LAYOUTS[(c_name, cls)] = header
        return cls
    return declare


# ------------------------------------------------------------------------- base.h ----


@layout("chaos_slice", "base.h")
class Slice(Structure):
    """Borrowed bytes, to C: `Slice(data, len(data))` with a bytes object, which it keeps alive."""
    _fields_ = [("data", c_char_p), ("size", c_size_t)]


@layout("chaos_slice", "base.h")
class LentSlice(Structure):
    """Borrowed bytes, from C."""
    _fields_ = [("data", c_void_p), ("size", c_size_t)]

    def bytes(self) -> bytes:
        """A copy of what it points to."""
        return string_at(self.data, self.size) if self.data else b""


@layout("chaos_buffer", "base.h")
class Buffer(Structure):
    """Bytes that C fills: see _native.filled."""
    _fields_ = [("data", c_void_p), ("size", c_size_t), ("capacity", c_size_t), ("limit", c_size_t)]


@layout("chaos_error", "base.h")
class Error(Structure):
    """What went wrong."""
    _fields_ = [("status", c_int), ("field", c_char_p), ("offset", c_size_t), ("expected", c_char * 100),
                ("found", c_char * 100), ("text", c_char * 200)]


class _Bytes(Structure):
    """A value of meaning: a struct around an array of bytes."""

    @classmethod
    def of(cls, value: bytes) -> Any:
        """The value with these bytes; ValueError if they are not exactly as many."""
        made = cls()
        array: Any = getattr(made, "bytes")
        if len(value) != len(array):
            raise ValueError("%d bytes are needed, not %d" % (len(array), len(value)))
        memmove(array, value, len(value))
        return made

    def __bytes__(self) -> bytes:
        return bytes(getattr(self, "bytes"))

    def hex(self) -> str:
        """0x and lower-case digits."""
        return "0x" + bytes(self).hex()


@layout("chaos_sha256", "base.h")
class Sha256(_Bytes):
    """SHA-256."""
    _fields_ = [("bytes", c_uint8 * 32)]


@layout("chaos_keccak", "base.h")
class Keccak(_Bytes):
    """Keccak-256, as Ethereum hashes."""
    _fields_ = [("bytes", c_uint8 * 32)]


@layout("chaos_address", "base.h")
class Address(_Bytes):
    """An Ethereum address."""
    _fields_ = [("bytes", c_uint8 * 20)]


@layout("chaos_report_data", "base.h")
class ReportData(_Bytes):
    """REPORTDATA of a quote."""
    _fields_ = [("bytes", c_uint8 * 64)]


@layout("chaos_u256", "base.h")
class U256(_Bytes):
    """An unsigned number, big-endian."""
    _fields_ = [("bytes", c_uint8 * 32)]

    @classmethod
    def from_int(cls, value: int) -> "U256":
        """The number; ValueError outside 0 … 2**256 - 1."""
        if not 0 <= value < 1 << 256:
            raise ValueError("the number must lie in 0 ... 2**256 - 1")
        made: U256 = cls.of(value.to_bytes(32, "big"))
        return made

    def __int__(self) -> int:
        return int.from_bytes(bytes(self), "big")


@layout("chaos_signature65", "base.h")
class Signature65(_Bytes):
    """r, s, v."""
    _fields_ = [("bytes", c_uint8 * 65)]
