"""An agent with its key in a TEE: `ChaosChainAgentSDK`.

    from chaoschain_tee.agent import ChaosChainAgentSDK
    from chaoschain_tee.providers.tee import get_phala_dstack_tee

    tee = get_phala_dstack_tee()()
    agent = ChaosChainAgentSDK(agent_name="SecureAgent", network="base-sepolia", tee_provider=tee)
    agent_id, tx_hash = agent.register_identity(tee_attestation=tee.get_attestation_report())
    agent.act("shopping/cart", b"one winter jacket")

Name, network and TEE are enough to open one and to sign; nothing is asked of the network before something is needed of
it. What is on chain needs a node, the registries, the owner's account (a keystore), and places for what is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Optional, Sequence, Union

from ._agent_base import NotRegisteredError
from ._agent_judging import JudgingPart
from ._chain import Log
from ._native import BytesLike, library_version
from ._not_here import knows_the_switches, why_not
from ._settings import Passphrase, PathLike, Settings, text_of, usage, whole
from ._values import address_text
from .sdk_types import (AgentIdentity, AgentRole, EvidencePackage, IntegrityProof, NetworkConfig, Receipt,
                        ValidationDecision, ValidationRequest, ValidationStatus)
from .tee import TEE, TEEKeypair

__all__ = [
    "AgentIdentity", "AgentRole", "ChaosChainAgentSDK", "EvidencePackage", "IntegrityProof", "NetworkConfig",
    "NotRegisteredError", "Receipt", "ValidationDecision", "ValidationRequest", "ValidationStatus",
]

_MAX_NAME = 64


class ChaosChainAgentSDK(JudgingPart):
    """An agent: a name, a network, a TEE and the key that acts for it; and, once it is needed, its chain.

    Args:
        agent_name: 1 to 64 printable ASCII characters; the identity key's label is made from it.
        agent_domain: for people; may be left out.
        agent_role: an `AgentRole` or its name, ``"server"`` and ``"validator"`` among them.
        network: a `NetworkConfig`, any name of data/networks.json, ``"eip155:N"``, or the path of a network file
            (``chaoschain chain deploy --out FILE``).
        tee_provider: an opened TEE of this package. None: an agent without a TEE, such as a client or a validator; it
            registers without evidence and signs no receipts.
        tee_keypair: a key that the TEE made; None: the TEE is asked for the identity key of this name on this network.
        rpc_url: node or nodes; else CHAOS_RPC, the network's own variable (BASE_SEPOLIA_RPC_URL, LOCAL_RPC_URL, …), its
            public node.
        identity_registry, reputation_registry, validation_registry: where they are not the network's; else
            CHAOS_IDENTITY, CHAOS_REPUTATION, CHAOS_VALIDATION.
        keystore: the owner's account, a Web3 keystore: a file, or a name in the folder of `chaoschain account`; else
            CHAOS_KEYSTORE.
        passphrase: of the keystore: text, bytes, or a function that gives it.
        passphrase_file: a file of this user alone (mode 0600) whose first line it is; else CHAOS_PASSPHRASE_FILE.
        store: file of the journal and the receipts; else CHAOS_JOURNAL, else the one of the programs.
        content: folder of what is published; else CHAOS_CONTENT.
        content_base: ``https://HOST/PATH/`` under which others find that folder; else CHAOS_CONTENT_BASE.
        gateways: of IPFS, ``https://HOST``; else CHAOS_IPFS_GATEWAY.
        description: of the registration file.
        endpoint: https URL of the agent's own attestation endpoint, for the registration file.
        collateral: the interchange JSON, carried in envelopes for those who have none.
        generation: of the identity key: 0, and one more after each hand-over.
        log: called with one line a step, from any thread.

    Raises:
        UsageError: a name, a network, a keypair of another TEE, …
        EnvironmentFault: without `tee_keypair`, outside the TEE: NETWORK, TEE_UNAVAILABLE, …

    Opens no connection. Everything that sends can be called again after a failure or a crash, and sends nothing twice.
    Every transaction that this object sends for a registered agent with a TEE becomes a receipt, too. Calls may come from
    any thread and are done one after the other. Close it with `close`, or use it in a ``with``.
    """

    @knows_the_switches
    def __init__(self, agent_name: str, agent_domain: str = "", agent_role: Union[AgentRole, str] = AgentRole.WORKER,
                 network: Union[NetworkConfig, str] = NetworkConfig.BASE_SEPOLIA, *,
                 tee_provider: Optional[TEE] = None, tee_keypair: Optional[TEEKeypair] = None,
                 rpc_url: Union[None, str, Sequence[str]] = None, identity_registry: Optional[str] = None,
                 reputation_registry: Optional[str] = None, validation_registry: Optional[str] = None,
                 keystore: Optional[PathLike] = None, passphrase: Optional[Passphrase] = None,
                 passphrase_file: Optional[PathLike] = None, store: Optional[PathLike] = None,
                 content: Optional[PathLike] = None, content_base: Optional[str] = None,
                 gateways: Union[None, str, Sequence[str]] = None, description: Optional[str] = None,
                 endpoint: Optional[str] = None, collateral: BytesLike = b"", generation: int = 0,
                 log: Optional[Log] = None) -> None:
        self.agent_name = _name(agent_name)
        text_of(agent_domain, "agent_domain")
        self.agent_domain = agent_domain
        try:
            self.agent_role = AgentRole(agent_role)
        except ValueError:
            raise usage("an agent's role is one of: %s" % ", ".join(role.value for role in AgentRole), "agent_role",
                        found=str(agent_role)[:96]) from None
        whole(generation, "generation", (1 << 32) - 1)
        settings = Settings(
            network=network.value if isinstance(network, NetworkConfig) else network, rpc_url=rpc_url,
            identity_registry=identity_registry, reputation_registry=reputation_registry,
            validation_registry=validation_registry, keystore=keystore, passphrase=passphrase,
            passphrase_file=passphrase_file, store=store, content=content, content_base=content_base,
            gateways=gateways)
        self._open(settings, tee=tee_provider, keypair=tee_keypair, description=description, endpoint=endpoint,
                   collateral=collateral, generation=generation, log=log)

    @property
    def network(self) -> str:
        """The network's name, e.g. ``"base-sepolia"``."""
        return self._chain.name

    @property
    def chain_id(self) -> int:
        """The chain's id."""
        return int(self._settings.network.chain_id)

    @property
    def tee_provider(self) -> Optional[TEE]:
        """The TEE, or None."""
        return self._provider

    @property
    def network_info(self) -> Dict[str, Any]:
        """Where the agent stands: ``name``, ``chain_id``, ``rpc_urls``, and the registries' addresses (None: not
        known). Asks nobody."""
        network = self._settings.network
        info: Dict[str, Any] = {"name": self.network, "chain_id": self.chain_id, "rpc_urls": list(self._settings.urls)}
        for kind in ("identity", "reputation", "validation"):
            address = getattr(network, kind)
            info[kind + "_registry"] = address_text(address) if any(bytes(address)) else None
        return info

    def get_sdk_status(self) -> Dict[str, Any]:
        """What this object is and knows, as JSON values. Asks nobody and opens nothing."""
        has_tee = self._provider is not None
        return {
            "agent_name": self.agent_name, "agent_domain": self.agent_domain, "agent_role": self.agent_role.value,
            "network": self.network, "chain_id": self.chain_id, "agent_id": self.agent_id,
            "wallet_address": self.wallet_address if has_tee else None,
            "tee_provider": self._provider.provider_name if self._provider is not None else None,
            "library_version": library_version(), "network_info": self.network_info,
            "features": {"tee": has_tee, "receipts": has_tee, "process_integrity": has_tee, "storage": True,
                         "payments": False, "ap2_integration": False},
        }

    if not TYPE_CHECKING:  # a type checker would take it for "every name is there"
        def __getattr__(self, name: str) -> Any:
            raise AttributeError(why_not(name) or "ChaosChainAgentSDK has no attribute %r" % name)

    def __repr__(self) -> str:
        return "<ChaosChainAgentSDK %s on %s, id %s>" % (self.agent_name, self.network, self.agent_id)


def _name(agent_name: str) -> str:
    text = text_of(agent_name, "agent_name")
    if not 1 <= len(text) <= _MAX_NAME or not all(32 <= byte < 127 for byte in text):
        raise usage("an agent's name has 1 to %d printable ASCII characters" % _MAX_NAME, "agent_name")
    return agent_name
