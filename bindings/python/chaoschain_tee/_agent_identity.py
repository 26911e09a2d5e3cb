"""Who the agent is: its key, its registration with evidence, its metadata and wallet on chain."""

from __future__ import annotations

import re
from ctypes import byref
from typing import Mapping, Optional, Tuple, Union

from . import _native_agent as n
from ._agent_base import AgentBase, NotRegisteredError
from ._attestation import Attestation, as_evidence, before_registration, must_be_same_environment
from ._chain import short_hash, transaction_text
from ._native import BytesLike, as_bytes, call, filled, lib, make
from ._settings import text_of, usage, wrong_type
from ._structs import Keccak, U256
from ._values import Hex, address_text, number
from .evidence import Evidence
from .sdk_types import AgentIdentity

_RESERVED = ("agentWallet",)  # the registry's own
_MAX_FILE = 256 * 1024


class IdentityPart(AgentBase):
    """Key, registration, metadata, wallet."""

    # ---------------------------------------------------------------------- identity ----

    @property
    def agent_id(self) -> Optional[int]:
        """The id as far as this object knows, without asking anybody: None before. 0 is an id."""
        return self._known_id()

    def get_agent_id(self) -> Optional[int]:
        """The agent's id by its store, or None: not registered. 0 is an id. Opens the agent's chain and store."""
        if self._tee is not None:
            _ = self._on_chain
        elif self._plain_id is None and self._chain.journal_knows(self._plain_intent()) is not None:
            self._plain_id = self._register_plain(None)[0]
        return self._known_id()

    def _own_id(self) -> int:
        agent_id = self._known_id()
        if agent_id is None:
            agent_id = self.get_agent_id()
        if agent_id is None:
            raise NotRegisteredError("the agent is not registered: register_identity() first", code="USAGE",
                                     status=0x101, field="agent")
        return agent_id

    @property
    def is_registered(self) -> bool:
        """Has the agent an id? As `get_agent_id`."""
        return self.get_agent_id() is not None

    @property
    def wallet_address(self) -> str:
        """The address that acts for the agent: its key in the TEE; without a TEE the owner's."""
        return self.keypair.address if self._tee is not None else self._chain.owner()

    @property
    def owner_address(self) -> str:
        """The account that owns the agent's token, and sends and pays. Opens the keystore and the chain."""
        return self._chain.owner()

    def get_agent_identity(self, agent_id: Optional[int] = None) -> AgentIdentity:
        """Who an agent is by the chain; this agent without an id.

        Raises:
            NotRegisteredError: this agent has no id yet.
            EnvironmentFault: NOT_FOUND, there is no such agent.
        """
        is_own = agent_id is None
        number_ = self._id_or_own(agent_id)
        chain = self._chain
        owner, wallet = chain.owner_of(number_), chain.wallet_of(number_)
        registry = address_text(lib.chaos_registries_address(chain.registries, n.REGISTRIES["identity"]))
        return AgentIdentity(
            agent_id=number_, agent_name=self.agent_name if is_own else "",
            agent_domain=self.agent_domain if is_own else "",
            wallet_address=address_text(wallet) if any(bytes(wallet)) else None, owner_address=address_text(owner),
            registration_tx=self._registration_tx() if is_own else "already_registered", network=chain.name,
            agent_registry="eip155:%d:%s" % (self._settings.network.chain_id, registry),
            agent_uri=chain.uri(number_).decode("utf-8", "replace"))

    def _registration_tx(self) -> str:
        known = self._chain.journal_knows(self._register_intent())
        return "already_registered" if known is None else transaction_text(known)

    def _register_intent(self) -> str:
        if self._tee is None:
            return self._plain_intent()
        return "agent/%s/register" % self.keypair.address.lower()

    # ------------------------------------------------------------------ registration ----

    def register_identity(self, token_uri: Optional[str] = None, metadata: Optional[Mapping[str, BytesLike]] = None,
                          tee_attestation: Union[Attestation, bool, None] = None) -> Tuple[int, str]:
        """Registers the agent on ERC-8004, or goes on registering, or finds that it is done.

        With a TEE: register → registration file with the id → setAgentURI → a quote over that file → ``tee.*``
        metadata → ``agentWallet`` proven by the TEE key's own signature. Nothing is sent twice, whatever happens in
        between: call again to go on.

        Args:
            token_uri: of a registration file of your own; for agents without a TEE alone, since a quote is made over
                the file that the library writes.
            metadata: further metadata, set after registration.
            tee_attestation: None or True: the evidence that the agent's keypair carries. An envelope
                (``keypair.attestation``, its ``"envelope"``, JSON, or an `Evidence`) must be of this agent's key, of
                stage 0 or 4. A report (``tee.get_attestation_report()``) names an environment and no key: it is compared
                with a quote that the TEE makes now over the agent's key, and both must be of the same machine, the same
                quoting enclave and the same code; then that fresh evidence is used. The report itself is never published.
                Neither is judged against a vendor's root here: that is the relying party's to do.

        Returns:
            The id (0 is one) and the hash of the transaction that registered it; "already_registered" when it was sent
            from another store.

        Raises:
            UsageError: evidence of another key, or of a later stage; no keystore; a token_uri with a TEE.
            FormatError: the attestation is malformed.
            TrustError: MEASUREMENT, the report is of another machine or other code.
            EnvironmentFault: FUNDS, NETWORK, REVERTED, UNCONFIRMED, …
        """
        if metadata is not None and not isinstance(metadata, Mapping):
            raise wrong_type("metadata", "a mapping of names to bytes", metadata)
        values = {key: as_bytes(value, "metadata") for key, value in (metadata or {}).items()}
        for key in values:
            self._check_key(key)
        if self._tee is None:
            if tee_attestation is not None and tee_attestation is not False:
                raise usage("an agent without tee_provider has no key that an attestation could be of",
                            "tee_attestation")
            agent_id, transaction = self._register_plain(token_uri)
        else:
            if token_uri is not None:
                raise usage("the quote is made over the registration file that the library writes: leave token_uri out",
                            "token_uri")
            agent_id, transaction = self._register_with_evidence(tee_attestation)
        for key, value in values.items():
            self.set_agent_metadata(key, value)
        return agent_id, transaction

    def _evidence_to_register(self, attestation: Union[Attestation, bool, None]) -> Optional[Evidence]:
        if attestation is None or attestation is True:
            return None
        if attestation is False:
            raise usage("an agent with a TEE registers with its evidence: leave tee_attestation out",
                        "tee_attestation")
        given = as_evidence(attestation)
        if given.binding is not None:
            return given
        assert self._provider is not None
        own = self._provider.attest(self.keypair, binding=before_registration(self._settings.network))
        must_be_same_environment(given, own)
        return own

    def _register_with_evidence(self, attestation: Union[Attestation, bool, None]) -> Tuple[int, str]:
        agent = self._on_chain  # what is missing on our side is said before the TEE is asked
        evidence = self._evidence_to_register(attestation)
        agent_id, transaction = U256(), Keccak()
        call(lib.chaos_agent_register_identity, agent,
             None if evidence is None else evidence._handle, byref(agent_id), byref(transaction))
        return int(agent_id), transaction.hex() if any(bytes(transaction)) else "already_registered"

    def _plain_intent(self) -> str:
        return "sdk/%s/register" % re.sub(r"[^A-Za-z0-9._-]", "-", self.agent_name)

    def _register_plain(self, token_uri: Optional[str]) -> Tuple[int, str]:
        """Without a TEE: an agent whose file claims nothing."""
        chain = self._chain
        uri = token_uri
        if uri is None:
            fields = n.sized(n.RegistrationFields, name=text_of(self.agent_name, "agent_name"),
                             description=self._config_values[0], active=True)
            uri = chain.put(filled(_MAX_FILE, lib.chaos_registration_file_write, byref(fields)))
        agent_id, outcome = U256(), n.Outcome()
        call(lib.chaos_agent_register, chain.registries, chain.sender,
             self._plain_intent().encode("ascii"), text_of(uri, "token_uri"), None, 0, byref(agent_id),
             byref(outcome))
        self._plain_id = int(agent_id)
        return self._plain_id, transaction_text(outcome)

    # ---------------------------------------------------------------------- metadata ----

    @staticmethod
    def _check_key(key: str) -> None:
        if not text_of(key, "key"):
            raise usage("a metadata key is not empty", "key")
        if key in _RESERVED or key.startswith("tee."):
            raise usage("%s is written by register_identity, renew_evidence, anchor and request_validation alone" % key,
                        "key")

    def set_agent_metadata(self, key: str, value: BytesLike) -> str:
        """Sets a metadata value of this agent; empty bytes clear it.

        Returns:
            The transaction's hash, or "already_done" when the chain had it.

        Raises:
            UsageError: ``agentWallet`` and ``tee.*`` are not set in this way.
        """
        self._check_key(key)
        data = as_bytes(value, "value")
        agent_id = self._own_id()
        if self._chain.metadata(agent_id, key) == data:
            return "already_done"
        prefix = "sdk/%d/meta/%s" % (agent_id, re.sub(r"[^A-Za-z0-9._-]", "-", key)[:32])
        prefix += "/" + short_hash(key.encode("utf-8") + b"\0" + data)
        outcome = self._chain.set_metadata(prefix, agent_id, key, data)
        self._record("erc8004/set-metadata", {"agent_id": str(agent_id), "key": key, "value": "0x" + data.hex()},
                     outcome)
        return transaction_text(outcome)

    def get_agent_metadata(self, key: str, agent_id: Optional[int] = None) -> bytes:
        """A metadata value of an agent (this one without an id); empty: there is none."""
        return self._chain.metadata(self._id_or_own(agent_id), key)

    def get_agent_wallet(self, agent_id: Optional[int] = None) -> Optional[str]:
        """agentWallet of an agent as the chain has it: of a TEE agent the TEE's key. None: none is set."""
        wallet = self._chain.wallet_of(self._id_or_own(agent_id))
        return address_text(wallet) if any(bytes(wallet)) else None

    # ---------------------------------------------------------------------- evidence ----

    def _lent_evidence(self, pointer: Optional[int]) -> Optional[Evidence]:
        return None if not pointer else Evidence._lent(pointer)

    @property
    def evidence(self) -> Optional[Evidence]:
        """The stage-1 envelope that the chain names; None before registration."""
        return self._lent_evidence(lib.chaos_agent_evidence(self._on_chain))

    @property
    def session_evidence(self) -> Optional[Evidence]:
        """The envelope of the running session; None: this process has begun none."""
        return self._lent_evidence(lib.chaos_agent_session_evidence(self._on_chain))

    def begin_session(self) -> Evidence:
        """A fresh session key, quoted with the code that holds it, endorsed by the identity key. `act` begins one
        when there is none."""
        self._own_id()
        call(lib.chaos_agent_begin_session, self._on_chain)
        made = self.session_evidence
        assert made is not None
        return made

    def renew_evidence(self) -> Evidence:
        """New stage-1 evidence over the present registration file, on chain: after an upgrade, and before the old one
        expires."""
        self._own_id()
        call(lib.chaos_agent_renew_evidence, self._on_chain)
        made = self.evidence
        assert made is not None
        return made

    def attest(self, nonce: Union[int, Hex]) -> Evidence:
        """Stage-1 evidence over a nonce of somebody's choice: what an attestation endpoint answers."""
        self._own_id()
        word = number(nonce, "nonce")
        return Evidence(make(lib.chaos_evidence_free, lib.chaos_agent_attest, self._on_chain, byref(word)))
