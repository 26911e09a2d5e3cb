"""Judging and being judged: validation requests and responses, feedback, reputation."""

from __future__ import annotations

import json
from ctypes import byref, c_uint8, c_uint64
from decimal import Decimal
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from . import _native_agent as n
from . import _structs as s
from ._agent_base import as_json
from ._agent_work import WorkPart
from ._chain import keccak_of, keccak_text, short_hash, transaction_text, u256
from ._chain_facts import read_payment
from ._native import BytesLike, Handle, as_bytes, call, filled, lib, make
from ._settings import address_of, fault, text_of, usage, whole, wrong_type
from ._structs import Keccak
from ._values import Hex, Time, address_text, json_bytes, seconds
from .sdk_types import ValidationDecision, ValidationRequest, ValidationStatus
from .trust import Roots, as_trust
from .verdict import Verdict

Score = Union[int, str, float, Decimal]
_MAX_TAG = 64 * 1024
_MAX_AGAIN = (1 << 32) - 1
_BACKINGS = {"tee": "tee", "simulated": "simulated", "no-tee": "no_tee"}


class JudgingPart(WorkPart):
    """Validation, feedback, reputation."""

    # ----------------------------------------------------------------------- request ----

    def request_validation(self, validator: Union[str, int], data_hash: Union[Hex, None] = None, *,
                           data_uri: Optional[str] = None, content: Optional[Mapping[str, BytesLike]] = None,
                           again: int = 0) -> ValidationRequest:
        """Asks a validator to judge this agent: the request file goes into the content folder and its hash on chain; then
        a quote over that hash is published where the file says, and ``tee.answer`` commits to it.

        Args:
            validator: the address that shall answer, or the id of an agent, whose owner is asked then.
            data_hash: Keccak-256 of work that is published elsewhere, at `data_uri`.
            data_uri: where; ``urn:keccak256:…`` names it by its hash alone.
            content: name → bytes of the work; they are published, too.
            again: the same validator and content are the same request; this counts further ones apart.

        Raises:
            NotRegisteredError, UsageError: neither ``content_base`` nor ``endpoint`` says where the answer will be.
            EnvironmentFault: NOT_AVAILABLE, the network has no validation registry; REVERTED; …
        """
        self._must_have_tee("a validation request")
        self._own_id()
        address = address_of(validator, "validator") if isinstance(validator, str) else self._chain.owner_of(validator)
        rows = self._request_rows(data_hash, data_uri, content or {})
        array = (n.RequestContent * max(len(rows), 1))(*rows)
        whole(again, "again", _MAX_AGAIN)
        request_hash, outcome = Keccak(), n.Outcome()
        call(lib.chaos_agent_request_validation, self._on_chain, byref(address), array, len(rows), again,
             byref(request_hash), byref(outcome))
        made = ValidationRequest(request_hash.hex(), transaction_text(outcome), address_text(address))
        self._record("erc8004/request-validation",
                     {"request_hash": made.request_hash, "validator": made.validator}, outcome)
        return made

    def _request_rows(self, data_hash: Union[Hex, None], data_uri: Optional[str],
                      content: Mapping[str, BytesLike]) -> List[n.RequestContent]:
        rows = []
        if not isinstance(content, Mapping):
            raise wrong_type("content", "a mapping of names to bytes", content)
        for name, value in content.items():
            data = as_bytes(value, "content")
            rows.append(n.RequestContent(text_of(name, "content"), self._chain.put(data).encode("ascii"),
                                         keccak_of(data)))
        if data_hash is not None:
            digest = keccak_text(data_hash, "data_hash")
            uri = "urn:keccak256:" + bytes(digest).hex() if data_uri is None else data_uri
            rows.append(n.RequestContent(b"data", text_of(uri, "data_uri"), digest))
        elif data_uri is not None:
            raise usage("data_uri says where the bytes of data_hash are: give both", "data_uri")
        return rows

    def get_validation_status(self, request_hash: Hex) -> ValidationStatus:
        """What the registry says of a request. EnvironmentFault: NOT_FOUND."""
        digest, found = keccak_text(request_hash, "request_hash"), n.Validation()
        tag = s.Buffer(None, 0, 0, _MAX_TAG)
        try:
            call(lib.chaos_validation_status, self._chain.registries, byref(digest), None, byref(found),
                 byref(tag))
            text = s.LentSlice(tag.data, tag.size).bytes().decode("utf-8", "replace")
        finally:
            lib.chaos_buffer_free(byref(tag))
        return ValidationStatus(
            validator=address_text(found.validator), agent_id=int(found.agent_id), is_answered=found.is_answered,
            response=found.response if found.is_answered else None, response_hash=found.response_hash.hex(), tag=text,
            last_update=found.last_update)

    # ---------------------------------------------------------------------- response ----

    def submit_validation_response(self, request_hash: Hex, score: int, *, tag: str = "", report: Any = None,
                                   response_uri: str = "", response_hash: Union[Hex, None] = None) -> str:
        """Answers a request with a score of your own, once. `validate_request` is the way to a score that evidence
        bears out.

        Args:
            request_hash: of a request that names this agent's owner as its validator.
            score: 0 to 100.
            tag: what the score is about. The tags of `validate_request` (``tee-…``) are its own and refused here.
            report: bytes or JSON values that explain it; published, and named by URI and hash.
            response_uri, response_hash: of a report that is elsewhere.

        Returns:
            The transaction's hash, or "already_done" when this very answer is on chain.

        Raises:
            UsageError: the score, or another answer of this validator is there already.
            EnvironmentFault: NOT_FOUND; REVERTED, this account is not its validator.
        """
        digest = keccak_text(request_hash, "request_hash")
        whole(score, "score", 100)
        if text_of(tag, "tag").startswith(b"tee-"):
            raise usage("the tags tee-… say that evidence was verified: validate_request gives them", "tag")
        if report is not None:
            if response_uri or response_hash is not None:
                raise usage("report, or response_uri and response_hash: one of them", "report")
            data = _report_bytes(report)
            response_uri, response_hash = self._chain.put(data), bytes(keccak_of(data))
        hashed = Keccak() if response_hash is None else keccak_text(response_hash, "response_hash")
        intent = "sdk/respond/" + bytes(digest).hex()
        outcome = n.Outcome()
        call(lib.chaos_validation_respond, self._chain.registries, self._chain.sender,
             intent.encode("ascii"), byref(digest), score, text_of(response_uri, "response_uri"), byref(hashed),
             text_of(tag, "tag"), byref(outcome))
        self._record("erc8004/validation-response",
                     {"request_hash": digest.hex(), "response": score, "response_hash": hashed.hex()}, outcome)
        return transaction_text(outcome)

    def validate_request(self, request_hash: Hex, *, trust_roots: Roots = None, policy: Any = None,
                         collateral: Any = None, at: Time = None, answer: bool = True) -> ValidationDecision:
        """Judges a request honestly and answers it on chain, once: 100 AFFIRMING, 50 WARNING, 0 CONTRAINDICATED. The
        evidence is fetched, everything is checked with what is given here and read from the own node; a fault of ours is
        a retry and never a 0. Needs no TEE.

        Args:
            request_hash: of a request.
            trust_roots: beside the vendor's root.
            policy: the JSON of a policy as bytes, text or dict; None: the default policy.
            collateral: the interchange JSON. None: what the envelope carries, which cannot be AFFIRMING.
            at: the time of judgement; None is the present.
            answer: False: judges, and sends nothing.
        """
        digest = keccak_text(request_hash, "request_hash")
        chain, trust = self._chain, as_trust(trust_roots)
        policy_text = b"" if policy is None else json_bytes(policy, "policy")
        collateral_text = b"" if collateral is None else json_bytes(collateral, "collateral")
        config = n.sized(n.ValidatorConfig, registries=chain.registries.pointer, content=chain.content.pointer,
                         trust=trust._handle.pointer, policy=s.Slice(policy_text, len(policy_text)),
                         collateral=s.Slice(collateral_text, len(collateral_text)),
                         first_block=self._settings.network.first_block, log=self._log)
        parents: Tuple[Any, ...] = (chain.registries, chain.content, trust, config)
        if answer:
            config.sender = chain.sender.pointer
            config.store = text_of(str(chain.journal), "store")
            parents += (chain.sender,)
        validator = make(lib.chaos_validator_free, lib.chaos_validator_open, byref(config), parents=parents)
        result = n.ValidationOutcome()
        call(lib.chaos_validator_validate, validator, byref(digest), seconds(at), byref(result))
        return _decision(result)

    # ---------------------------------------------------------------------- feedback ----

    def submit_feedback(self, agent_id: int, score: Score, feedback: str = "", *, tag1: str = "", tag2: str = "",
                        endpoint: str = "", again: int = 0) -> str:
        """Gives feedback to another agent, from this agent's owner.

        Args:
            agent_id: whom.
            score: a number, e.g. 87 or "99.5": at most 18 decimals.
            feedback: a text; published, and named by URI and hash.
            tag1: ``tee-verified``, ``tee-simulated`` or ``no-tee`` where it is about attested work; or your own.
            tag2: the service.
            endpoint: of the service.
            again: the same feedback again is the same and is not sent twice; this counts further ones apart.

        Returns:
            The transaction's hash.

        Raises:
            EnvironmentFault: REVERTED, e.g. for an agent of one's own; NOT_FOUND.
        """
        return self._give(agent_id, score, text_of(feedback, "feedback"), tag1, tag2, endpoint, again)

    def create_feedback_with_payment(self, agent_id: int, score: Score, feedback: str = "", *, payment_tx: Hex,
                                     tag1: str = "", tag2: str = "", endpoint: str = "", again: int = 0) -> str:
        """Feedback that proves a payment: the published file names the transaction, which is looked at first.

        Args:
            payment_tx: hash of a transaction on this chain that succeeded and paid the agent's wallet or owner, in ether
                or by an ERC-20 transfer, from this agent's owner or wallet. What the token is worth is not judged: the
                file names it.
            agent_id, score, feedback, tag1, tag2, endpoint, again: as in `submit_feedback`.

        Raises:
            UsageError: the transaction failed, or is no such payment.
            EnvironmentFault: NOT_FOUND, this chain has no such transaction.
        """
        payment = read_payment(self._chain, keccak_text(payment_tx, "payment_tx").hex())
        payees = {bytes(self._chain.owner_of(agent_id)), bytes(self._chain.wallet_of(agent_id))} - {bytes(20)}
        own = {bytes(address_of(text, "wallet")) for text in (self.owner_address, self.wallet_address)}
        paid = [transfer for transfer in payment.transfers if transfer.payer in own and transfer.payee in payees]
        if not paid:
            raise usage("the transaction pays nothing from this agent to agent %d" % agent_id, "payment_tx")
        proof = {"chainId": str(self._settings.network.chain_id), "fromAddress": "0x" + paid[0].payer.hex(),
                 "toAddress": "0x" + paid[0].payee.hex(), "txHash": payment.transaction_hash}
        if paid[0].token:
            proof["token"] = "0x" + paid[0].token.hex()
        words = as_json({
            "agentId": str(agent_id), "clientAddress": self.owner_address, "createdAt": payment.time,
            "feedback": feedback, "value": _score_text(score).decode("ascii"),
            "proofOfPayment": proof})
        return self._give(agent_id, score, words, tag1, tag2, endpoint, again)

    def _give(self, agent_id: int, score: Score, file: bytes, tag1: str, tag2: str, endpoint: str, again: int) -> str:
        draft = n.FeedbackDraft(tag1=text_of(tag1, "tag1"), tag2=text_of(tag2, "tag2"),
                                endpoint=text_of(endpoint, "endpoint"))
        decimals = c_uint8()
        call(lib.chaos_decimal_parse, _score_text(score), byref(draft.value), byref(decimals))
        draft.decimals = decimals.value
        whole(again, "again", _MAX_AGAIN)
        number, chain = u256(agent_id), self._chain
        if not chain.exists(agent_id):
            raise fault("there is no agent %d" % agent_id, "NOT_FOUND", 0x418, "agent_id")
        if file:
            draft.uri, draft.hash = chain.put(file).encode("ascii"), keccak_of(file)
        words = "\0".join([str(agent_id), _score_text(score).decode("ascii"), tag1, tag2, endpoint])
        intent = "sdk/feedback/%s/%d" % (short_hash(words.encode("utf-8") + b"\0" + file), again)
        index, outcome = c_uint64(), n.Outcome()
        call(lib.chaos_feedback_give, chain.registries, chain.sender, intent.encode("ascii"),
             byref(number), byref(draft), byref(index), byref(outcome))
        self._record("erc8004/feedback", {"agent_id": str(agent_id), "index": index.value, "tag1": tag1, "tag2": tag2,
                                          "value": _score_text(score).decode("ascii")}, outcome)
        return transaction_text(outcome)

    # -------------------------------------------------------------------- reputation ----

    def _read_reputation(self, agent_id: Optional[int], clients: Optional[Sequence[str]],
                         validators: Sequence[str], max_age_s: int) -> Dict[str, Any]:
        trusted = tuple(address_of(text, "validators") for text in _sequence(validators, "validators"))
        counted = tuple(address_of(text, "client_addresses") for text in _sequence(clients or (), "client_addresses"))
        chain = self._chain
        arrays = n.addresses(trusted), n.addresses(counted)
        options = n.sized(
            n.ReputationOptions, registries=chain.registries.pointer, agent_id=u256(self._id_or_own(agent_id)),
            validators=arrays[0], validator_count=len(trusted), clients=arrays[1], client_count=len(counted),
            first_block=self._settings.network.first_block, max_age_s=max_age_s)
        reputation = make(lib.chaos_reputation_free, lib.chaos_reputation_read, byref(options),
                          parents=(chain.registries, arrays))
        text = filled(n.MAX_REPUTATION, lib.chaos_reputation_write_json, reputation)
        result: Dict[str, Any] = json.loads(text)
        return result

    def get_reputation(self, agent_id: Optional[int] = None, tag1: Optional[str] = None, tag2: Optional[str] = None, *,
                       client_addresses: Optional[Sequence[str]] = None, validators: Sequence[str] = (),
                       max_age_s: int = 0) -> List[Dict[str, Any]]:
        """Every feedback that an agent (this one without an id) was given, and why it counts as what it does.

        Args:
            agent_id: whose.
            tag1, tag2: None: any.
            client_addresses: whose feedback counts; None: everybody's, which anybody can inflate.
            validators: addresses whose answers you trust. Without any nothing is ``"tee"``.
            max_age_s: of an answer; 0: 30 days.

        Returns:
            Dicts with ``client``, ``index``, ``block``, ``value`` (decimal text), ``tag1``, ``tag2``, ``revoked``,
            ``backing`` (``"tee"``, ``"simulated"``, ``"no-tee"``) and ``why``.
        """
        rows = self._read_reputation(agent_id, client_addresses, validators, max_age_s)["feedback"]
        return [row for row in rows if tag1 in (None, row["tag1"]) and tag2 in (None, row["tag2"])]

    def get_reputation_summary(self, agent_id: Optional[int] = None,
                               client_addresses: Optional[Sequence[str]] = None, tag1: Optional[str] = None,
                               tag2: Optional[str] = None, *, validators: Sequence[str] = (),
                               max_age_s: int = 0) -> Dict[str, Any]:
        """How much feedback of which worth, split by what stood behind it. The arguments are those of `get_reputation`.

        Returns:
            ``count`` and ``averageScore`` of all that is not revoked (a Decimal; None of nothing), and the same two for
            ``tee``, ``simulated`` and ``no_tee``. Simulated is never part of TEE.
        """
        rows = [row for row in self.get_reputation(agent_id, tag1, tag2, client_addresses=client_addresses,
                                                   validators=validators, max_age_s=max_age_s) if not row["revoked"]]
        result = _mean(rows)
        for backing, name in _BACKINGS.items():
            result[name] = _mean([row for row in rows if row["backing"] == backing])
        return result


