"""The SDK's names for what is raised. They are the classes of `chaoschain_tee`, which carry code, stage and field."""

from __future__ import annotations

from chaoschain_tee import ChaosError as ChaosChainSDKError
from chaoschain_tee import FormatError as ValidationError
from chaoschain_tee import NetworkFault as NetworkError
from chaoschain_tee import RevertedError as ContractError
from chaoschain_tee import TrustError as IntegrityVerificationError
from chaoschain_tee import UsageError as ConfigurationError
from chaoschain_tee.agent import NotRegisteredError as AgentRegistrationError

AuthenticationError = IntegrityVerificationError

__all__ = [
    "AgentRegistrationError", "AuthenticationError", "ChaosChainSDKError", "ConfigurationError", "ContractError",
    "IntegrityVerificationError", "NetworkError", "ValidationError",
]
