"""Hardware-attested identity for on-chain agents: the Python face of libchaoschain.

    from chaoschain_tee import verify
    verdict = verify(quote, collateral, at="2026-01-01T00:00:00Z")
    print(verdict.tier, verdict.error)

A relying party: `verify`, `check`, `Collateral`, `TrustRoots`, `Policy`, `Expectation`, `Verdict`.
Inside a TEE: `chaoschain_tee.providers.tee`.
Whatever fails raises a `ChaosError` with ``code``, ``stage`` and ``field``.
"""

from __future__ import annotations

from ._errors import (ChaosError, EnvironmentFault, FormatError, InternalError, NetworkFault, NotInTeeError,
                      PolicyError, ProviderMissingError, RevertedError, TrustError, UsageError)
from ._native import library_version
from .bundle import BlockHash, Head, check_bundle
from .collateral import CacheCounts, Collateral, CollateralFacts, Floor
from .evidence import Binding, Evidence
from .signature import TEESignature
from .tee import TEE, TEEKeypair, open_tee
from .trust import Anchor, Expectation, Policy, TrustRoots
from .verdict import Check, Verdict, VerdictError
from .verification import check, verify

__version__ = "0.1.0"

__all__ = [
    "Anchor", "Binding", "BlockHash", "CacheCounts", "ChaosError", "Check", "Collateral", "CollateralFacts",
    "EnvironmentFault", "Evidence", "Expectation", "Floor", "FormatError", "Head", "InternalError", "NetworkFault",
    "NotInTeeError", "Policy", "PolicyError", "ProviderMissingError", "RevertedError", "TEE", "TEEKeypair",
    "TEESignature", "TrustError", "TrustRoots", "UsageError", "Verdict", "VerdictError", "check", "check_bundle",
    "library_version", "open_tee", "verify",
]
