"""The connections of an agent, each opened when it is needed first: node and registries to read, and an account, a
journal and published content to send."""

from __future__ import annotations

import threading
from ctypes import byref, c_bool, c_char_p, create_string_buffer, pointer
from pathlib import Path
from typing import Any, Callable, Optional, Tuple

from . import _native_agent as n
from . import _structs as s
from ._errors import ChaosError
from ._native import Handle, call, called_by_c, filled, lib, make, slice_of
from ._settings import Settings, keystore_path, maybe_text, read_passphrase, state_path, text_of, usage, whole, wrong_type
from ._structs import Keccak, U256
from ._values import address_text

Log = Callable[[str], None]


def log_function(log: Optional[Log]) -> Any:
    """A callback for C; whoever hands it over keeps it as long as C may call it."""
    if log is None:
        null: Any = n.LOG
        return null()
    if not callable(log):
        raise wrong_type("log", "a function", log)
    told: Log = log

    @called_by_c
    def say(_: Any, line: bytes) -> None:
        told(line.decode("ascii", "replace"))
    return n.LOG(say)


def transaction_text(outcome: n.Outcome) -> str:
    """The transaction's hash, or "already_done" where the chain was as it should be and nothing had to be sent."""
    digest: Keccak = outcome.transaction_hash
    return digest.hex() if any(bytes(digest)) else "already_done"


