"""Intel's signed statements about platforms, verified once and used often: `Collateral`, `Floor`."""

from __future__ import annotations

from ctypes import byref
from typing import TYPE_CHECKING, Any, Dict, NamedTuple, Optional, Union

from . import _structs as s
from . import _values as v
from ._native import BytesLike, Handle, call, filled, lib, make
from ._verify_native import CountsStruct, FactsStruct

if TYPE_CHECKING:
    from .trust import Roots

__all__ = ["CacheCounts", "Collateral", "CollateralFacts", "Floor"]

_TEE = {1: "sgx", 2: "tdx"}
_MAX_FLOOR = 1 << 20


class CollateralFacts(NamedTuple):
    """What sealed collateral speaks of. Times are Unix seconds."""

    tee: str
    """"tdx" or "sgx"."""
    platform_ca: bool
    """The PCK CRL is the Platform CA's; else the Processor CA's."""
    fmspc: str
    """Of the platforms, 12 hex digits."""
    pce_id: str
    """4 hex digits."""
    tcb_evaluation_number: int
    """Of the TCB info."""
    qe_evaluation_number: int
    """Of the QE identity."""
    valid_from: int
    """Every object is valid from here …"""
    valid_to: int
    """… to here, ends included."""
    tcb_info_issued: int
    """When the TCB info was issued."""
    tcb_info_next_update: int
    """Until when it holds."""
    qe_identity_issued: int
    """When the QE identity was issued."""
    qe_identity_next_update: int
    """Until when it holds."""
    root_ca_crl_issued: int
    """When the root's revocation list was issued."""
    root_ca_crl_next_update: int
    """Until when it holds."""
    pck_crl_issued: int
    """When the PCK CA's revocation list was issued."""
    pck_crl_next_update: int
    """Until when it holds."""


class CacheCounts(NamedTuple):
    """What a cache holds, and how often it knew the answer."""

    platform_hits: int
    """Platforms seen before."""
    platform_misses: int
    """Platforms that were new."""
    collateral_hits: int
    """Collateral texts seen before."""
    collateral_misses: int
    """Collateral texts that were new."""
    platforms: int
    """Kept now."""
    collaterals: int
    """Kept now."""
    bytes: int
    """Used now."""


class Collateral:
    """Collateral that was verified once, at construction: a verification with it has three signatures left to check
    instead of nine, and one for a platform that was seen before. It never changes an answer: names, roles, revocation
    and every date are looked at again each time, against that call's own time and trust roots.

    Args:
        source: the interchange JSON, as bytes, text or dict.
        trust_roots: as in `verify`.
        at: the moment at which it must be valid; None is the present.
        cache_bytes: how much it may remember of platforms, 64 KiB at least; 0: nothing.

    Raises:
        FormatError, TrustError: what is wrong with it, e.g. TCB_INFO_EXPIRED. `verify` with the JSON itself gives a
            verdict instead.

    Immutable; share it between threads.
    """

    __slots__ = ("_handle", "_text", "_cache", "_facts")

    def __init__(self, source: Union[BytesLike, str, Dict[str, Any]], *, trust_roots: "Roots" = None,
                 at: v.Time = None, cache_bytes: int = 1 << 24) -> None:
        from .trust import as_trust
        self._text = v.json_bytes(source, "collateral")
        self._handle = make(lib.chaos_collateral_free, lib.chaos_collateral_parse,
                            s.Slice(self._text, len(self._text)))
        call(lib.chaos_collateral_seal, self._handle, as_trust(trust_roots)._handle, v.seconds(at))
        self._facts = FactsStruct()
        call(lib.chaos_collateral_get_facts, self._handle, byref(self._facts))
        self._cache: Optional[Handle] = None
        if v.whole(cache_bytes, "cache_bytes") > 0:
            self._cache = make(lib.chaos_cache_free, lib.chaos_cache_new, cache_bytes)

    @property
    def facts(self) -> CollateralFacts:
        """What it speaks of, and until when."""
        values = [getattr(self._facts, name) for name in CollateralFacts._fields]
        values[0] = _TEE[values[0]]
        values[2], values[3] = bytes(values[2]).hex(), bytes(values[3]).hex()
        return CollateralFacts(*values)

    @property
    def cache_counts(self) -> Optional[CacheCounts]:
        """What its cache holds now; None with ``cache_bytes=0``."""
        if self._cache is None:
            return None
        counts = CountsStruct()
        lib.chaos_cache_get_counts(self._cache, byref(counts))
        return CacheCounts(*(getattr(counts, name) for name in CacheCounts._fields))

    def json(self) -> str:
        """The JSON that it was made from."""
        return self._text.decode("utf-8")

    def __repr__(self) -> str:
        facts = self.facts
        return "<Collateral %s fmspc=%s valid %s to %s>" % (facts.tee, facts.fmspc, v.rfc3339(facts.valid_from),
                                                            v.rfc3339(facts.valid_to))


class Floor:
    """The newest collateral that was seen, for each kind of platform: what comes later may not be older.

    Args:
        source: the JSON ``chaoschain/collateral-floor/1``, or None for an empty one.

    Raises:
        FormatError: COLLATERAL_FORMAT or a JSON code.

    Not for several threads while one of them raises it.
    """

    __slots__ = ("_handle",)

    def __init__(self, source: Union[BytesLike, str, Dict[str, Any], None] = None) -> None:
        if source is None:
            self._handle = make(lib.chaos_floor_free, lib.chaos_floor_new)
        else:
            text = v.json_bytes(source, "a floor")
            self._handle = make(lib.chaos_floor_free, lib.chaos_floor_parse, s.Slice(text, len(text)))

    def check(self, collateral: Collateral) -> None:
        """Raises TrustError COLLATERAL_ROLLBACK, with the field that is older."""
        call(lib.chaos_floor_check, self._handle, byref(collateral._facts))

    def raise_to(self, collateral: Collateral) -> None:
        """Each value becomes the larger of the two."""
        call(lib.chaos_floor_raise, self._handle, byref(collateral._facts))

    def json(self) -> str:
        """As one line of JSON, to be kept."""
        return filled(_MAX_FLOOR, lib.chaos_floor_write, self._handle).decode("utf-8")
