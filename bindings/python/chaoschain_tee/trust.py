"""Whom a relying party trusts, and what it asks for: `TrustRoots`, `Policy`, `Expectation`."""

from __future__ import annotations

from ctypes import sizeof
from dataclasses import dataclass, field, fields
from typing import Any, Dict, Iterable, NamedTuple, Optional, Tuple, Union

from . import _structs as s
from . import _values as v
from ._native import BytesLike, call, lib, make, slice_of
from ._verify_native import ExpectationStruct
from .collateral import Floor

__all__ = ["Anchor", "Expectation", "Policy", "TrustRoots"]


class TrustRoots:
    """A set of root certificates that begins with the vendor's, which is built in.

    Args:
        certificates: further roots, each one certificate in DER or PEM (self-signed, P-256). They show as ``custom`` in
            verdicts, a simulator's always as ``simulated``.

    Raises:
        FormatError: TRUST_ROOT_FORMAT.

    Immutable; share it between threads.
    """

    __slots__ = ("_handle",)

    def __init__(self, certificates: Iterable[BytesLike] = ()) -> None:
        if isinstance(certificates, (str, bytes, bytearray, memoryview)):
            raise TypeError("trust roots are a list of certificates, each of them bytes")
        self._handle = make(lib.chaos_trust_free, lib.chaos_trust_new)
        for certificate in certificates:
            call(lib.chaos_trust_add_root, self._handle, slice_of(certificate, "a root certificate"))


class Policy:
    """What is good enough.

    Args:
        source: the JSON ``chaoschain/policy/1`` as bytes, text or dict (docs/policy.md; unknown keys are refused; the
            verdict's policy_hash is that of the bytes, so give bytes where it matters);
            ``"default"``: UpToDate is AFFIRMING, hardening or configuration needed WARNING, out of date and debug
            CONTRAINDICATED, vendor anchors only; ``"none"``: cryptography alone is judged, the tier is NONE.

    Raises:
        FormatError: POLICY_FORMAT or a JSON code, with the field.

    Immutable; share it between threads.
    """

    __slots__ = ("_handle",)

    def __init__(self, source: Union[BytesLike, str, Dict[str, Any]] = "default") -> None:
        if isinstance(source, str) and source in ("default", "none"):
            function = lib.chaos_policy_default if source == "default" else lib.chaos_policy_none
            self._handle = make(lib.chaos_policy_free, function)
        else:
            text = v.json_bytes(source, "a policy")
            self._handle = make(lib.chaos_policy_free, lib.chaos_policy_parse, s.Slice(text, len(text)))


class Anchor(NamedTuple):
    """The block whose hash is the binding's nonce, read from a node of your own; the evidence is fresh if the block is
    near enough."""

    block: int
    """Its number: the binding's anchorBlock."""
    hash: v.Hex
    """Its hash, 32 bytes or hex."""
    first_block: int
    """The oldest block that is near enough: that of the request, less 256."""
    last_block: int
    """The newest: the head."""


