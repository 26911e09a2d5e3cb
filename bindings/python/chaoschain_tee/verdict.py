"""The answer: `Verdict`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Dict, Mapping, NoReturn, Optional, Tuple

from ._native import Handle, filled, lib, raise_status

__all__ = ["Check", "Verdict", "VerdictError"]

_LIMIT = 1 << 20
_VERIFIED: Mapping[int, Optional[bool]] = {0: None, 1: False, 2: True}
_TIERS: Mapping[int, str] = {tier: lib.chaos_tier_name(tier).decode("ascii") for tier in range(4)}


@dataclass(frozen=True)
class Check:
    """One row of a verdict.

    Attributes:
        name: of the check, e.g. ``"quote-signature"``.
        result: ``"pass"``, ``"warn"``, ``"fail"`` or ``"not-checked"``.
        expected: what was asked for; of a row that was not checked: why; or None.
        found: what came, or None.
        code: of the first failure or warning, e.g. ``"QUOTE_SIGNATURE"``; None for the other results.
    """

    name: str
    result: str
    expected: Optional[str]
    found: Optional[str]
    code: Optional[str] = None


@dataclass(frozen=True)
class VerdictError:
    """Why a verdict is neither AFFIRMING nor WARNING: the first decisive failure.

    Attributes:
        code: e.g. ``"TCB_INFO_EXPIRED"``; docs/errors.md explains each.
        stage: ``"parse"``, ``"chain"``, ``"collateral"``, ``"quote"``, ``"tcb"``, ``"eventlog"``, ``"binding"``,
            ``"receipt"``, ``"policy"`` or ``"environment"``.
        field: the specification's name of the field, or None.
        offset: into the input, or None.
        text: one sentence.
        expected: what was asked for, or None.
        found: what came, or None.
    """

    code: str
    stage: str
    field: Optional[str]
    offset: Optional[int]
    text: str
    expected: Optional[str] = None
    found: Optional[str] = None


class Verdict:
    """What verification and appraisal say of one piece of evidence: the JSON ``chaoschain/verdict/1`` as an object.

    **Truth value**: ``bool(verdict)`` is true only when every check that was asked for ran and passed: the tier is
    AFFIRMING, or, with ``policy="none"``, where nothing is appraised, the evidence is verified and every expectation is
    met. A WARNING is not true: look at ``tier`` and ``checks`` and decide. Nothing else is ever true.

    Verdicts are immutable and may be shared between threads. Only the library makes one.
    """

    __slots__ = ("_handle", "_json", "_object")

    def __init__(self, handle: Handle) -> None:
        if not isinstance(handle, Handle):
            raise TypeError("only verify and its kin make a Verdict")
        self._handle = handle
        self._json: Optional[str] = None
        self._object: Optional[Dict[str, Any]] = None

    # ---------------------------------------------------------- as JSON ----

    def json(self) -> str:
        """The verdict as one line of JSON (RFC 8785; data/schemas/verdict.schema.json)."""
        if self._json is None:
            self._json = filled(_LIMIT, lib.chaos_verdict_write_json, self._handle).decode("utf-8")
        return self._json

    def to_dict(self) -> Dict[str, Any]:
        """The same as a new dict."""
        result: Dict[str, Any] = json.loads(self.json())
        return result

    def text(self) -> str:
        """The same for a person: a few lines of plain text."""
        return filled(_LIMIT, lib.chaos_verdict_write_text, self._handle).decode("utf-8")

    def _get(self, name: str) -> Any:
        if self._object is None:
            self._object = self.to_dict()
        return self._object[name]

    # ------------------------------------------------------- attributes ----

    @property
    def verified(self) -> Optional[bool]:
        """Of cryptography, collateral and revocation only. None: could not be judged, e.g. without collateral."""
        return _VERIFIED[lib.chaos_verdict_verified(self._handle)]

    @property
    def tier(self) -> str:
        """Of the policy: ``"AFFIRMING"``, ``"WARNING"``, ``"CONTRAINDICATED"`` or ``"NONE"`` (not appraised)."""
        return _TIERS[lib.chaos_verdict_tier(self._handle)]

    @property
    def exit_code(self) -> int:
        """What ``chaoschain verify`` would exit with: 0, 1 WARNING, 2 CONTRAINDICATED, 3, 4, 5."""
        code: int = lib.chaos_verdict_exit_code(self._handle)
        return code

    @property
    def tee(self) -> Optional[str]:
        """``"tdx"``, ``"sgx"``, or None when the evidence could not be read."""
        value: Optional[str] = self._get("tee")
        return value

    @property
    def anchor(self) -> Optional[str]:
        """Who vouches: ``"vendor"``, ``"custom"`` (a root of yours), ``"simulated"`` (no hardware), or None."""
        value: Optional[str] = self._get("anchor")
        return value

    @property
    def tcb(self) -> Optional[Mapping[str, Any]]:
        """Status, advisories and levels of the platform, as far as evaluation came."""
        return _read_only(self._get("tcb"))

    @property
    def error(self) -> Optional[VerdictError]:
        """The decisive failure; None when the exit code is 0 or 1."""
        value = self._get("error")
        if value is None:
            return None
        return VerdictError(value["code"], value["stage"], value["field"], value["offset"], value["text"],
                            value["expected"], value["found"])

    @property
    def checks(self) -> Tuple[Check, ...]:
        """Every check by name, with its result, what was expected and what was found."""
        return tuple(Check(row["name"], row["result"], row["expected"], row["found"], row.get("code"))
                     for row in self._get("checks"))

    @property
    def claims(self) -> Mapping[str, Any]:
        """What the evidence says, by the names of the vendor's specification. Authentic only if ``verified``."""
        result = _read_only(self._get("claims"))
        return MappingProxyType({}) if result is None else result

    @property
    def scope(self) -> str:
        """``"platform"`` (a bare quote) or ``"agent"`` (an envelope with a binding)."""
        value: str = self._get("scope")
        return value

    # ---------------------------------------------------------- judging ----

    def __bool__(self) -> bool:
        return self.exit_code == 0

    def check(self, name: str) -> Optional[Check]:
        """The row of that name, or None."""
        for row in self.checks:
            if row.name == name:
                return row
        return None

    def raise_for_error(self) -> None:
        """Raises the decisive failure as the exception of its class (FormatError, TrustError, PolicyError,
        EnvironmentFault, with code, stage and field); does nothing when there is none. A WARNING does not raise."""
        failure = lib.chaos_verdict_error(self._handle)
        if failure:
            raise_status(failure.contents.status, failure.contents)

    def __repr__(self) -> str:
        error = self.error
        return "<Verdict %s verified=%s%s>" % (self.tier, self.verified, "" if error is None else " " + error.code)

    def __str__(self) -> str:
        return self.text()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Verdict cannot be copied or pickled: keep its json()")


def _read_only(value: Optional[Dict[str, Any]]) -> Optional[Mapping[str, Any]]:
    return None if value is None else MappingProxyType(value)
