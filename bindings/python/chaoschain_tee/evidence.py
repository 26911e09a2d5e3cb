"""Untrusted bytes that claim to come from a TEE, read and not believed: `Evidence`, `Binding`."""

from __future__ import annotations

import json
from ctypes import byref
from dataclasses import dataclass
from typing import Any, Dict, Optional, Union

from . import _structs as s
from . import _values as v
from ._native import BytesLike, Handle, as_bytes, filled, lib, make, slice_of
from ._verify_native import BindingStruct, MeasurementsStruct

__all__ = ["Binding", "Evidence"]

_TEE = {1: "sgx", 2: "tdx"}
_LIMIT = 8 << 20
_ZERO32 = "0x" + 64 * "0"
ANY_AGENT_ID = (1 << 256) - 1
"""The agent id of bindings that name no agent: all ones, since 0 is a real id."""


@dataclass(frozen=True)
class Binding:
    """What a quote says about a key, in the words of Ethereum: the values of ``KeyBinding`` (docs/verify-envelope.md).

    Attributes:
        stage: 0 before registration, 1 identity key, 2 answer to a validation request, 3 TLS channel, 4 key only,
            5 session key.
        chain_id, identity_registry, agent_id: of the agent; all ones where no agent is named.
        public_key_hash: Keccak-256 of the bound key's X and Y; filled in by the library when evidence is made.
        identity_key: address of the identity key; filled in likewise.
        agent_uri_hash: Keccak-256 of the registration file, or zero.
        tls_spki_hash: SHA-256 of a TLS key at stage 3, else zero.
        subject: hash of the request that is answered at stage 2, else zero.
        nonce: 32 bytes that make it fresh.
        anchor_block: the block whose hash the nonce is, or 0.
        issued_at, expires_at: Unix seconds, the guest's own words; both 0 when evidence is made: now, and one day.
        policy_hash: Keccak-256 of the policy that the agent claims to meet, or zero.
    """

    stage: int
    chain_id: int = 0
    identity_registry: v.Hex = "0x" + 40 * "0"
    agent_id: int = ANY_AGENT_ID
    public_key_hash: v.Hex = _ZERO32
    identity_key: v.Hex = "0x" + 40 * "0"
    agent_uri_hash: v.Hex = _ZERO32
    tls_spki_hash: v.Hex = _ZERO32
    subject: v.Hex = _ZERO32
    nonce: v.Hex = _ZERO32
    anchor_block: int = 0
    issued_at: int = 0
    expires_at: int = 0
    policy_hash: v.Hex = _ZERO32

    def _to_struct(self) -> BindingStruct:
        made = BindingStruct()
        stage = v.whole(self.stage, "stage")
        if stage > 5:
            raise ValueError("stage must lie in 0 ... 5")
        made.stage = stage
        made.chain_id = v.number(self.chain_id, "chain_id")
        made.identity_registry = v.address(self.identity_registry, "identity_registry")
        made.agent_id = v.number(self.agent_id, "agent_id")
        made.identity_key = v.address(self.identity_key, "identity_key")
        for name in ("public_key_hash", "agent_uri_hash", "subject", "policy_hash"):
            setattr(made, name, s.Keccak.of(v.octets(getattr(self, name), 32, name)))
        made.tls_spki_hash = s.Sha256.of(v.octets(self.tls_spki_hash, 32, "tls_spki_hash"))
        made.nonce = v.number(self.nonce, "nonce")
        for name in ("anchor_block", "issued_at", "expires_at"):
            setattr(made, name, v.whole(getattr(self, name), name))
        return made

    @classmethod
    def _from_struct(cls, b: BindingStruct) -> "Binding":
        return cls(
            stage=b.stage, chain_id=int(b.chain_id), identity_registry=v.address_text(b.identity_registry),
            agent_id=int(b.agent_id), public_key_hash=b.public_key_hash.hex(),
            identity_key=v.address_text(b.identity_key), agent_uri_hash=b.agent_uri_hash.hex(),
            tls_spki_hash=b.tls_spki_hash.hex(), subject=b.subject.hex(), nonce=b.nonce.hex(),
            anchor_block=b.anchor_block, issued_at=b.issued_at, expires_at=b.expires_at,
            policy_hash=b.policy_hash.hex())

    def report_data(self) -> bytes:
        """The 64 bytes that a quote over this binding has to say."""
        struct = self._to_struct()
        return bytes(lib.chaos_binding_report_data(byref(struct)))


