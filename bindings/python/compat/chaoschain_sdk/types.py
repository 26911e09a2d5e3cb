"""The records and enumerations of the agent's side."""

from __future__ import annotations

from chaoschain_tee.sdk_types import (AgentIdentity, AgentRole, EvidencePackage, IntegrityProof, NetworkConfig, Receipt,
                                      ValidationDecision, ValidationRequest, ValidationStatus)

AgentID = int
TransactionHash = str

__all__ = [
    "AgentID", "AgentIdentity", "AgentRole", "EvidencePackage", "IntegrityProof", "NetworkConfig", "Receipt",
    "TransactionHash", "ValidationDecision", "ValidationRequest", "ValidationStatus",
]
