"""chaoschain_sdk, as chaoschain-tee gives it: the agent and the TEE providers on libchaoschain.

Not ChaosChain's own SDK, which this refuses to stand in for where it is installed. What has no meaning here (payments, AP2,
XMTP, studios) is not there: a name that is missing is an ImportError, and never a pretence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._compat import refuse_beside_the_sdk

refuse_beside_the_sdk()

from chaoschain_tee.agent import (AgentIdentity, AgentRole, ChaosChainAgentSDK, EvidencePackage,  # noqa: E402
                                  IntegrityProof, NetworkConfig, Receipt, ValidationDecision, ValidationRequest,
                                  ValidationStatus)

from .exceptions import (AgentRegistrationError, AuthenticationError, ChaosChainSDKError, ConfigurationError,  # noqa: E402
                         ContractError, IntegrityVerificationError, NetworkError, ValidationError)

__all__ = [
    "AgentIdentity", "AgentRegistrationError", "AgentRole", "AuthenticationError", "ChaosChainAgentSDK",
    "ChaosChainSDKError", "ConfigurationError", "ContractError", "EvidencePackage", "IntegrityProof",
    "IntegrityVerificationError", "NetworkConfig", "NetworkError", "Receipt", "ValidationDecision", "ValidationError",
    "ValidationRequest", "ValidationStatus",
]

if not TYPE_CHECKING:
    def __getattr__(name: str) -> Any:
        """ImportError, whose text an import statement shows, for what the SDK has and this has not."""
        from chaoschain_tee._not_here import why_not
        said = why_not(name)
        if said is not None:
            raise ImportError(said)
        raise AttributeError("module 'chaoschain_sdk' has no attribute %r" % name)