@dataclass(frozen=True)
class Expectation:
    """What this one relying party expects of this one piece of evidence. What is not expected is not checked, and the
    verdict says so. Bytes may be given as hex text, too. All but ``report_data`` need an envelope.

    Attributes:
        report_data: all 64 bytes.
        agent: ``"eip155:CHAIN:0xREGISTRY:ID"``.
        identity_key: agentWallet, an address, read from a node of your own.
        nonce: 32 bytes or a number that you chose: what makes the evidence fresh. Not together with ``anchor``.
        anchor: fresh, too: the nonce is the hash of a recent block.
        subject: hash of the validation request that is answered, 32 bytes.
        agent_uri_hash: Keccak-256 of the registration file that the chain names, 32 bytes.
        tls_spki_hash: SHA-256 of the key that the peer of a TLS channel showed, 32 bytes.
        collateral_floor: the newest collateral that was seen; older is refused (COLLATERAL_ROLLBACK).

    Raises:
        ValueError: a value has the wrong size or form. TypeError: or the wrong type.
    """

    report_data: Optional[v.Hex] = None
    agent: Optional[str] = None
    identity_key: Optional[v.Hex] = None
    nonce: Union[int, v.Hex, None] = None
    anchor: Optional[Anchor] = None
    subject: Optional[v.Hex] = None
    agent_uri_hash: Optional[v.Hex] = None
    tls_spki_hash: Optional[v.Hex] = None
    collateral_floor: Optional[Floor] = None
    _struct: ExpectationStruct = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        made = ExpectationStruct()
        made.size = sizeof(made)
        if self.report_data is not None:
            made.has_report_data = True
            made.report_data = s.ReportData.of(v.octets(self.report_data, 64, "report_data"))
        if self.agent is not None:
            _set_agent(made, self.agent)
        if self.identity_key is not None:
            made.has_identity_key = True
            made.identity_key = v.address(self.identity_key, "identity_key")
        if self.nonce is not None:
            made.has_nonce = True
            made.nonce = v.number(self.nonce, "nonce")
        if self.anchor is not None:
            _set_anchor(made, self.anchor)
        for name, kind in (("subject", s.Keccak), ("agent_uri_hash", s.Keccak), ("tls_spki_hash", s.Sha256)):
            value = getattr(self, name)
            if value is not None:
                setattr(made, "has_" + name, True)
                setattr(made, name, kind.of(v.octets(value, 32, name)))
        if self.collateral_floor is not None:
            if not isinstance(self.collateral_floor, Floor):
                raise TypeError("collateral_floor must be a Floor")
            made.collateral_floor = self.collateral_floor._handle.pointer
        object.__setattr__(self, "_struct", made)

    def __reduce__(self) -> Tuple[Any, ...]:
        return Expectation, tuple(getattr(self, f.name) for f in fields(self) if f.init)  # C's struct is made anew


def _set_agent(made: ExpectationStruct, text: str) -> None:
    reference = v.agent(text)
    if not reference.has_registry:
        raise ValueError("the agent must name its registry: eip155:CHAIN:0xREGISTRY:ID")
    made.has_agent = True
    made.chain_id = s.U256.from_int(reference.chain_id)
    made.identity_registry = reference.registry
    made.agent_id = reference.agent_id


def _set_anchor(made: ExpectationStruct, anchor: Anchor) -> None:
    if not isinstance(anchor, tuple) or len(anchor) != 4:
        raise TypeError("anchor must be an Anchor")
    made.has_anchor = True
    made.anchor_block = v.whole(anchor[0], "anchor.block")
    made.anchor_hash = s.Keccak.of(v.octets(anchor[1], 32, "anchor.hash"))
    made.first_block = v.whole(anchor[2], "anchor.first_block")
    made.last_block = v.whole(anchor[3], "anchor.last_block")


# ------------------------------------------------------- as arguments ----

_VENDOR = TrustRoots()
_DEFAULT = Policy("default")
_NOTHING = Expectation()

Roots = Union[TrustRoots, Iterable[BytesLike], None]
PolicyLike = Union[Policy, BytesLike, str, Dict[str, Any], None]


def as_trust(roots: Roots) -> TrustRoots:
    """The set that an argument means; None is the vendor's alone."""
    if roots is None:
        return _VENDOR
    return roots if isinstance(roots, TrustRoots) else TrustRoots(roots)


def as_policy(policy: PolicyLike) -> Policy:
    """The policy that an argument means; None is the default one."""
    if policy is None:
        return _DEFAULT
    return policy if isinstance(policy, Policy) else Policy(policy)


def as_expectation(expectation: Optional[Expectation]) -> Expectation:
    """The expectation that an argument means; None expects nothing."""
    if expectation is None:
        return _NOTHING
    if not isinstance(expectation, Expectation):
        raise TypeError("expectation must be an Expectation, not %s" % type(expectation).__name__)
    return expectation