class Chain:
    """One agent's way to the chain."""

    def __init__(self, settings: Settings, log: Optional[Log]) -> None:
        self.settings = settings
        self._lock = threading.RLock()
        self._log = log_function(log)
        self._rpc: Optional[Handle] = None
        self._registries: Optional[Handle] = None
        self._account: Optional[Handle] = None
        self._sender: Optional[Handle] = None
        self._content: Optional[Handle] = None
        self.journal: Optional[Path] = None
        self._is_closed = False

    def must_be_open(self) -> None:
        """UsageError after `close`."""
        if self._is_closed:
            raise usage("the agent was closed", "agent")

    # ------------------------------------------------------------------ connections ----

    @property
    def rpc(self) -> Handle:
        """The node; NetworkFault, or CHAIN_ID when it is of another chain."""
        with self._lock:
            self.must_be_open()
            if self._rpc is None:
                self._rpc = self._open_rpc()
            return self._rpc

    def _open_rpc(self) -> Handle:
        urls = self.settings.urls
        if not urls:
            raise usage("no node of %s is known" % self.name, "rpc_url", "rpc_url=URL, or CHAOS_RPC")
        array = (c_char_p * len(urls))(*(text_of(url, "rpc_url") for url in urls))
        options = n.sized(n.RpcOptions, urls=array, url_count=len(urls), chain_id=self.settings.network.chain_id,
                          log=self._log)
        return make(lib.chaos_rpc_free, lib.chaos_rpc_open, byref(options), parents=(self._log,))

    @property
    def registries(self) -> Handle:
        """The registries, looked at and found to belong together."""
        with self._lock:
            self.must_be_open()
            if self._registries is None:
                self._registries = self._open_registries()
            return self._registries

    def _open_registries(self) -> Handle:
        settings = self.settings
        if not settings.has_identity:
            raise usage("%s has no well-known registries: say where they are" % self.name, "identity_registry",
                        "identity_registry=, CHAOS_IDENTITY, or network= a file of `chaoschain chain deploy --out FILE`")
        rpc = self.rpc
        options = n.sized(n.RegistriesOptions, rpc=rpc.pointer, network=pointer(settings.network))
        for name, is_named in settings.named.items():
            setattr(options, "has_" + name, is_named)
            setattr(options, name, getattr(settings.network, name))
        return make(lib.chaos_registries_free, lib.chaos_registries_open, byref(options), parents=(rpc,))

    @property
    def content(self) -> Handle:
        """Where bytes are published and fetched."""
        with self._lock:
            self.must_be_open()
            if self._content is None:
                self._content = self._open_content()
            return self._content

    def _open_content(self) -> Handle:
        settings = self.settings
        folder = state_path(settings.content, "CHAOS_CONTENT", "content")
        options = n.sized(n.ContentOptions, folder=text_of(str(folder), "content"),
                          base=maybe_text(settings.content_base, "content_base"), allow_local=settings.is_local)
        for i, gateway in enumerate(settings.gateways):
            options.gateways[i] = text_of(gateway, "gateways")
        return make(lib.chaos_content_free, lib.chaos_content_open, byref(options))

    @property
    def sender(self) -> Handle:
        """The owner's account with its journal."""
        with self._lock:
            self.must_be_open()
            if self._sender is None:
                self._sender = self._open_sender()
            return self._sender

    def _open_sender(self) -> Handle:
        settings = self.settings
        if self._account is None:
            path = keystore_path(settings.keystore)
            secret = read_passphrase(settings.passphrase, settings.passphrase_file)
            self._account = make(lib.chaos_account_free, lib.chaos_account_open_keystore,
                                 text_of(str(path), "keystore"), slice_of(secret, "passphrase"))
            settings.passphrase = settings.passphrase_file = None  # the key is in guarded memory from now on
        journal = state_path(settings.store, "CHAOS_JOURNAL", "journal.db")
        rpc = self.rpc
        options = n.sized(n.SenderOptions, rpc=rpc.pointer, account=self._account.pointer,
                          journal=text_of(str(journal), "store"), poll_ms=20 if settings.is_local else 0,
                          log=self._log)
        sender = make(lib.chaos_sender_free, lib.chaos_sender_open, byref(options),
                      parents=(rpc, self._account, self._log))
        self.journal = journal
        return sender

    def close(self) -> None:
        """Closes everything; what was sent is in the journal."""
        with self._lock:
            self._is_closed = True
            self._sender = self._account = self._content = self._registries = self._rpc = None

    # ------------------------------------------------------------------------ reads ----

    @property
    def name(self) -> str:
        """The network's name."""
        name: bytes = self.settings.network.name
        return name.decode("ascii")

    def owner(self) -> str:
        """The address of the account that sends."""
        return address_text(lib.chaos_sender_address(self.sender))

    def block(self, number: Optional[int] = None) -> n.Block:
        """A block by its number, or the newest."""
        block = n.Block()
        at = None if number is None else byref(n.BlockId(tag=n.BLOCK_NUMBER, number=number))
        call(lib.chaos_rpc_block, self.rpc, at, byref(block))
        return block

    def owner_of(self, agent_id: int) -> s.Address:
        """The owner of an agent; NOT_FOUND."""
        owner = s.Address()
        call(lib.chaos_agent_owner, self.registries, byref(u256(agent_id)), None, byref(owner))
        return owner

    def wallet_of(self, agent_id: int) -> s.Address:
        """agentWallet; zero: none."""
        wallet = s.Address()
        call(lib.chaos_agent_wallet, self.registries, byref(u256(agent_id)), None, byref(wallet))
        return wallet

    def exists(self, agent_id: int) -> bool:
        """Is there such an agent?"""
        there = c_bool()
        call(lib.chaos_agent_exists, self.registries, byref(u256(agent_id)), None, byref(there))
        return there.value

    def metadata(self, agent_id: int, key: str) -> bytes:
        """A value of the agent's metadata; empty: none."""
        return filled(n.MAX_VALUE, lib.chaos_agent_metadata, self.registries, byref(u256(agent_id)),
                      text_of(key, "key"), None)

    def uri(self, agent_id: int) -> bytes:
        """The agent's URI as the chain has it."""
        return filled(n.MAX_URI, lib.chaos_agent_uri, self.registries, byref(u256(agent_id)), None)

    # ---------------------------------------------------------------------- content ----

    def put(self, data: bytes) -> str:
        """Publishes bytes; their URI."""
        uri = create_string_buffer(n.CONTENT_URI_SIZE)
        call(lib.chaos_content_put, self.content, slice_of(data, "data"), uri)
        return uri.value.decode("ascii")

    def get(self, uri: str) -> Tuple[bytes, bool]:
        """Fetches bytes; does the URI itself fix them?"""
        committed = c_bool()
        buffer = s.Buffer(None, 0, 0, n.MAX_CONTENT)
        try:
            call(lib.chaos_content_get, self.content, text_of(uri, "uri"), byref(buffer), byref(committed))
            return s.LentSlice(buffer.data, buffer.size).bytes(), committed.value
        finally:
            lib.chaos_buffer_free(byref(buffer))

    # ---------------------------------------------------------------------- intents ----

    def journal_knows(self, intent: str) -> Optional[n.Outcome]:
        """What the journal says of an intent; None: it has none of this name."""
        outcome = n.Outcome()
        try:
            call(lib.chaos_sender_find, self.sender, intent.encode("ascii"), byref(outcome))
        except ChaosError as error:
            if error.code == "NOT_FOUND":
                return None
            raise
        return outcome

    def set_metadata(self, prefix: str, agent_id: int, key: str, value: bytes) -> n.Outcome:
        """Sets a value so that the chain has it now: an intent that is done says nothing of what came after it."""
        number = 0
        while True:
            intent = "%s/%d" % (prefix, number)
            known = self.journal_knows(intent)
            if known is None or known.state not in (n.INTENT_CONFIRMED, n.INTENT_REVERTED, n.INTENT_ABANDONED):
                break
            number += 1
        outcome = n.Outcome()
        call(lib.chaos_agent_set_metadata, self.registries, self.sender, intent.encode("ascii"),
             byref(u256(agent_id)), text_of(key, "key"), slice_of(value, "value"), byref(outcome))
        return outcome


def u256(value: int, what: str = "agent_id") -> U256:
    """An id for C; 0 is one. TypeError, UsageError."""
    return U256.from_int(whole(value, what, (1 << 256) - 1))


def keccak_of(data: bytes) -> Keccak:
    """Keccak-256."""
    made: Keccak = lib.chaos_content_hash(slice_of(data, "data"))
    return made


def short_hash(data: bytes) -> str:
    """16 bytes of the Keccak, in hex: enough for a name among one agent's intents."""
    return bytes(keccak_of(data)).hex()[:32]


def keccak_text(value: Any, what: str) -> Keccak:
    """32 bytes, or "0x" and 64 digits. UsageError."""
    if isinstance(value, (bytes, bytearray)) and len(value) == 32:
        made: Keccak = Keccak.of(bytes(value))
        return made
    if isinstance(value, str) and len(value) == 66 and value.startswith("0x"):
        try:
            made = Keccak.of(bytes.fromhex(value[2:]))
            return made
        except ValueError:
            pass
    raise usage("%s must be 32 bytes, or 0x and 64 hex digits" % what, what)
