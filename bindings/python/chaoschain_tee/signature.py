"""Signatures by attested keys: `TEESignature`."""

from __future__ import annotations

from ctypes import byref
from typing import Any, Dict, Optional, Union

from . import _structs as s
from . import _values as v
from ._native import BytesLike, Handle, as_bytes, filled, lib, make
from .evidence import Evidence
from .trust import Expectation, PolicyLike, Roots, as_expectation, as_policy, as_trust
from .verdict import Verdict
from .verification import CollateralLike, _text_and_cache

__all__ = ["TEESignature"]

_VERIFIED: Dict[int, Optional[bool]] = {0: None, 1: False, 2: True}
_DIGEST_KINDS = {1: "eip191", 2: "eip712"}
_LIMIT = 1 << 20


def attestation_of(evidence: Evidence, provider: str) -> Dict[str, Any]:
    """What the dicts ``attestation`` say of an envelope."""
    import json
    binding = evidence.binding
    return {
        "provider": provider, "tee": evidence.tee, "verified": None, "evidence_hash": evidence.hash,
        "measurements": evidence.measurements, "envelope": json.loads(evidence.bytes),
        "stage": None if binding is None else binding.stage,
    }


class TEESignature:
    """A signature by a key of a TEE, with the evidence for that key, which all signatures of the key share.

    Made by ``sign`` of a TEE or read by `parse`. Immutable but for ``verified``; share it between threads.
    """

    __slots__ = ("_handle", "_message", "_attestation")

    def __init__(self, handle: Handle, message: bytes) -> None:
        if not isinstance(handle, Handle):
            raise TypeError("use TEESignature.parse, or sign of a TEE")
        self._handle = handle
        self._message = message
        self._attestation: Optional[Dict[str, Any]] = None

    @classmethod
    def parse(cls, signature: Union[BytesLike, str], envelope: Union[BytesLike, str],
              message: BytesLike) -> "TEESignature":
        """Reads the JSON ``chaoschain/signature/1``, the envelope that it names, and what is said to be signed.

        Raises FormatError (SIGNATURE_FORMAT, …) or TrustError (ENVELOPE_HASH: the signature names another envelope).
        Nothing is verified yet.
        """
        data = signature.encode("utf-8") if isinstance(signature, str) else as_bytes(signature, "signature")
        text = envelope.encode("utf-8") if isinstance(envelope, str) else as_bytes(envelope, "envelope")
        handle = make(lib.chaos_signature_free, lib.chaos_signature_parse, s.Slice(data, len(data)),
                      s.Slice(text, len(text)))
        return cls(handle, as_bytes(message, "message"))

    @property
    def signature(self) -> bytes:
        """65 bytes: r, s (low) and v (27 or 28)."""
        return bytes(lib.chaos_signature_bytes(self._handle))

    @property
    def message(self) -> bytes:
        """What was signed: the message, or the JSON of typed data."""
        return self._message

    @property
    def algorithm(self) -> str:
        """``"secp256k1"``."""
        name: bytes = lib.chaos_signature_algorithm(self._handle)
        return name.decode("ascii")

    @property
    def digest_kind(self) -> str:
        """``"eip191"``, a personal message, or ``"eip712"``, typed data."""
        return _DIGEST_KINDS[lib.chaos_signature_digest_kind(self._handle)]

    @property
    def digest(self) -> str:
        """What the signature is over, 0x and 64 digits."""
        digest: s.Keccak = lib.chaos_signature_digest(self._handle)
        return digest.hex()

    @property
    def provider(self) -> str:
        """The provider's name, as the envelope says it."""
        name: bytes = lib.chaos_signature_provider(self._handle)
        return name.decode("ascii", "replace")

    @property
    def evidence(self) -> Evidence:
        """For the key."""
        return Evidence._lent(lib.chaos_signature_evidence(self._handle))

    @property
    def attestation(self) -> Dict[str, Any]:
        """The evidence as a dict: ``measurements`` of the code that holds the key, ``evidence_hash``, the whole
        ``envelope``, ``tee``, ``provider``, ``stage``; ``verified`` is always None: a file cannot vouch for itself."""
        if self._attestation is None:
            self._attestation = attestation_of(self.evidence, self.provider)
        return self._attestation

    @property
    def verified(self) -> Optional[bool]:
        """None until somebody has verified this object; then what the last verification said."""
        return _VERIFIED[lib.chaos_signature_verified(self._handle)]

    def verify(self, collateral: CollateralLike = None, *, at: v.Time = None, trust_roots: Roots = None,
               policy: PolicyLike = None, expectation: Optional[Expectation] = None) -> Verdict:
        """Checks the envelope as `chaoschain_tee.check` does, and that the bound key signed ``message``. Needs no
        provider: this is the relying party's call."""
        text, cache = _text_and_cache(collateral)
        return Verdict(make(
            lib.chaos_verdict_free, lib.chaos_signature_verify, self._handle,
            s.Slice(self._message, len(self._message)), text, as_trust(trust_roots)._handle,
            as_policy(policy)._handle, byref(as_expectation(expectation)._struct), v.seconds(at), cache))

    def json(self) -> str:
        """The JSON ``chaoschain/signature/1`` (docs/signatures.md); the envelope and the message go beside it."""
        return filled(_LIMIT, lib.chaos_signature_write, self._handle).decode("utf-8")

    def __repr__(self) -> str:
        return "<TEESignature %s by %s, verified=%s>" % (self.digest_kind, self.provider, self.verified)
