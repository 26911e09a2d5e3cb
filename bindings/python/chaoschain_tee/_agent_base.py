"""What the parts of an agent share: its settings, its handles, and how an action becomes a receipt."""

from __future__ import annotations

import re
import threading
from ctypes import byref, c_uint64
from types import TracebackType
from typing import Any, Dict, Mapping, Optional, Type, TypeVar

from . import _native_agent as n
from . import _structs as s
from ._chain import Chain, Log, log_function
from ._errors import UsageError
from ._native import BytesLike, Handle, as_bytes, call, lib, make
from ._settings import Settings, maybe_text, text_of, usage, whole, wrong_type
from ._structs import U256
from ._values import address_text, json_text
from .sdk_types import Receipt
from .tee import TEE, TEEKeypair

_MAX_SEQUENCE = (1 << 53) - 1
_ACTION_TYPE = re.compile(r"[A-Za-z0-9._/:+-]{1,64}")


class NotRegisteredError(UsageError):
    """The agent has no id yet: `register_identity` first."""


def as_json(value: Any) -> bytes:
    """JSON in one line with sorted keys: the same value, the same bytes."""
    return json_text(value, "the JSON value", sort_keys=True, separators=(",", ":")).encode("utf-8")


def _maybe_slice(value: Optional[BytesLike], what: str) -> s.Slice:
    """NULL for None: "there is none", which differs from no bytes."""
    if value is None:
        return s.Slice(None, 0)
    data = as_bytes(value, what)
    return s.Slice(data, len(data))


def receipt_of(made: n.CReceipt) -> Receipt:
    """The receipt as a record."""
    action = made.action
    return Receipt(
        sequence=action.sequence, action_type=action.action_type.decode("ascii"),
        payload_hash=action.payload_hash.hex(), input_hash=action.input_hash.hex(),
        output_hash=action.output_hash.hex(), previous=action.previous.hex(), issued_at=action.issued_at,
        evidence_hash=action.evidence_hash.hex(), agent_registry=address_text(action.agent_registry),
        agent_id=int(action.agent_id), chain_id=int(action.chain_id),
        digest=lib.chaos_action_digest(byref(action)).hex(), signature=bytes(made.signature))


def _lent(_: int) -> None:
    """Frees nothing: the object belongs to another one."""


Self = TypeVar("Self", bound="AgentBase")