def _mean(rows: List[Dict[str, Any]]) -> Dict[str, Any]:
    values = [Decimal(row["value"]) for row in rows]
    return {"count": len(values), "averageScore": sum(values, Decimal(0)) / len(values) if values else None}


def _sequence(values: Sequence[str], what: str) -> Sequence[str]:
    if isinstance(values, (str, bytes)):
        raise wrong_type(what, "a sequence of addresses", values)
    return values


def _score_text(score: Score) -> bytes:
    """The number as decimal text; a float as Python writes it."""
    if isinstance(score, bool) or not isinstance(score, (int, str, float, Decimal)):
        raise wrong_type("score", "a number", score)
    text = score if isinstance(score, str) else format(Decimal(str(score)), "f")
    return text_of(text, "score")


def _report_bytes(report: Any) -> bytes:
    from ._agent_work import _hashable
    return _hashable(report, "report")


def _decision(result: n.ValidationOutcome) -> ValidationDecision:
    name: bytes = lib.chaos_decision_name(result.decision)
    said = name.decode("ascii").lower()
    verdict = Verdict(Handle(result.verdict, lib.chaos_verdict_free)).to_dict() if result.verdict else None
    answered = said in ("answer", "done")
    reason = None
    if result.reason.status:
        code: bytes = lib.chaos_status_name(result.reason.status)
        reason = "%s: %s" % (code.decode("ascii"), result.reason.text.decode("utf-8", "replace"))
    sent = any(bytes(result.outcome.transaction_hash))
    return ValidationDecision(
        decision=said, response=result.response if answered else None, tag=result.tag.decode("ascii"), reason=reason,
        report_uri=result.report_uri.decode("ascii"), report_hash=result.report_hash.hex(),
        transaction_hash=result.outcome.transaction_hash.hex() if sent else None, verdict=verdict)
