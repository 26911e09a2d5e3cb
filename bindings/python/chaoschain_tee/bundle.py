"""An agent's receipts with all that proves them: `check_bundle`."""

from __future__ import annotations

import os
from ctypes import Array, byref, memmove, sizeof
from typing import Any, BinaryIO, NamedTuple, Optional, Sequence, Union

from . import _structs as s
from . import _values as v
from ._native import called_by_c, lib, make
from ._verify_native import (BlockHashStruct, BundleExpectationStruct, BundleSourceStruct, HeadStruct, bundle_content,
                             bundle_read)
from .trust import Expectation, PolicyLike, Roots, as_expectation, as_policy, as_trust
from .verdict import Verdict
from .verification import CollateralLike, _text_and_cache

__all__ = ["BlockHash", "Head", "check_bundle"]

_FILE_IO = 0x403
_MAX_CONTENT = 1 << 20


class Head(NamedTuple):
    """A value of the metadata ``tee.head``, read from a node of your own: the newest receipt at some time."""

    sequence: int
    """Of that receipt."""
    digest: v.Hex
    """Of that receipt, 32 bytes."""
    block: int
    """In which it was written."""


class BlockHash(NamedTuple):
    """A block and its hash, read from a node of your own: the anchorBlock of a session."""

    number: int
    """Of the block."""
    hash: v.Hex
    """32 bytes."""


class _Source:
    """What the library reads from. What goes wrong in a callback is kept and raised when the call has returned."""

    def __init__(self, file: BinaryIO, folder: Optional[str]) -> None:
        self.file = file
        self.folder = folder
        self.failure: Optional[BaseException] = None
        self.content: Optional[bytes] = None
        self.struct = BundleSourceStruct()
        self.struct.size = sizeof(self.struct)
        self.struct.read = bundle_read(self._read)
        if folder is not None:
            self.struct.content = bundle_content(self._content)

    @called_by_c
    def _read(self, _context: Any, into: int, capacity: int, got: Any, _err: Any) -> int:
        try:
            data = self.file.read(capacity)
            if not isinstance(data, bytes) or len(data) > capacity:
                raise TypeError("a bundle is read from a file that was opened as binary")
            memmove(into, data, len(data))
            got[0] = len(data)
            return 0
        except BaseException as error:  # also KeyboardInterrupt: nothing passes through C
            self.failure = error
            return _FILE_IO

    @called_by_c
    def _content(self, _context: Any, digest: Any, content: Any, _err: Any) -> int:
        try:
            self.content = self._content_file(bytes(digest.contents).hex())
            lent = s.Slice(self.content, 0 if self.content is None else len(self.content))
            memmove(content, byref(lent), sizeof(lent))
            return 0
        except BaseException as error:
            self.failure = error
            return _FILE_IO

    def _content_file(self, name: str) -> Optional[bytes]:
        path = os.path.join(self.folder or "", "content", name)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        with open(descriptor, "rb") as file:
            return file.read(_MAX_CONTENT + 1)


def check_bundle(source: Union[str, "os.PathLike[str]", BinaryIO], collateral: CollateralLike = None, *,
                 at: v.Time = None, trust_roots: Roots = None, policy: PolicyLike = None,
                 expectation: Optional[Expectation] = None, heads: Sequence[Head] = (),
                 blocks: Sequence[BlockHash] = ()) -> Verdict:
    """Checks an agent's receipts, the whole way, in one pass and constant memory: hardware, session key, identity,
    agent, each action, contents (docs/receipts.md).

    Args:
        source: a bundle: a file, a folder with ``bundle.jsonl`` and ``content/``, or a file opened as binary.
        collateral: your own. None: the bundle's, which caps the tier at WARNING.
        at: None is the present. A time of your choice leaves the row about time not-checked.
        trust_roots, policy: as in `verify`.
        expectation: of every session: agent, identity key.
        heads: values of ``tee.head`` in ascending order of their sequence.
        blocks: the anchor blocks of the sessions.

    Returns:
        The verdict of the session that stands worst; ``to_dict()["receipts"]`` has what was found of the receipts.

    Raises as `verify` does, and OSError when the bundle cannot be read.
    """
    expect = BundleExpectationStruct()
    expect.size = sizeof(expect)
    expect.agent = as_expectation(expectation)._struct
    expect.time_is_chosen = at is not None
    head_array = _heads(heads)
    block_array = _blocks(blocks)
    expect.heads, expect.head_count = head_array, len(head_array)
    expect.blocks, expect.block_count = block_array, len(block_array)
    if hasattr(source, "read"):
        return _check(source, None, expect, collateral, at, trust_roots, policy)
    path = os.fspath(source)
    folder = path if os.path.isdir(path) else None
    with open(os.path.join(path, "bundle.jsonl") if folder else path, "rb") as file:
        return _check(file, folder, expect, collateral, at, trust_roots, policy)


def _heads(heads: Sequence[Head]) -> "Array[HeadStruct]":
    made = (HeadStruct * len(heads))()
    for slot, (sequence, digest, block) in zip(made, heads):
        slot.sequence, slot.block = v.whole(sequence, "head.sequence"), v.whole(block, "head.block")
        slot.digest = s.Keccak.of(v.octets(digest, 32, "head.digest"))
    return made


def _blocks(blocks: Sequence[BlockHash]) -> "Array[BlockHashStruct]":
    made = (BlockHashStruct * len(blocks))()
    for slot, (number, digest) in zip(made, blocks):
        slot.number = v.whole(number, "block.number")
        slot.hash = s.Keccak.of(v.octets(digest, 32, "block.hash"))
    return made


def _check(file: Any, folder: Optional[str], expect: BundleExpectationStruct, collateral: CollateralLike, at: v.Time,
           trust_roots: Roots, policy: PolicyLike) -> Verdict:
    text, cache = _text_and_cache(collateral)
    source = _Source(file, folder)
    try:
        return Verdict(make(lib.chaos_verdict_free, lib.chaos_check_bundle, byref(source.struct), text,
                            as_trust(trust_roots)._handle, as_policy(policy)._handle, byref(expect),
                            v.seconds(at), cache))
    finally:
        if source.failure is not None:
            raise source.failure
