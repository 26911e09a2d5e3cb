"""What is read from a node of one's own: the values of tee.head, the blocks that sessions name, what a transaction
paid."""

from __future__ import annotations

import json
import os
from ctypes import byref, pointer
from typing import Any, Dict, List, NamedTuple, Set

from . import _native_agent as n
from ._chain import Chain, keccak_of, u256
from ._errors import FormatError
from ._native import call, called_by_c, filled, lib, make
from ._settings import fault, usage
from ._structs import Address, Keccak
from .bundle import BlockHash, Head
from .evidence import Evidence

_HEAD_SIZE = 40
_MAX_LINE = 2 * 1024 * 1024  # CHAOS_MAX_BUNDLE_LINE
_MAX_SESSIONS = 1024         # CHAOS_MAX_BUNDLE_ENVELOPES
_INTERNAL = 0x504
_ENVELOPE = b'{"envelope":'


def _second_bytes(data: bytes) -> bytes:
    """The second value of (string, bytes) in ABI words; empty when it is none."""
    offset = int.from_bytes(data[32:64], "big")
    if len(data) < 64 or offset > len(data) - 32:
        return b""
    size = int.from_bytes(data[offset:offset + 32], "big")
    value = data[offset + 32:offset + 32 + size]
    return value if len(value) == size else b""


class _Heads:
    """Collects what the log reader gives. What goes wrong in a callback is raised when the call has returned."""

    def __init__(self) -> None:
        self.found: List[Head] = []
        self.failure: List[BaseException] = []
        self.on_log = n.ON_LOG(self._log)
        self.on_rollback = n.ON_ROLLBACK(self._rollback)

    @called_by_c
    def _log(self, _context: Any, log: Any, _err: Any) -> int:
        try:
            value = _second_bytes(log.contents.data.bytes())
            if len(value) == _HEAD_SIZE:
                self.found.append(Head(int.from_bytes(value[:8], "big"), value[8:], log.contents.block_number))
            return 0
        except BaseException as error:
            self.failure.append(error)
            return _INTERNAL

    @called_by_c
    def _rollback(self, _context: Any, first: int, _err: Any) -> int:
        self.found = [head for head in self.found if head.block < first]
        return 0


def read_heads(chain: Chain, agent_id: int) -> List[Head]:
    """Every value that tee.head has had, in ascending order of sequence."""
    registry: Address = lib.chaos_registries_address(chain.registries, n.REGISTRIES["identity"])
    topics = (lib.chaos_event_topic(n.EVENT_METADATA_SET), Keccak.of(bytes(u256(agent_id))), keccak_of(b"tee.head"))
    heads = _Heads()
    options = n.sized(n.LogReaderOptions, rpc=chain.rpc.pointer, addresses=pointer(registry), address_count=1,
                      first_block=chain.settings.network.first_block, on_log=heads.on_log,
                      on_rollback=heads.on_rollback)
    for position, topic in enumerate(topics):
        options.topics[position].any_of = pointer(topic)
        options.topics[position].count = 1
    reader = make(lib.chaos_log_reader_free, lib.chaos_log_reader_open, byref(options),
                  parents=(heads, topics, registry, chain.rpc))
    try:
        call(lib.chaos_log_reader_poll, reader, None)
    except Exception:
        if heads.failure:
            raise heads.failure[0]
        raise
    rising: List[Head] = []
    for head in sorted(heads.found, key=lambda head: (head.sequence, head.block)):
        if not rising or head.sequence > rising[-1].sequence:
            rising.append(head)
    return rising


def read_anchor_blocks(chain: Chain, folder: str) -> List[BlockHash]:
    """The blocks that the sessions of a bundle name, as this node has them."""
    numbers: Set[int] = set()
    with open(os.path.join(folder, "bundle.jsonl"), "rb") as file:
        for line in iter(lambda: file.readline(_MAX_LINE + 2), b""):
            if line.startswith(_ENVELOPE) and len(numbers) < _MAX_SESSIONS:
                numbers.add(_anchor_block(line))
    numbers.discard(0)
    head = chain.block().number
    return [BlockHash(number, chain.block(number).hash.hex()) for number in sorted(numbers) if number <= head]


def _anchor_block(line: bytes) -> int:
    """Of the envelope in a line; 0 when there is none to be read: the bundle's reader says what is wrong with it."""
    try:
        binding = Evidence.from_envelope(line[len(_ENVELOPE):].rstrip(b"\n")[:-1]).binding
    except FormatError:
        return 0
    return 0 if binding is None else binding.anchor_block


# ----------------------------------------------------------------------- payments ----

_TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"  # Transfer(address,address,uint256)
_MAX_ANSWER = 4 * 1024 * 1024


class Transfer(NamedTuple):
    """Value that went from one address to another."""

    payer: bytes
    payee: bytes
    token: bytes  # of an ERC-20 token; empty: ether


class Payment(NamedTuple):
    """A transaction that succeeded."""

    transaction_hash: str
    time: int
    transfers: List[Transfer]


def _ask(chain: Chain, method: str, *parameters: str) -> Dict[str, Any]:
    text = filled(_MAX_ANSWER, lib.chaos_rpc_request, chain.rpc, method.encode("ascii"),
                  json.dumps(parameters).encode("ascii"))
    answer = json.loads(text)
    return answer if isinstance(answer, dict) else {}


def _octets(text: Any, size: int) -> bytes:
    """The last bytes of hex text; what has not so many, or is none, is no address of anybody."""
    try:
        return bytes.fromhex(text[2:])[-size:]
    except (TypeError, ValueError):
        return b""


def read_payment(chain: Chain, transaction_hash: str) -> Payment:
    """What a transaction moved, in ether and by ERC-20 transfers. NOT_FOUND; UsageError for one that failed."""
    receipt = _ask(chain, "eth_getTransactionReceipt", transaction_hash)
    transaction = _ask(chain, "eth_getTransactionByHash", transaction_hash)
    if not receipt or not transaction:
        raise fault("this chain has no such transaction", "NOT_FOUND", 0x418, "payment_tx")
    if receipt.get("status") != "0x1":
        raise usage("the transaction failed", "payment_tx")
    moved = []
    if int(str(transaction.get("value", "0x0")), 16) > 0 and transaction.get("to"):
        moved.append(Transfer(_octets(transaction.get("from"), 20), _octets(transaction["to"], 20), b""))
    for log in receipt.get("logs", []):
        topics = log.get("topics", [])
        if len(topics) == 3 and topics[0] == _TRANSFER and any(_octets(log.get("data"), 32)):
            moved.append(Transfer(_octets(topics[1], 20), _octets(topics[2], 20),
                                  _octets(log.get("address"), 20)))
    return Payment(transaction_hash, int(chain.block(int(str(receipt["blockNumber"]), 16)).timestamp), moved)
