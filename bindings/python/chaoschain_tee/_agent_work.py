"""What the agent does: signatures and receipts, functions with proof, content, evidence packages."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
from ctypes import byref
from datetime import datetime, timezone
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

from . import _native_agent as n
from . import _structs as s
from ._agent_base import as_json
from ._agent_identity import IdentityPart
from ._chain import keccak_of, transaction_text
from ._chain_facts import read_anchor_blocks, read_heads
from ._native import BytesLike, as_bytes, call, lib, make
from ._settings import PathLike, text_of, usage, whole, wrong_type
from ._values import Time, address_text
from .bundle import check_bundle
from .sdk_types import EvidencePackage, IntegrityProof, Receipt
from .signature import TEESignature
from .trust import Expectation, PolicyLike, Roots
from .verdict import Verdict
from .verification import CollateralLike

PACKAGE_SCHEMA = "chaoschain/evidence-package/1"


class WorkPart(IdentityPart):
    """Signing, receipts, packages."""

    # ----------------------------------------------------------------------- signing ----

    def sign(self, message: BytesLike, *, action_type: str = "chaoschain/sign",
             receipt: Optional[bool] = None) -> TEESignature:
        """Signs any bytes (EIP-191) with the identity key; the signature carries its evidence.

        Args:
            message: the bytes.
            action_type: of the receipt.
            receipt: None: a receipt of this message is made first, once the agent is registered and on its chain; True:
                always, which needs that; False: none.
        """
        self._must_have_tee("a signature")
        data = as_bytes(message, "message")
        if receipt or (receipt is None and self._known_id() is not None):
            self.act(action_type, data)
        assert self._local is not None
        made = make(lib.chaos_signature_free, lib.chaos_agent_sign, self._local, s.Slice(data, len(data)))
        return TEESignature(made, data)

    # ---------------------------------------------------------------------- receipts ----

    def receipts(self, first: int = 0, last: Optional[int] = None) -> Iterator[Receipt]:
        """The receipts from `first` to `last`, both included; to the newest without it."""
        end = self.receipt_count() - 1 if last is None else last
        for sequence in range(first, end + 1):
            yield self.receipt(sequence)

    def anchor(self) -> str:
        """Writes the newest receipt's digest on chain (``tee.head``): from then on all before it provably existed.

        Returns the transaction's hash, or "already_done". UsageError when there is no receipt yet.
        """
        self._own_id()
        outcome = n.Outcome()
        call(lib.chaos_agent_anchor, self._on_chain, byref(outcome))
        return transaction_text(outcome)

    def export(self, folder: PathLike, first: int = 0, last: Optional[int] = None, *,
               collateral: BytesLike = b"") -> Tuple[int, int]:
        """Writes receipts `first` … `last` with all that proves them as a bundle (docs/receipts.md) into a folder that
        has none: bundle.jsonl, and content/ for what was kept.

        Returns:
            (first, last) as they were written.
        """
        count = self.receipt_count()
        if count == 0:
            raise usage("there is no receipt to export yet", "first")
        end = count - 1 if last is None else last
        for value in (first, end):
            whole(value, "first" if value is first else "last", count - 1)
        data = as_bytes(collateral, "collateral")
        call(lib.chaos_agent_export, self._on_chain, first, end, s.Slice(data, len(data)),
             text_of(os.fspath(folder), "folder"))
        return first, end

    # --------------------------------------------------------------------- integrity ----

    def register_integrity_checked_function(self, func: Callable[..., Any], function_name: Optional[str] = None) -> str:
        """Names a function for `execute_with_integrity_proof`; plain or async.

        Returns:
            ``tee.measurement`` of this agent as the chain has it, or "" before registration: what vouches for the code
            is its measurement in the quote, and not a hash of source text.
        """
        name = getattr(func, "__name__", "") if function_name is None else function_name
        if not callable(func):
            raise wrong_type("func", "a function", func)
        if not text_of(name, "function_name"):
            raise usage("a function needs a name", "function_name")
        self._functions[name] = func
        return self._code_hash()

    def _code_hash(self) -> str:
        agent_id = self._known_id()
        value = b"" if agent_id is None else self._chain.metadata(agent_id, "tee.measurement")
        return "0x" + value.hex() if value else ""

    async def execute_with_integrity_proof(self, function_name: str, inputs: Mapping[str, Any],
                                           require_proof: bool = True) -> Tuple[Any, Optional[IntegrityProof]]:
        """Runs a registered function with these keyword arguments, and signs a receipt over name, inputs and result.

        Args:
            function_name: as it was registered.
            inputs: keyword arguments; they and the result must be JSON values, or bytes, to be hashed.
            require_proof: False: no receipt.

        Returns:
            The result and the proof. Its ``verification_status`` is "not-checked": only who verifies the bundle knows.
        """
        if function_name not in self._functions:
            raise usage("no function of this name was registered", "function_name", found=str(function_name)[:96])
        given = _hashable(dict(inputs), "inputs")
        result = self._functions[function_name](**inputs)
        if inspect.isawaitable(result):
            result = await result
        if not require_proof:
            return result, None
        made = _hashable(result, "result")
        receipt = await asyncio.get_running_loop().run_in_executor(
            None, lambda: self.act("chaoschain/function", function_name.encode("utf-8"), input=given, output=made))
        return result, self._proof(function_name, receipt)

    def _proof(self, function_name: str, receipt: Receipt) -> IntegrityProof:
        assert self._provider is not None
        return IntegrityProof(
            proof_id=receipt.digest, function_name=function_name, code_hash=self._code_hash(),
            execution_hash=receipt.digest, timestamp=datetime.fromtimestamp(receipt.issued_at, timezone.utc),
            agent_name=self.agent_name, verification_status="not-checked", ipfs_cid=None,
            tee_attestation=receipt.evidence_hash, tee_provider=self._provider.provider_name,
            tee_job_id=str(receipt.sequence), tee_execution_hash=receipt.output_hash, receipt=receipt)

    # ----------------------------------------------------------------------- content ----

    def store_evidence(self, data: Any, evidence_type: str = "evidence") -> str:
        """Publishes JSON values (or bytes) in the content folder.

        Returns:
            ``ipfs://CID``: the name is made of the bytes, so whoever fetches them checks them.
        """
        if isinstance(data, (bytes, bytearray, memoryview)):
            return self._chain.put(bytes(data))
        return self._chain.put(as_json({"type": evidence_type, "data": data, "agent_name": self.agent_name}))

    def retrieve_evidence(self, cid: str) -> Any:
        """What `store_evidence` published: the JSON values, or the bytes where they are no such JSON.

        Raises:
            EnvironmentFault: NETWORK, …; TrustError: CONTENT_HASH, other bytes than the name says.
        """
        if not isinstance(cid, str):
            raise wrong_type("cid", "a str", cid)
        uri = cid if "://" in cid or cid.startswith("data:") else "ipfs://" + cid
        data, _ = self._chain.get(uri)
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            return data
        return value["data"] if isinstance(value, dict) and set(value) == {"type", "data", "agent_name"} else value

    # ---------------------------------------------------------------------- packages ----

    def create_evidence_package(self, task_id: str, studio_id: str = "",
                                work_proof: Optional[Mapping[str, Any]] = None, xmtp_thread_id: str = "",
                                participants: Sequence[Mapping[str, Any]] = (),
                                artifacts: Sequence[Mapping[str, Any]] = (),
                                integrity_proof: Optional[IntegrityProof] = None,
                                payment_proofs: Sequence[Mapping[str, Any]] = (),
                                validation_results: Sequence[Mapping[str, Any]] = (), *,
                                folder: Optional[PathLike] = None, first: int = 0, last: Optional[int] = None,
                                collateral: BytesLike = b"", anchor: bool = True) -> EvidencePackage:
        """A task with all that proves it: receipts `first` … `last` as a bundle in `folder`, and the agent's words about
        them as published JSON, which is itself a receipt (``chaoschain/package``) and the bundle's last one.

        Args:
            task_id, studio_id, work_proof, xmtp_thread_id, participants, artifacts, integrity_proof, payment_proofs,
                validation_results: of the caller; published as they are, and proven by nobody.
            folder: of the bundle; it must have none. None: one beside the store, packages/ and the package's id.
            first, last: which receipts; without `last` all up to the package's own.
            collateral: carried in the bundle for those who have none.
            anchor: writes the newest receipt on chain first, so that the bundle's time can be proven.
        """
        identity = self.get_agent_identity()
        package = EvidencePackage(
            package_id="", task_id=task_id, studio_id=studio_id, agent_identity=identity,
            work_proof=dict(work_proof or {}), receipts=(first, first), evidence_root="", folder="",
            participants=[dict(row) for row in participants], artifacts=[dict(row) for row in artifacts],
            integrity_proof=integrity_proof, validation_results=[dict(row) for row in validation_results],
            payment_proofs=[dict(row) for row in payment_proofs], xmtp_thread_id=xmtp_thread_id)
        words = as_json(_package_json(package))
        package.package_id = keccak_of(words).hex()
        package.ipfs_cid = self._chain.put(words)
        package.folder = self._package_folder(package.package_id) if folder is None else os.fspath(folder)
        own = self.act("chaoschain/package", words)
        if anchor:
            self.anchor()
        package.receipts = self.export(package.folder, first, own.sequence if last is None else last, collateral=collateral)
        package.evidence_root = self.receipt(package.receipts[1]).digest
        return package

    def _package_folder(self, package_id: str) -> str:
        assert self._chain.journal is not None
        folder = self._chain.journal.parent / "packages"
        folder.mkdir(mode=0o700, exist_ok=True)
        return str(folder / package_id[2:18])

    def verify_evidence_package(self, package: Union[EvidencePackage, PathLike], *, agent_id: Optional[int] = None,
                                trust_roots: Roots = None, policy: PolicyLike = None,
                                collateral: CollateralLike = None, at: Time = None, offline: bool = False) -> Verdict:
        """Judges a bundle of an agent (this one without an id), as its relying party: hardware, session keys, identity
        key, agent, each action, contents.

        Args:
            package: an `EvidencePackage`, or the folder of a bundle.
            agent_id: whose.
            trust_roots, policy, collateral: your own.
            at: None is the present; a time of your choice leaves the row about time not-checked.
            offline: nothing is read from the chain: then it is WARNING at best, since nobody says whose key it is now.

        Returns:
            The verdict. Only its truth value says that every check ran and passed.
        """
        folder = package.folder if isinstance(package, EvidencePackage) else os.fspath(package)
        if offline:
            return check_bundle(folder, collateral, at=at, trust_roots=trust_roots, policy=policy)
        number = self._id_or_own(agent_id)
        chain = self._chain
        registry = address_text(lib.chaos_registries_address(chain.registries, n.REGISTRIES["identity"]))
        wallet = chain.wallet_of(number)
        expectation = Expectation(agent="eip155:%d:%s:%d" % (chain.settings.network.chain_id, registry, number),
                                  identity_key=bytes(wallet))
        return check_bundle(folder, collateral, at=at, trust_roots=trust_roots, policy=policy, expectation=expectation,
                            heads=read_heads(chain, number), blocks=read_anchor_blocks(chain, folder))


def _hashable(value: Any, what: str) -> bytes:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    try:
        return as_json(value)
    except (TypeError, ValueError) as error:
        raise usage("%s must be bytes or JSON values: %s" % (what, error), what) from error


def _package_json(package: EvidencePackage) -> Dict[str, Any]:
    """The agent's words: everything of the package but what is made afterwards."""
    identity, proof = package.agent_identity, package.integrity_proof
    values: List[Any] = package.validation_results
    return {
        "schema": PACKAGE_SCHEMA, "task_id": package.task_id, "studio_id": package.studio_id,
        "agent": "%s:%d" % (identity.agent_registry, identity.agent_id), "agent_name": identity.agent_name,
        "agent_domain": identity.agent_domain, "work_proof": package.work_proof, "artifacts": package.artifacts,
        "participants": package.participants, "validation_results": values, "payment_proofs": package.payment_proofs,
        "xmtp_thread_id": package.xmtp_thread_id,
        "integrity_proof": None if proof is None else proof.receipt.to_dict(),
        "created_at": package.created_at.isoformat(),
    }