class AgentBase:
    """Opening and closing. Not for use by itself."""

    agent_name: str
    agent_domain: str

    def _open(self, settings: Settings, *, tee: Any, keypair: Any, description: Optional[str], endpoint: Optional[str],
              collateral: BytesLike, generation: int, log: Optional[Log]) -> None:
        self._settings = settings
        self._chain = Chain(settings, log)
        self._lock = threading.RLock()
        self._log = log_function(log)
        if tee is not None and not isinstance(tee, TEE):
            raise wrong_type("tee_provider", "a provider of chaoschain_tee.providers.tee", tee)
        if keypair is not None and not isinstance(keypair, TEEKeypair):
            raise wrong_type("tee_keypair", "what tee_provider.generate_key() gave", keypair)
        self._provider: Optional[TEE] = tee
        self._tee: Optional[Handle] = None if tee is None else tee._handle
        self._given: Optional[Handle] = None if keypair is None else keypair._handle
        self._agent: Optional[Handle] = None
        self._local: Optional[Handle] = None
        self._plain_id: Optional[int] = None
        self._functions: Dict[str, Any] = {}
        self._config_values = (maybe_text(description, "description"), maybe_text(endpoint, "endpoint"),
                               as_bytes(collateral, "collateral"), generation)
        if self._tee is not None:
            self._local = self._open_local()
        elif keypair is not None:
            raise usage("a keypair needs the provider that holds its private key", "tee_provider")

    def _config(self) -> n.AgentConfig:
        description, endpoint, collateral, generation = self._config_values
        network = self._settings.network
        assert self._tee is not None
        config = n.sized(
            n.AgentConfig, name=text_of(self.agent_name, "agent_name"), network=b"eip155:%d" % network.chain_id,
            tee=self._tee.pointer, has_identity_registry=self._settings.has_identity,
            identity_registry=network.identity, generation=generation, description=description, endpoint=endpoint,
            collateral=s.Slice(collateral, len(collateral)), log=self._log)
        if self._given is not None:
            config.keypair = self._given.pointer
        made: n.AgentConfig = config
        return made

    def _open_local(self) -> Handle:
        """The agent with its key, without a chain: asks the TEE, and nobody else."""
        config = self._config()
        return make(lib.chaos_agent_free, lib.chaos_agent_open, byref(config), parents=(self._tee, self._given))

    def _open_on_chain(self) -> Handle:
        chain = self._chain
        sender, registries, content = chain.sender, chain.registries, chain.content
        assert self._local is not None
        config = self._config()
        config.keypair = lib.chaos_agent_keypair(self._local.pointer)
        config.registries, config.sender, config.content = registries.pointer, sender.pointer, content.pointer
        config.store = text_of(str(chain.journal), "store")
        return make(lib.chaos_agent_free, lib.chaos_agent_open, byref(config),
                    parents=(self._tee, self._given, self._local, registries, sender, content, self._log))

    # ---------------------------------------------------------------------- handles ----

    @property
    def keypair(self) -> TEEKeypair:
        """The identity key: the one that was given, or the TEE's for this name, chain and registry."""
        self._must_have_tee("an identity key")
        assert self._local is not None
        return TEEKeypair(Handle(lib.chaos_agent_keypair(self._local), _lent, self._local))

    def _must_have_tee(self, what: str) -> None:
        self._chain.must_be_open()
        if self._tee is None:
            raise usage("%s needs a TEE: this agent was opened without tee_provider" % what, "tee_provider")

    @property
    def _on_chain(self) -> Handle:
        """The agent on its chain; opened when it is needed first."""
        self._must_have_tee("this")
        with self._lock:
            if self._agent is None:
                self._agent = self._open_on_chain()
            return self._agent

    def _known_id(self) -> Optional[int]:
        """The id as far as it is known without asking anybody."""
        if self._agent is None:
            return self._plain_id
        agent_id = U256()
        return int(agent_id) if lib.chaos_agent_id(self._agent, byref(agent_id)) else None

    def _own_id(self) -> int:
        raise NotImplementedError

    def _id_or_own(self, agent_id: Optional[int]) -> int:
        return self._own_id() if agent_id is None else agent_id

    # --------------------------------------------------------------------- receipts ----

    def act(self, action_type: str, payload: Optional[BytesLike] = None, *, input: Optional[BytesLike] = None,
            output: Optional[BytesLike] = None, keep: bool = True) -> Receipt:
        """Signs one action as a receipt, with the session key, whose quote proves the code that holds it.

        Args:
            action_type: 1 to 64 of ``A-Z a-z 0-9 . _ / : + -``, e.g. ``"shopping/cart"``.
            payload: what was done; None: there is none.
            input: with what.
            output: what came out.
            keep: the bytes go into the store, and into bundles; else their hashes alone.

        Returns:
            The receipt, with the next sequence; it is in the store before this returns.

        Raises:
            NotRegisteredError: receipts name the agent's id.
            UsageError: no TEE, or the type has another form.
            EnvironmentFault: LOCKED when another process with this store has begun a newer session.
        """
        if not _ACTION_TYPE.fullmatch(text_of(action_type, "action_type").decode("utf-8", "surrogateescape")):
            raise usage("an action's type has 1 to 64 of A-Z a-z 0-9 . _ / : + -", "action_type")
        self._must_have_tee("a receipt")
        self._own_id()
        what = n.sized(n.Act, action_type=action_type.encode("ascii"), payload=_maybe_slice(payload, "payload"),
                       input=_maybe_slice(input, "input"), output=_maybe_slice(output, "output"), keep=bool(keep))
        made = n.CReceipt()
        call(lib.chaos_agent_act, self._on_chain, byref(what), byref(made))
        return receipt_of(made)

    def _record(self, action_type: str, what: Mapping[str, Any], outcome: n.Outcome) -> None:
        """A transaction that was sent now becomes a receipt of this agent, when it has a TEE and an id."""
        if self._tee is None or outcome.was_done or self._known_id() is None:
            return
        self.act(action_type, as_json(dict(what)), output=bytes(outcome.transaction_hash))

    def receipt_count(self) -> int:
        """How many receipts there are; the next one has this sequence."""
        count = c_uint64()
        call(lib.chaos_agent_receipt_count, self._on_chain, byref(count))
        return count.value

    def receipt(self, sequence: int) -> Receipt:
        """One receipt; EnvironmentFault with NOT_FOUND."""
        number = whole(sequence, "sequence", _MAX_SEQUENCE)
        made = n.CReceipt()
        call(lib.chaos_agent_receipt_at, self._on_chain, number, byref(made))
        return receipt_of(made)

    # ------------------------------------------------------------------------ close ----

    def close(self) -> None:
        """Frees what is open. Everything that was done is in the store and on chain already."""
        with self._lock:
            self._agent = self._local = self._given = self._tee = self._provider = None
            self._chain.close()

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], value: Optional[BaseException],
                 traceback: Optional[TracebackType]) -> None:
        self.close()
