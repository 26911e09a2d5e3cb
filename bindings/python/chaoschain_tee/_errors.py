"""One tree of exceptions for every status of the C library.

    ChaosError
    ├── UsageError (also ValueError)     the call is wrong: mend it
    ├── FormatError (also ValueError)    bytes are malformed or not supported: refuse them
    ├── TrustError                       signature, chain, revocation, date, mismatch: refuse them
    │   └── PolicyError                  authentic, and not good enough
    ├── EnvironmentFault                 file, network, collateral, device: try later, judge nothing
    │   ├── ProviderMissingError (also ImportError)
    │   ├── NotInTeeError
    │   ├── NetworkFault
    │   └── RevertedError
    └── InternalError                    a fault of the library: judge nothing
"""

from __future__ import annotations

from ctypes import c_size_t
from typing import Any, Dict, Optional, Type

__all__ = [
    "ChaosError", "UsageError", "FormatError", "TrustError", "PolicyError", "EnvironmentFault",
    "ProviderMissingError", "NotInTeeError", "NetworkFault", "RevertedError", "InternalError",
]

_NO_OFFSET = c_size_t(-1).value  # CHAOS_NO_OFFSET


class ChaosError(Exception):
    """What a call of the C library answered when it did not succeed.

    Attributes:
        code: the name of the status, stable, e.g. ``"TCB_INFO_EXPIRED"`` (docs/errors.md lists them all).
        status: its number; the high byte is the class.
        stage: where in the work it failed: ``"parse"``, ``"chain"``, ``"collateral"``, ``"quote"``, ``"tcb"``, …
        field: the specification's name of the field, or None.
        offset: into the input that was read, or None.
        text: one sentence; what was ``expected`` and what was ``found`` stand beside it and may be empty.
    """

    def __init__(self, text: str, *, code: str = "INTERNAL", status: int = 0x504, stage: str = "environment",
                 field: Optional[str] = None, offset: Optional[int] = None, expected: str = "",
                 found: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.status = status
        self.stage = stage
        self.field = field
        self.offset = offset
        self.text = text
        self.expected = expected
        self.found = found

    def __str__(self) -> str:
        parts = [self.text]
        if self.expected:
            parts.append("expected: " + self.expected)
        if self.found:
            parts.append("found: " + self.found)
        where = "" if self.field is None else ", field " + self.field
        if self.offset is not None:
            where += ", offset %d" % self.offset
        return "%s (%s%s)" % ("; ".join(parts), self.code, where)


class UsageError(ChaosError, ValueError):
    """The call or an option is not valid."""


class FormatError(ChaosError, ValueError):
    """Bytes are malformed, or of a kind that is not supported."""


class TrustError(ChaosError):
    """A signature, chain, revocation, date or comparison refuses the bytes."""


class PolicyError(TrustError):
    """Authentic, and not what policy or expectation ask for."""


class EnvironmentFault(ChaosError):
    """Something that is needed is missing or does not answer. It says nothing about the evidence."""


class ProviderMissingError(EnvironmentFault, ImportError):
    """The plug-in of a TEE is not installed. ``str()`` is two lines: what is missing, and how to install it."""

    def __str__(self) -> str:
        return self.text


class NotInTeeError(EnvironmentFault):
    """This machine is not in that TEE."""


class NetworkFault(EnvironmentFault):
    """A server or node was not reached, did not answer in time, or answered nonsense."""


class RevertedError(EnvironmentFault):
    """A contract refused the call."""


class InternalError(ChaosError):
    """Memory, the cryptographic library or an invariant failed."""


_BY_CLASS: Dict[int, Type[ChaosError]] = {
    1: UsageError, 2: FormatError, 3: TrustError, 4: EnvironmentFault, 5: InternalError,
}
_BY_CODE: Dict[str, Type[ChaosError]] = {
    "PROVIDER_MISSING": ProviderMissingError, "TEE_UNAVAILABLE": NotInTeeError, "NETWORK": NetworkFault,
    "TIMEOUT": NetworkFault, "GUEST_AGENT": NetworkFault, "NODE": NetworkFault, "REVERTED": RevertedError,
}


def error_type(status: int, code: str) -> Type[ChaosError]:
    """The class of the tree for a status and its name."""
    if code in _BY_CODE:
        return _BY_CODE[code]
    if status >> 8 == 3 and status & 0xff >= 0x80:
        return PolicyError
    return _BY_CLASS.get(status >> 8, InternalError)


def make_error(status: int, code: str, stage: str, err: Any = None) -> ChaosError:
    """The exception for a status; `err` is a filled chaos_error of it, or None."""
    kind = error_type(status, code)
    if err is None:
        return kind(code, code=code, status=status, stage=stage)
    field = err.field
    return kind(
        err.text.decode("utf-8", "replace"), code=code, status=status, stage=stage,
        field=None if field is None else field.decode("ascii", "replace"),
        offset=None if err.offset == _NO_OFFSET else int(err.offset),
        expected=err.expected.decode("utf-8", "replace"), found=err.found.decode("utf-8", "replace"))
