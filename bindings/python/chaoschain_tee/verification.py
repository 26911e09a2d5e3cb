"""Evidence in, verdict out: `verify` for a quote, `check` for an envelope, `check_bundle` for an agent's receipts."""

from __future__ import annotations

from ctypes import byref, c_void_p
from typing import Any, Dict, Optional, Tuple, Union

from . import _structs as s
from . import _values as v
from ._native import BytesLike, Handle, as_bytes, lib, make, slice_of
from .collateral import Collateral
from .trust import Expectation, PolicyLike, Roots, as_expectation, as_policy, as_trust
from .verdict import Verdict

__all__ = ["check", "verify"]

CollateralLike = Union[Collateral, BytesLike, str, Dict[str, Any], None]

_EMPTY = s.Slice(b"", 0)
_verdict_free = lib.chaos_verdict_free


def verify(quote: BytesLike, collateral: CollateralLike, *, at: v.Time = None, event_log: Union[BytesLike, str] = b"",
           trust_roots: Roots = None, policy: PolicyLike = None,
           expectation: Optional[Expectation] = None) -> Verdict:
    """Verifies a DCAP quote (SGX v3, SGX or TDX v4, v5) and appraises what it says.

    Args:
        quote: the raw binary quote.
        collateral: Intel's statements: a `Collateral` (verified once, used often) or the interchange JSON itself.
            None: the verdict is ``verified=None`` with COLLATERAL_MISSING.
        at: the moment of judgement: Unix seconds, RFC 3339 text or an aware datetime; None is the present.
        event_log: the guest's event log beside the quote (JSON of dstack's guest agent), replayed against the RTMRs.
        trust_roots: roots beside the vendor's, as `TrustRoots` or a list of certificates.
        policy: a `Policy`, its JSON, ``"default"`` or ``"none"``; None is the default.
        expectation: what you expect of this evidence.

    Returns:
        A verdict also of malformed and untrusted evidence: its ``error`` says what is wrong.

    Raises:
        UsageError, EnvironmentFault, InternalError: a fault that kept it from judging; it says nothing of the evidence.
        FormatError: the policy or a trust root is malformed.
        TypeError, ValueError: an argument is of the wrong kind.

    Nothing but the arguments is read: no network, no file, no environment (and no clock with ``at``). The interpreter's
    lock is released while the library works, and calls may come from any thread.
    """
    now = v.seconds(at)
    quote_slice = slice_of(quote, "quote")
    log_slice = slice_of(event_log.encode("utf-8") if isinstance(event_log, str) else event_log,
                         "event_log") if event_log else _EMPTY
    trust, judge = as_trust(trust_roots), as_policy(policy)
    expect = as_expectation(expectation)
    if isinstance(collateral, Collateral):
        handle = _verify_sealed(quote_slice, log_slice, collateral, trust._handle, judge._handle,
                                expect, now)
        if handle is not None:
            return Verdict(handle)
    text, cache = _text_and_cache(collateral)
    return Verdict(make(_verdict_free, lib.chaos_check_quote, quote_slice, log_slice, text, trust._handle,
                        judge._handle, byref(expect._struct), now, cache))


def _text_and_cache(collateral: CollateralLike) -> Tuple[s.Slice, Optional[Handle]]:
    if collateral is None:
        return _EMPTY, None
    if isinstance(collateral, Collateral):
        return s.Slice(collateral._text, len(collateral._text)), collateral._cache
    data = v.json_bytes(collateral, "collateral")
    return s.Slice(data, len(data)), None


def _verify_sealed(quote: s.Slice, event_log: s.Slice, collateral: Collateral, trust: Handle, policy: Handle,
                   expectation: Expectation, now: int) -> Optional[Handle]:
    """The short way, with the collateral as it was sealed. None: it did not lead to the end, and the long way, which
    gives the same answer with all that can be said about it, has to be taken."""
    evidence, claims, verdict = c_void_p(), c_void_p(), c_void_p()
    try:
        if not (lib.chaos_evidence_parse_with_log(quote, event_log, byref(evidence), None) or
                lib.chaos_verify(evidence, collateral._handle, trust, now, collateral._cache, byref(claims), None)):
            lib.chaos_appraise(claims, policy, byref(expectation._struct), now, byref(verdict), None)
        return Handle(verdict.value, _verdict_free) if verdict.value else None
    finally:
        lib.chaos_claims_free(claims)
        lib.chaos_evidence_free(evidence)


def check(envelope: Union[BytesLike, str], collateral: CollateralLike = None, *, at: v.Time = None,
          trust_roots: Roots = None, policy: PolicyLike = None, expectation: Optional[Expectation] = None) -> Verdict:
    """Checks an evidence envelope, the whole way: quote, event log, binding, possession, endorsement, policy.

    Args:
        envelope: the JSON ``chaoschain/envelope/1`` exactly as it was received (its hash is taken of these bytes).
        collateral: your own. None: the envelope's is used, if it has any, which the tested party chose: AFFIRMING then
            needs ``expectation.collateral_floor``.
        at, trust_roots, policy, expectation: as in `verify`.

    Returns and raises as `verify` does.
    """
    data = envelope.encode("utf-8") if isinstance(envelope, str) else as_bytes(envelope, "envelope")
    text, cache = _text_and_cache(collateral)
    return Verdict(make(_verdict_free, lib.chaos_check, s.Slice(data, len(data)), text,
                        as_trust(trust_roots)._handle, as_policy(policy)._handle,
                        byref(as_expectation(expectation)._struct), v.seconds(at), cache))