class Evidence:
    """A quote or an envelope, parsed. Nothing in it is verified: `chaoschain_tee.check` and `verify` do that.

    Made by `from_envelope`, `from_quote`, or by a TEE. Immutable; share it between threads.
    """

    __slots__ = ("_handle",)

    def __init__(self, handle: Handle) -> None:
        if not isinstance(handle, Handle):
            raise TypeError("use Evidence.from_envelope or Evidence.from_quote")
        self._handle = handle

    @classmethod
    def from_envelope(cls, envelope: Union[BytesLike, str]) -> "Evidence":
        """Reads the JSON ``chaoschain/envelope/1``. Raises FormatError with code, field and offset."""
        data = envelope.encode("utf-8") if isinstance(envelope, str) else as_bytes(envelope, "envelope")
        return cls(make(lib.chaos_evidence_free, lib.chaos_envelope_parse, s.Slice(data, len(data))))

    @classmethod
    def from_quote(cls, quote: BytesLike, event_log: Union[BytesLike, str] = b"") -> "Evidence":
        """Reads a raw quote, and the guest's event log beside it. Raises FormatError."""
        log = event_log.encode("utf-8") if isinstance(event_log, str) else as_bytes(event_log, "event_log")
        return cls(make(lib.chaos_evidence_free, lib.chaos_evidence_parse_with_log, slice_of(quote, "quote"),
                        s.Slice(log, len(log))))

    @classmethod
    def _lent(cls, pointer: int) -> "Evidence":
        """One more owner of an object that the library lends."""
        return cls(Handle(lib.chaos_evidence_share(pointer), lib.chaos_evidence_free))

    @property
    def tee(self) -> str:
        """``"tdx"`` or ``"sgx"``."""
        return _TEE[lib.chaos_evidence_tee(self._handle)]

    @property
    def bytes(self) -> bytes:
        """The envelope's JSON, or the quote, as it was received."""
        lent: s.LentSlice = lib.chaos_evidence_bytes(self._handle)
        return lent.bytes()

    @property
    def event_log(self) -> Any:
        """The guest's event log, as bytes; empty when there is none."""
        lent: s.LentSlice = lib.chaos_evidence_event_log(self._handle)
        return lent.bytes()

    @property
    def hash(self) -> Optional[str]:
        """evidenceHash, Keccak-256 of the envelope's bytes; None of a bare quote."""
        return None if self.binding is None else lib.chaos_evidence_hash(self._handle).hex()

    @property
    def binding(self) -> Optional[Binding]:
        """What the envelope says of a key; None of a bare quote."""
        struct = BindingStruct()
        if not lib.chaos_evidence_binding(self._handle, byref(struct)):
            return None
        return Binding._from_struct(struct)

    @property
    def measurements(self) -> Dict[str, str]:
        """What the quote says of code, as hex: ``mr_td``, ``rtmr0`` … ``rtmr3``, ``mr_config_id`` (TDX),
        ``mr_enclave``, ``mr_signer`` (SGX), ``report_data``."""
        struct = MeasurementsStruct()
        lib.chaos_evidence_measurements(self._handle, byref(struct))
        names = ("mr_enclave", "mr_signer") if self.tee == "sgx" else (
            "mr_td", "rtmr0", "rtmr1", "rtmr2", "rtmr3", "mr_config_id")
        result = {name: bytes(getattr(struct, name)).hex() for name in names}
        result["report_data"] = bytes(struct.report_data).hex()
        return result

    def describe(self) -> Dict[str, Any]:
        """Every field by the name that its specification gives it, with ``"unverified": true``. For people and logs."""
        result: Dict[str, Any] = json.loads(filled(_LIMIT, lib.chaos_evidence_describe, self._handle))
        return result

    def __repr__(self) -> str:
        return "<Evidence %s %s, not verified>" % (self.tee, self.hash or "quote")
