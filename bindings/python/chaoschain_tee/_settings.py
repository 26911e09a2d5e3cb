"""What an agent is told, from keyword arguments and the environment: which network, which node, who pays, what is kept.

Nothing is opened here and nothing is asked. The variables are those of the programs: CHAOS_RPC, CHAOS_IDENTITY,
CHAOS_REPUTATION, CHAOS_VALIDATION, CHAOS_KEYSTORE, CHAOS_JOURNAL, CHAOS_IPFS_GATEWAY; and CHAOS_PASSPHRASE_FILE,
CHAOS_CONTENT, CHAOS_CONTENT_BASE.
"""

from __future__ import annotations

import os
import stat
from ctypes import byref
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence, Union

from . import _native_agent as n
from ._errors import EnvironmentFault, UsageError
from ._native import call, lib
from ._structs import Address

PathLike = Union[str, "os.PathLike[str]"]
Passphrase = Union[str, bytes, Callable[[], Union[str, bytes]]]

_MAX_PASSPHRASE = 4096


def usage(text: str, field: Optional[str] = None, expected: str = "", found: str = "") -> UsageError:
    """A UsageError of the Python side."""
    return UsageError(text, code="USAGE", status=0x101, stage="environment", field=field, expected=expected, found=found)


def wrong_type(what: str, wanted: str, value: object) -> TypeError:
    """A TypeError in the words of this package."""
    return TypeError("%s must be %s, not %s" % (what, wanted, type(value).__name__))


def whole(value: int, what: str, last: int) -> int:
    """A number from 0 to `last`; TypeError, UsageError."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_type(what, "an int", value)
    if not 0 <= value <= last:
        raise usage("%s must lie in 0 ... %d" % (what, last), what, found=str(value)[:96])
    return value


def fault(text: str, code: str, status: int, field: Optional[str] = None) -> EnvironmentFault:
    """An EnvironmentFault of the Python side, with a status of the C library."""
    return EnvironmentFault(text, code=code, status=status, stage="environment", field=field)


def text_of(value: object, what: str) -> bytes:
    """`value` as UTF-8 for C; TypeError, or UsageError when it holds a NUL."""
    if not isinstance(value, str):
        raise wrong_type(what, "a str", value)
    data = value.encode("utf-8", "surrogateescape")
    if b"\0" in data:
        raise usage("%s must not hold a NUL" % what, what)
    return data


def maybe_text(value: Optional[str], what: str) -> Optional[bytes]:
    """None for None; else as text_of."""
    return None if value is None else text_of(value, what)


def address_of(text: str, what: str) -> Address:
    """The address "0x…" of one case or with a right EIP-55 checksum; UsageError."""
    made = Address()
    call(lib.chaos_address_parse, text_of(text, what), byref(made))
    return made


def _words(text: str) -> List[str]:
    return text.replace(",", " ").split()


def _list(value: Union[None, str, Sequence[str]], variable: str, what: str) -> List[str]:
    if value is None:
        return _words(os.environ.get(variable, ""))
    if isinstance(value, str):
        return [value]
    if not all(isinstance(word, str) for word in value):
        raise wrong_type(what, "a str or a sequence of str", value)
    return list(value)


# ----------------------------------------------------------------------- network ----


def find_network(name: str) -> n.Network:
    """By the names of data/networks.json, "eip155:N", or the path of a file of that shape ("chain deploy --out")."""
    network = n.Network()
    text = text_of(name, "network")
    if "/" in name or name.endswith(".json"):
        call(lib.chaos_network_load, text, None, byref(network))
    else:
        call(lib.chaos_network_find, text, byref(network))
    return network


def override_registries(network: n.Network, identity: Optional[str], reputation: Optional[str],
                        validation: Optional[str]) -> Dict[str, bool]:
    """Other registries than the network's: with another identity registry the network's other two do not belong. Says
    which were named."""
    given = {name: value or os.environ.get("CHAOS_" + name.upper(), "") for name, value in
             (("identity", identity), ("reputation", reputation), ("validation", validation))}
    if given["identity"]:
        address = address_of(given["identity"], "identity_registry")
        if bytes(address) != bytes(network.identity):
            network.identity, network.reputation, network.validation = address, Address(), Address()
    if given["reputation"]:
        network.reputation = address_of(given["reputation"], "reputation_registry")
    if given["validation"]:
        network.validation = address_of(given["validation"], "validation_registry")
    return {name: bool(value) for name, value in given.items()}


def rpc_urls(network: n.Network, rpc_url: Union[None, str, Sequence[str]]) -> List[str]:
    """The nodes to ask: given, CHAOS_RPC, the network's own variable, its public one. May be empty."""
    urls = _list(rpc_url, "CHAOS_RPC", "rpc_url")
    variable = network.rpc_variable.decode("ascii")
    if not urls and variable:
        urls = _words(os.environ.get(variable, ""))
    if not urls and network.rpc_url:
        urls = [network.rpc_url.decode("ascii")]
    return urls


