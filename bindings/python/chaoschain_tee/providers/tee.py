"""TEE providers by the names that users of ChaosChain's SDK know.

    from chaoschain_tee.providers.tee import get_phala_dstack_tee

    PhalaTEE = get_phala_dstack_tee()
    tee = PhalaTEE()
    keypair = tee.generate_key()
    signature = tee.sign(b"action", keypair)
"""

from __future__ import annotations

from typing import Any, Dict, Protocol, Type, runtime_checkable

from .. import tee as _tee
from ..signature import TEESignature
from ..tee import (TEE, AttestationReport, PhalaDstackTEE, ProviderInfo, SimulatedTEE, TEEKeypair, identity_path,
                   known_providers, open_tee, probe)

__all__ = [
    "AttestationReport", "PhalaDstackTEE", "ProviderInfo", "SimulatedTEE", "TEE", "TEEKeypair", "TEEProvider",
    "TEESignature", "get_phala_dstack_tee", "get_simulated_tee", "identity_path", "known_providers", "open_tee",
    "probe",
]


@runtime_checkable
class TEEProvider(Protocol):
    """What every TEE provider has. `TEE` and its classes do."""

    @property
    def provider_name(self) -> str:
        """E.g. ``"phala-dstack"``."""

    @property
    def is_available(self) -> bool:
        """Is the TEE there? Never raises."""

    def generate_key(self, **kwargs: Any) -> TEEKeypair:
        """Makes an attested key."""

    def sign(self, message: bytes, keypair: TEEKeypair) -> TEESignature:
        """Signs a message; the signature carries the evidence."""

    def verify_attestation(self, signature: TEESignature) -> bool:
        """True only if every required check ran and passed."""

    def get_attestation_report(self) -> Dict[str, Any]:
        """What the TEE says of this environment."""


def get_phala_dstack_tee() -> Type[PhalaDstackTEE]:
    """The class of the phala-dstack provider, once its plug-in is found and loaded.

    Raises:
        ImportError: (a `ProviderMissingError`) with two lines: what is missing, and the command that installs it.
    """
    _tee._find(_tee._registry(None, None), "phala-dstack")
    return PhalaDstackTEE


def get_simulated_tee() -> Type[SimulatedTEE]:
    """The class of the simulated provider, likewise."""
    _tee._find(_tee._registry(None, None), "simulated")
    return SimulatedTEE
