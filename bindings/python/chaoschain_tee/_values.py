"""How values of Python become values of the library: times, hex, addresses, agents."""

from __future__ import annotations

import ctypes
import json
import math
import re
import time
from ctypes import byref
from datetime import datetime, timezone
from typing import Any, Union

from . import _structs as s
from ._native import call, lib
from ._verify_native import AgentReferenceStruct

Time = Union[int, float, str, datetime, None]
Hex = Union[str, bytes]

_RFC3339 = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})?")


def seconds(at: Time) -> int:
    """Unix seconds of a moment; None is the present."""
    if at is None:
        return int(time.time())
    if isinstance(at, bool):
        raise TypeError("a time is Unix seconds, RFC 3339 text or a datetime, not bool")
    if isinstance(at, int):
        result = at
    elif isinstance(at, float):
        if not math.isfinite(at):
            raise ValueError("%r is no time" % at)
        result = math.floor(at)
    elif isinstance(at, (str, datetime)):
        result = int(_moment(at).timestamp() // 1)
    else:
        raise TypeError("a time is Unix seconds, RFC 3339 text or a datetime, not %s" % type(at).__name__)
    if not -(1 << 63) <= result < 1 << 63:
        raise ValueError("the time %d is out of range" % result)
    return result


def _moment(at: Union[str, datetime]) -> datetime:
    if isinstance(at, str):
        # What fromisoformat takes differs between versions of Python, so it is given one form alone; parts of a second
        # do not count.
        match = _RFC3339.fullmatch(at)
        try:
            if match is None:
                raise ValueError
            day, hour, zone = match.groups("")
            at = datetime.fromisoformat(day + "T" + hour + ("+00:00" if zone in ("Z", "z") else zone))
        except ValueError:
            raise ValueError("%.40r is not RFC 3339, such as 2026-01-01T00:00:00Z" % at) from None
    if at.tzinfo is None or at.utcoffset() is None:
        raise ValueError("the time has no zone: write 2026-01-01T00:00:00Z, or datetime(..., tzinfo=timezone.utc)")
    return at


def rfc3339(moment: int) -> str:
    """The moment as text."""
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def octets(value: Hex, size: int, what: str) -> bytes:
    """`size` bytes, given as such or as hex with or without 0x."""
    if isinstance(value, str):
        digits = value[2:] if value.startswith(("0x", "0X")) else value
        if len(digits) != 2 * size:
            raise ValueError("%s must have %d hex digits, not %d" % (what, 2 * size, len(digits)))
        try:
            value = bytes.fromhex(digits)
        except ValueError:
            raise ValueError("%s is not hex" % what) from None
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError("%s must be bytes or hex text, not %s" % (what, type(value).__name__))
    data = bytes(value)  # of a memoryview len() counts elements
    if len(data) != size:
        raise ValueError("%s must have %d bytes, not %d" % (what, size, len(data)))
    return data


def address(value: Hex, what: str) -> s.Address:
    """An address: 20 bytes, or 0x and 40 digits, whose capitals must be right if it has any."""
    if isinstance(value, str):
        made = s.Address()
        call(lib.chaos_address_parse, text(value, what), byref(made))
        return made
    result: s.Address = s.Address.of(octets(value, 20, what))
    return result


def address_text(value: s.Address) -> str:
    """0x and 40 digits with the capitals of EIP-55."""
    buffer = ctypes.create_string_buffer(43)
    lib.chaos_address_format(byref(value), buffer)
    return buffer.value.decode("ascii")


def number(value: Union[int, Hex], what: str) -> s.U256:
    """A 256-bit number: an int, or 32 bytes as such or in hex."""
    if isinstance(value, bool):
        raise TypeError("%s must be a number, not bool" % what)
    if isinstance(value, int):
        return s.U256.from_int(value)
    result: s.U256 = s.U256.of(octets(value, 32, what))
    return result


def whole(value: Any, what: str) -> int:
    """An unsigned number of 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("%s must be an int, not %s" % (what, type(value).__name__))
    if not 0 <= value < 1 << 64:
        raise ValueError("%s must lie in 0 ... 2**64 - 1" % what)
    return value


def agent(value: str) -> AgentReferenceStruct:
    """"eip155:CHAIN:0xREGISTRY:ID"."""
    made = AgentReferenceStruct()
    call(lib.chaos_agent_reference_parse, text(value, "agent"), byref(made))
    return made


def text(value: str, what: str) -> bytes:
    """UTF-8 for a C string, which ends at the first NUL: so there may be none."""
    if not isinstance(value, str):
        raise TypeError("%s must be str, not %s" % (what, type(value).__name__))
    if "\0" in value:
        raise ValueError("%s holds a NUL" % what)
    return value.encode("utf-8")


def json_text(value: Any, what: str, **form: Any) -> str:
    """JSON values as text; ValueError also of what is nested too deeply for Python."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, **form)
    except RecursionError:
        raise ValueError("%s is nested too deeply" % what) from None


def json_bytes(value: Any, what: str) -> bytes:
    """JSON as bytes, from bytes, text or the object itself."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, str):
        return value.encode("utf-8")
    if isinstance(value, dict):
        return json_text(value, what).encode("utf-8")
    raise TypeError("%s must be JSON: bytes, str or dict, not %s" % (what, type(value).__name__))