# ----------------------------------------------------------------------- folders ----


def _base(variable: str, rest: str) -> Path:
    base = os.environ.get(variable, "")
    return Path(base) if base.startswith("/") else Path.home() / rest


def state_path(given: Optional[PathLike], variable: str, name: str) -> Path:
    """`given`, the variable, or `name` in the state folder that the programs use, too."""
    chosen = os.fspath(given) if given is not None else os.environ.get(variable, "")
    if chosen:
        return Path(chosen)
    folder = _base("XDG_STATE_HOME", ".local/state") / "chaoschain"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / name


def keystore_path(given: Optional[PathLike]) -> Path:
    """A file, or a name in the folder where `chaoschain account new` puts keystores."""
    chosen = os.fspath(given) if given is not None else os.environ.get("CHAOS_KEYSTORE", "")
    if not chosen:
        raise usage("which account sends this and pays for it?", "keystore",
                    "keystore=FILE, or CHAOS_KEYSTORE; `chaoschain account new` makes one")
    if "/" not in chosen and not Path(chosen).exists():
        for suffix in ("", ".json"):
            path = _base("XDG_DATA_HOME", ".local/share") / "chaoschain" / "keystore" / (chosen + suffix)
            if path.exists():
                return path
    return Path(chosen)


def _read_passphrase_file(path: Path) -> bytes:
    """The first line of a regular file of this user that nobody else may read."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY), "rb") as file:
            facts = os.fstat(file.fileno())
            if stat.S_ISREG(facts.st_mode) and facts.st_mode & 0o077:
                raise usage("%s may be read by others: chmod 600" % path, "passphrase_file")
            data = file.read(_MAX_PASSPHRASE + 1)
    except OSError as error:
        raise fault("%s: %s" % (path, error.strerror), "FILE_IO", 0x403, "passphrase_file") from error
    if len(data) > _MAX_PASSPHRASE:
        raise usage("%s holds more than %d bytes" % (path, _MAX_PASSPHRASE), "passphrase_file")
    return data.split(b"\n", 1)[0]


def read_passphrase(passphrase: Optional[Passphrase], file: Optional[PathLike]) -> bytes:
    """The passphrase of the keystore. It is never taken from the command line or a variable of its own."""
    if passphrase is not None and file is not None:
        raise usage("passphrase and passphrase_file: one of them", "passphrase")
    if passphrase is not None:
        value = passphrase() if callable(passphrase) else passphrase
        if isinstance(value, str):
            return value.encode("utf-8")
        if isinstance(value, bytes):
            return value
        raise wrong_type("passphrase", "str, bytes, or a function that gives one", value)
    chosen = os.fspath(file) if file is not None else os.environ.get("CHAOS_PASSPHRASE_FILE", "")
    if not chosen:
        raise usage("the keystore needs its passphrase", "passphrase",
                    "passphrase=, passphrase_file=, or CHAOS_PASSPHRASE_FILE")
    return _read_passphrase_file(Path(chosen))


class Settings:
    """Where an agent stands and what it may use; see ChaosChainAgentSDK for the meaning of each."""

    def __init__(self, *, network: str, rpc_url: Union[None, str, Sequence[str]], identity_registry: Optional[str],
                 reputation_registry: Optional[str], validation_registry: Optional[str],
                 keystore: Optional[PathLike], passphrase: Optional[Passphrase],
                 passphrase_file: Optional[PathLike], store: Optional[PathLike], content: Optional[PathLike],
                 content_base: Optional[str], gateways: Union[None, str, Sequence[str]]) -> None:
        self.network = find_network(network)
        self.named = override_registries(self.network, identity_registry, reputation_registry, validation_registry)
        self.urls = rpc_urls(self.network, rpc_url)
        if len(self.urls) > n.MAX_ENDPOINTS:
            raise usage("at most %d nodes" % n.MAX_ENDPOINTS, "rpc_url")
        self.keystore = keystore
        self.passphrase = passphrase
        self.passphrase_file = passphrase_file
        self.store = store
        self.content = content
        self.content_base = content_base if content_base is not None else os.environ.get("CHAOS_CONTENT_BASE") or None
        self.gateways = _list(gateways, "CHAOS_IPFS_GATEWAY", "gateways")
        if len(self.gateways) > n.MAX_GATEWAYS:
            raise usage("at most %d gateways" % n.MAX_GATEWAYS, "gateways")

    @property
    def is_local(self) -> bool:
        """Is it a chain on this machine?"""
        return bool(self.network.kind == n.NETWORK_LOCAL)

    @property
    def has_identity(self) -> bool:
        """Is it known where the identity registry is?"""
        return any(bytes(self.network.identity))
