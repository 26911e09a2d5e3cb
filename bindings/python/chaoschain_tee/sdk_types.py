"""The records of the agent's side, under the names that users of the ChaosChain SDK know."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from enum import Enum
from typing import Any, Dict, List, NamedTuple, Optional

__all__ = [
    "AgentIdentity", "AgentRole", "EvidencePackage", "IntegrityProof", "NetworkConfig", "Receipt", "ValidationDecision",
    "ValidationRequest", "ValidationStatus",
]


class AgentRole(str, Enum):
    """What an agent does. SERVER and VALIDATOR are other names of WORKER and VERIFIER."""

    WORKER = "worker"
    VERIFIER = "verifier"
    CLIENT = "client"
    ORCHESTRATOR = "orchestrator"
    SERVER = "worker"
    VALIDATOR = "verifier"

    @classmethod
    def _missing_(cls, value: object) -> Optional["AgentRole"]:
        other = {"server": cls.WORKER, "validator": cls.VERIFIER}
        text = value.lower() if isinstance(value, str) else ""
        return other.get(text) or next((role for role in cls if role.value == text), None)


class NetworkConfig(str, Enum):
    """Networks by name. Any name of data/networks.json does as well, and ``"eip155:N"``, and the path of a network
    file."""

    ETHEREUM_MAINNET = "ethereum-mainnet"
    ETHEREUM_SEPOLIA = "ethereum-sepolia"
    BASE_MAINNET = "base-mainnet"
    BASE_SEPOLIA = "base-sepolia"
    OPTIMISM_SEPOLIA = "optimism-sepolia"
    ARBITRUM_SEPOLIA = "arbitrum-sepolia"
    POLYGON_AMOY = "polygon-amoy"
    LINEA_SEPOLIA = "linea-sepolia"
    LOCAL = "local"


@dataclass(frozen=True)
class AgentIdentity:
    """Who an agent is on chain.

    Attributes:
        agent_id: 0 is an id.
        agent_name: as it was opened.
        agent_domain: as it was opened; may be empty.
        wallet_address: agentWallet as the chain has it now, or None.
        owner_address: who owns the agent's token.
        registration_tx: hash of the transaction that registered it, or "already_registered".
        network: the network's name.
        agent_registry: ``"eip155:CHAIN:0xREGISTRY"``.
        agent_uri: where its registration file is.
    """

    agent_id: int
    agent_name: str
    agent_domain: str
    wallet_address: Optional[str]
    owner_address: str
    registration_tx: str
    network: str
    agent_registry: str
    agent_uri: str


@dataclass(frozen=True)
class Receipt:
    """One action, signed by the agent's session key (docs/receipts.md). Hashes are Keccak-256 of the bytes; zero: none.

    Attributes:
        sequence: from 0 over the agent's life, without a gap.
        action_type: e.g. ``"chaoschain/demo"``.
        payload_hash: of what was done.
        input_hash: of what it was done with.
        output_hash: of what came out.
        previous: digest of the receipt before.
        issued_at: Unix seconds.
        evidence_hash: of the session's envelope.
        agent_registry: the identity registry's address.
        agent_id: of the agent.
        chain_id: of the agent.
        digest: EIP-712 digest that was signed, and that the next receipt names.
        signature: r, s, v.
    """

    sequence: int
    action_type: str
    payload_hash: str
    input_hash: str
    output_hash: str
    previous: str
    issued_at: int
    evidence_hash: str
    agent_registry: str
    agent_id: int
    chain_id: int
    digest: str
    signature: bytes

    def to_dict(self) -> Dict[str, Any]:
        """As JSON values: the signature in hex, the id as text."""
        return {**asdict(self), "agent_id": str(self.agent_id), "signature": "0x" + self.signature.hex()}


class ValidationRequest(NamedTuple):
    """A request to a validator."""

    request_hash: str
    """Keccak-256 of the request file: what the validator answers."""
    transaction_hash: str
    """Of the request, or "already_done" where the chain had it."""
    validator: str
    """The address that was asked."""


@dataclass(frozen=True)
class ValidationStatus:
    """What the registry says of a request.

    Attributes:
        validator: the address that was asked.
        agent_id: of the agent that asked.
        is_answered: decided by the logs, since 0 and "no answer" look alike in the registry's state.
        response: 0 to 100; None while it is not answered.
        response_hash: of the report, or zero.
        tag: of the answer.
        last_update: Unix seconds of the answer, or of the request.
    """

    validator: str
    agent_id: int
    is_answered: bool
    response: Optional[int]
    response_hash: str
    tag: str
    last_update: int


@dataclass(frozen=True)
class ValidationDecision:
    """What an honest validator made of a request.

    Attributes:
        decision: ``"answer"`` (it was sent), ``"done"`` (before), ``"retry"`` (nothing can be said now) or
            ``"refuse"`` (never ours to answer).
        response: 100 AFFIRMING, 50 WARNING, 0 CONTRAINDICATED; None unless answered.
        tag: ``"tee-attestation/v1"``, ``"tee-sim/v1"``, …
        reason: why it was retried, refused or answered with 0; the error's code and sentence, or None.
        report_uri: of the published verdict.
        report_hash: of its bytes.
        transaction_hash: of the answer, or None.
        verdict: the verdict as JSON values; None where there is none.
    """

    decision: str
    response: Optional[int]
    tag: str
    reason: Optional[str]
    report_uri: str
    report_hash: str
    transaction_hash: Optional[str]
    verdict: Optional[Dict[str, Any]]


@dataclass(frozen=True)
class IntegrityProof:
    """That a function ran: a receipt over its name, inputs and result, under the names of the SDK's record.

    Attributes:
        proof_id: the receipt's digest.
        function_name: as it was registered.
        code_hash: ``tee.measurement`` as the chain has it: the measured workload, not a hash of source text.
        execution_hash: the receipt's digest, over the hashes of name, inputs and result.
        timestamp: the receipt's time.
        agent_name: of the agent.
        verification_status: always ``"not-checked"``: only a verifier of the bundle says more.
        ipfs_cid: None; packages publish.
        tee_attestation: hash of the session's envelope.
        tee_provider: name of the provider.
        tee_job_id: the receipt's sequence.
        tee_execution_hash: the receipt's output hash.
        receipt: the receipt itself.
    """

    proof_id: str
    function_name: str
    code_hash: str
    execution_hash: str
    timestamp: datetime
    agent_name: str
    verification_status: str
    ipfs_cid: Optional[str]
    tee_attestation: str
    tee_provider: str
    tee_job_id: str
    tee_execution_hash: str
    receipt: Receipt


@dataclass
class EvidencePackage:
    """A task with all that proves it. The proof is the bundle in ``folder``; the other members are the agent's words.

    Attributes:
        package_id: the Keccak-256 of the package's JSON, as it was published.
        task_id: of the caller.
        studio_id: of the caller; may be empty.
        agent_identity: of the agent.
        work_proof: of the caller.
        receipts: (first, last) sequence in the bundle.
        evidence_root: digest of the last receipt: it fixes all before it.
        folder: of the bundle: bundle.jsonl and content/.
        participants: of the caller.
        artifacts: of the caller.
        integrity_proof: of the caller.
        validation_results: of the caller.
        ipfs_cid: URI of the published JSON.
        created_at: when.
        payment_proofs: of the caller.
        xmtp_thread_id: of the caller; may be empty.
    """

    package_id: str
    task_id: str
    studio_id: str
    agent_identity: AgentIdentity
    work_proof: Dict[str, Any]
    receipts: "tuple[int, int]"
    evidence_root: str
    folder: str
    participants: List[Dict[str, Any]] = field(default_factory=list)
    artifacts: List[Dict[str, Any]] = field(default_factory=list)
    integrity_proof: Optional[IntegrityProof] = None
    validation_results: List[Dict[str, Any]] = field(default_factory=list)
    ipfs_cid: Optional[str] = None
    created_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    payment_proofs: List[Dict[str, Any]] = field(default_factory=list)
    xmtp_thread_id: str = ""
