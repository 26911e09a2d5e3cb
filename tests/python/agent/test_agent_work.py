"""The agent's side of chaoschain_tee: receipts, packages, judging and being judged, on a local chain beside a simulated
guest agent."""

import asyncio
import json
import re
import shutil
import threading
import time
import unittest
from decimal import Decimal
from pathlib import Path
from unittest import mock

from case import ZERO, Case, held, set_up_module, w
from chaoschain_tee import ChaosError, EnvironmentFault, FormatError, TrustError, _chain_facts
from chaoschain_tee.agent import (ChaosChainAgentSDK, EvidencePackage, IntegrityProof, NotRegisteredError,
                                  Receipt, ValidationDecision, ValidationRequest, ValidationStatus)
from chaoschain_tee.evidence import Evidence

setUpModule = set_up_module


# ----------------------------------------------------------------------- receipts ----


class Receipts(Case):
    def test_every_action_is_a_receipt_without_a_gap_across_restarts(self):
        agent = self.agent("Busy")
        with self.refused(NotRegisteredError, "USAGE"):
            agent.act("a/b", b"too early")
        signature = agent.sign(b"before registration")  # signed, and no receipt: there is no id yet
        self.assertEqual(signature.attestation["stage"], 0)
        with self.refused(NotRegisteredError, "USAGE"):
            agent.sign(b"x", receipt=True)
        agent.register_identity()
        self.assertEqual(agent.receipt_count(), 0)
        self.assertIsNone(agent.session_evidence)
        session = agent.begin_session()
        self.assertEqual(session.binding.stage, 5)
        first = agent.act("shopping/cart", b"payload", input=b"input", output=b"output")
        self.assertIsInstance(first, Receipt)
        self.assertEqual((first.sequence, first.previous, first.evidence_hash), (0, ZERO, session.hash))
        self.assertEqual((first.agent_id, first.chain_id), (agent.agent_id, 31337))
        self.assertEqual(first.agent_registry.lower(), w.registries["identity"].lower())
        self.assertNotIn(ZERO, (first.payload_hash, first.input_hash, first.output_hash))
        self.assertEqual((len(first.signature), first.issued_at > 1700000000), (65, True))
        agent.sign(b"through a receipt")
        agent.sign(b"without one", receipt=False)
        agent.set_agent_metadata("key", b"value")  # a transaction is an action, too
        self.assertEqual(agent.set_agent_metadata("key", b"value"), "already_done")
        agent.close()
        again = self.agent("Busy")
        empty = again.act("a/b")
        self.assertEqual((empty.payload_hash, empty.input_hash), (ZERO, ZERO))
        self.assertNotEqual(again.act("a/b", b"").payload_hash, ZERO)  # no bytes are not "none"
        rows = list(again.receipts())
        self.assertEqual([row.sequence for row in rows], list(range(5)))
        self.assertEqual([row.action_type for row in rows],
                         ["shopping/cart", "chaoschain/sign", "erc8004/set-metadata", "a/b", "a/b"])
        self.assertEqual([row.previous for row in rows[1:]], [row.digest for row in rows[:-1]])
        self.assertEqual(again.receipt(0), first)
        self.assertEqual(json.loads(json.dumps(first.to_dict()))["digest"], first.digest)
        self.assertEqual([row.sequence for row in again.receipts(1, 2)], [1, 2])

    def test_bad_actions(self):
        agent = self.agent("BadActions")
        agent.register_identity()
        for kind in ("", "a b", "x" * 65, "ä"):
            with self.subTest(kind=kind), self.wrong("action_type"):
                agent.act(kind)
        for call in (lambda: agent.act("a/b", "text"), lambda: agent.act(7), lambda: agent.receipt(True),
                     lambda: agent.receipt("0")):
            with self.mistyped():
                call()
        for sequence in (-1, 1 << 53):
            with self.subTest(sequence=sequence), self.wrong("sequence"):
                agent.receipt(sequence)
        with self.refused(EnvironmentFault, "NOT_FOUND"):
            agent.receipt(0)
        with self.wrong():
            agent.anchor()  # nothing to anchor
        with self.wrong("first"):
            agent.export(w.folder / "nothing")
        self.assertEqual(agent.receipt_count(), 0)

    def test_who_begins_a_session_acts(self):
        one, two = self.agent("Twice"), self.agent("Twice")
        one.register_identity()
        one.act("a/b")
        two.begin_session()
        with self.refused(EnvironmentFault, "LOCKED"):
            one.act("a/b")
        two.act("a/b")
        one.begin_session()
        self.assertEqual(one.act("a/b").sequence, 2)

    def test_a_store_that_was_rolled_back_is_refused(self):
        agent = self.agent("Rolled")
        agent.register_identity()
        agent.act("a/b", b"1")
        agent.close()
        shutil.copy(w.folder / "rolled.db", w.folder / "rolled-copy.db")
        agent = self.agent("Rolled")
        agent.act("a/b", b"2")
        transaction = agent.anchor()
        self.assertEqual(len(transaction), 66)
        self.assertEqual(agent.anchor(), transaction)
        agent.close()
        with self.refused(TrustError, "RECEIPT_HEAD"):
            self.agent("Rolled", store=w.folder / "rolled-copy.db").act("a/b", b"2 again")

    def test_calls_from_many_threads(self):
        agent = self.agent("Threads")
        agent.register_identity()
        failures = []

        def work():
            try:
                for _ in range(10):
                    agent.act("a/b", b"x")
            except Exception as error:
                failures.append(error)
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        rows = list(agent.receipts())
        self.assertEqual([row.previous for row in rows[1:]], [row.digest for row in rows[:-1]])
        self.assertEqual(len(rows), 40)

    def test_evidence_anew_and_over_a_nonce(self):
        agent = self.agent("Anew")
        with self.refused(NotRegisteredError, "USAGE"):
            agent.renew_evidence()
        agent.register_identity()
        old = agent.evidence.hash
        new = agent.renew_evidence()
        self.assertNotEqual(new.hash, old)
        self.assertEqual(agent.get_agent_metadata("tee.evidenceHash").hex(), new.hash[2:])
        answer = agent.attest("0x" + 64 * "7")
        self.assertIsInstance(answer, Evidence)
        self.assertEqual((answer.binding.stage, answer.binding.nonce), (1, "0x" + 64 * "7"))
        with self.assertRaises(ValueError):
            agent.attest("0x77")

    def test_functions_with_proof(self):
        agent = self.agent("Proofs")
        self.assertEqual(agent.register_integrity_checked_function(lambda a, b: a + b, "add"), "")
        agent.register_identity()

        async def later(text):
            return {"text": text}
        measurement = agent.register_integrity_checked_function(later)
        self.assertEqual(measurement, "0x" + agent.get_agent_metadata("tee.measurement").hex())
        result, proof = asyncio.run(agent.execute_with_integrity_proof("add", {"a": 1, "b": 2}))
        self.assertEqual(result, 3)
        self.assertIsInstance(proof, IntegrityProof)
        self.assertEqual((proof.verification_status, proof.code_hash, proof.tee_provider),
                         ("not-checked", measurement, "phala-dstack"))
        self.assertEqual((proof.receipt, proof.proof_id), (agent.receipt(0), agent.receipt(0).digest))
        self.assertEqual((proof.function_name, proof.agent_name, proof.tee_job_id, proof.ipfs_cid),
                         ("add", "Proofs", "0", None))
        self.assertEqual((proof.execution_hash, proof.tee_execution_hash, proof.tee_attestation),
                         (proof.receipt.digest, proof.receipt.output_hash, proof.receipt.evidence_hash))
        self.assertEqual(proof.timestamp.timestamp(), proof.receipt.issued_at)
        package = agent.create_evidence_package("proof", folder=w.folder / "proofs-bundle", integrity_proof=proof,
                                                validation_results=[{"score": 1}], payment_proofs=[{"txHash": "0x1"}],
                                                xmtp_thread_id="thread")
        self.assertEqual((package.integrity_proof, package.validation_results), (proof, [{"score": 1}]))
        self.assertEqual((package.payment_proofs, package.xmtp_thread_id), ([{"txHash": "0x1"}], "thread"))
        words = agent.retrieve_evidence(package.ipfs_cid)
        self.assertEqual((words["payment_proofs"], words["xmtp_thread_id"]), ([{"txHash": "0x1"}], "thread"))
        self.assertEqual(words["integrity_proof"], json.loads(json.dumps(proof.receipt.to_dict())))
        self.assertEqual(asyncio.run(agent.execute_with_integrity_proof("later", {"text": "x"}))[0], {"text": "x"})
        self.assertEqual(asyncio.run(agent.execute_with_integrity_proof("add", {"a": 1, "b": 2}, False)), (3, None))
        self.assertEqual(agent.receipt_count(), 3)  # two with a proof, and the package's
        for name, inputs, field in (("none", {}, "function_name"), ("add", {"a": object(), "b": 1}, "inputs"),
                                    ("add", {"a": float("nan"), "b": 1}, "inputs")):
            with self.subTest(name=name, inputs=inputs), self.wrong(field):
                asyncio.run(agent.execute_with_integrity_proof(name, inputs))
        with self.mistyped():
            agent.register_integrity_checked_function(7, "seven")
        with self.wrong("function_name"):
            agent.register_integrity_checked_function(later, "")


# ----------------------------------------------------------------------- packages ----


class Packages(Case):
    def package(self, name, **others):
        agent = self.agent(name)
        agent.register_identity()
        agent.act("shopping/cart", b"one winter jacket", output=b"a cart")
        return agent, agent.create_evidence_package(
            "task-1", "studio-1", {"cart": 1}, folder=w.folder / (name + "-bundle"),
            participants=[{"name": name}], artifacts=[{"uri": "ipfs://x"}], **others)

    def test_a_package_is_judged_with_the_chain_and_without(self):
        agent, package = self.package("Packer")
        self.assertIsInstance(package, EvidencePackage)
        self.assertEqual(package.receipts, (0, 1))
        self.assertEqual(package.evidence_root, agent.receipt(1).digest)
        words = agent.retrieve_evidence(package.ipfs_cid)
        self.assertEqual((words["task_id"], words["work_proof"]), ("task-1", {"cart": 1}))
        self.assertEqual((package.task_id, package.studio_id, package.work_proof, package.artifacts),
                         ("task-1", "studio-1", {"cart": 1}, [{"uri": "ipfs://x"}]))
        self.assertEqual(package.participants, [{"name": "Packer"}])
        self.assertEqual(package.agent_identity.agent_id, agent.agent_id)
        self.assertEqual(words["created_at"], package.created_at.isoformat())
        self.assertEqual(package.package_id, agent.receipt(1).payload_hash)
        verdict = agent.verify_evidence_package(package, **held)
        self.assertEqual((verdict.tier, bool(verdict)), ("AFFIRMING", True))
        self.assertEqual(agent.verify_evidence_package(package, offline=True, **held).tier, "WARNING")
        # Anybody else, from the folder and an own node.
        other = ChaosChainAgentSDK("Relying", network=str(w.network), rpc_url=w.url)
        self.addCleanup(other.close)
        self.assertTrue(other.verify_evidence_package(package.folder, agent_id=agent.agent_id, **held))
        self.assertFalse(other.verify_evidence_package(package.folder, agent_id=agent.agent_id,
                                                       collateral=held["collateral"]))  # no simulated root by default

    def test_a_bundle_that_was_touched_is_refused(self):
        agent = self.agent("Touched")
        agent.register_identity()
        for payload in (b"1", b"2"):
            agent.act("shopping/cart", payload)
        package = agent.create_evidence_package("task", folder=w.folder / "touched-bundle")
        lines = (Path(package.folder) / "bundle.jsonl").read_bytes().splitlines(keepends=True)
        receipts = [i for i, line in enumerate(lines) if line.startswith(b'{"receipt"')]
        self.assertTrue(agent.verify_evidence_package(package, **held))
        changes = {
            "RECEIPT_SEQUENCE": lines[:receipts[1]] + lines[receipts[1] + 1:],
            "RECEIPT_SIGNATURE": [line.replace(b'"shopping/cart"', b'"shopping/bomb"') for line in lines],
        }
        for code, changed in changes.items():
            folder = w.folder / ("touched-" + code)
            shutil.copytree(package.folder, folder)
            (folder / "bundle.jsonl").write_bytes(b"".join(changed))
            with self.subTest(code=code):
                verdict = agent.verify_evidence_package(folder, **held)
                self.assertEqual((verdict.error.code, bool(verdict)), (code, False))
        folder = w.folder / "touched-content"
        shutil.copytree(package.folder, folder)
        next((folder / "content").iterdir()).write_bytes(b"else")
        self.assertEqual(agent.verify_evidence_package(folder, **held).error.code, "RECEIPT_CONTENT")

    def test_another_agents_bundle_is_not_ones_own(self):
        _, package = self.package("Mallory")
        honest = self.agent("Honest")
        honest.register_identity()
        self.assertEqual(honest.verify_evidence_package(package, **held).error.code, "BINDING_AGENT")

    def test_export(self):
        agent, package = self.package("Exporter", anchor=False)
        self.assertEqual(agent.get_agent_metadata("tee.head"), b"")
        self.assertEqual(agent.export(w.folder / "exporter-part", 1, 1), (1, 1))
        second = agent.create_evidence_package("task-2", anchor=False)
        self.assertEqual(Path(second.folder).parent, w.folder / "packages")
        self.assertTrue((Path(second.folder) / "bundle.jsonl").exists())
        with self.wrong():
            agent.export(package.folder)  # has a bundle
        for first, last, field in ((0, 3, "last"), (5, 6, "first"), (-1, 0, "first")):
            with self.subTest(first=first, last=last), self.wrong(field):
                agent.export(w.folder / "exporter-bad", first, last)
        for first, last in ((True, 1), ("0", 1)):
            with self.subTest(first=first, last=last), self.mistyped():
                agent.export(w.folder / "exporter-bad", first, last)
        with self.assertRaises(OSError):
            agent.verify_evidence_package(w.folder / "no-such-folder", offline=True, **held)

    def test_content(self):
        agent = self.plain("Content")
        uri = agent.store_evidence({"a": [1, None, "x"]}, "note")
        self.assertTrue(uri.startswith("ipfs://bafkrei"))
        self.assertEqual(agent.retrieve_evidence(uri), {"a": [1, None, "x"]})
        self.assertEqual(agent.retrieve_evidence(uri[len("ipfs://"):]), {"a": [1, None, "x"]})
        self.assertEqual(agent.retrieve_evidence(agent.store_evidence(b"\xff bytes")), b"\xff bytes")
        self.assertEqual(agent.retrieve_evidence("data:application/json,%7B%22a%22%3A1%7D"), {"a": 1})
        (w.content / uri[len("ipfs://"):]).write_bytes(b"else")
        with self.refused(TrustError, "CONTENT_HASH"):
            agent.retrieve_evidence(uri)
        with self.wrong():
            agent.retrieve_evidence("ftp://x")
        for cid in (None, 7, b"bafy", ["bafy"]):
            with self.subTest(cid=cid), self.mistyped():
                agent.retrieve_evidence(cid)
        with self.assertRaises((TypeError, ValueError)):
            agent.store_evidence({"a": object()})


# ------------------------------------------------------------------------ judging ----


class Judging(Case):
    def test_asked_judged_rated(self):
        alice, bob, charlie = self.agent("Alice"), self.plain("Bob"), self.plain("Charlie")
        with self.refused(NotRegisteredError, "USAGE"):
            alice.request_validation(bob.owner_address)
        agent_id, _ = alice.register_identity()
        bob_id, _ = bob.register_identity()
        request = alice.request_validation(bob.owner_address, content={"cart": b"one jacket"})
        self.assertIsInstance(request, ValidationRequest)
        self.assertEqual(alice.request_validation(bob_id, content={"cart": b"one jacket"}), request)
        self.assertEqual([row.action_type for row in alice.receipts()], ["erc8004/request-validation"])
        status = bob.get_validation_status(request.request_hash)
        self.assertIsInstance(status, ValidationStatus)
        self.assertEqual((status.is_answered, status.response, status.agent_id), (False, None, agent_id))
        self.assertEqual((status.validator, status.validator), (bob.owner_address, request.validator))
        self.assertGreater(status.last_update, 1700000000)
        # Somebody else's request, and a judgement without an answer.
        decision = charlie.validate_request(request.request_hash, **held)
        self.assertEqual((decision.decision, decision.response), ("refuse", None))
        look = bob.validate_request(request.request_hash, answer=False, **held)
        self.assertEqual(bob.get_validation_status(request.request_hash).is_answered, False)
        self.assertEqual((look.transaction_hash, look.verdict["tier"]), (None, "AFFIRMING"))
        decision = bob.validate_request(request.request_hash, **held)
        self.assertIsInstance(decision, ValidationDecision)
        self.assertEqual((decision.decision, decision.response, decision.tag), ("answer", 100, "tee-sim/v1"))
        self.assertEqual(bob.validate_request(request.request_hash, **held).decision, "done")
        status = bob.get_validation_status(request.request_hash)
        self.assertEqual((status.response, status.tag, status.response_hash),
                         (100, "tee-sim/v1", decision.report_hash))
        self.assertEqual(bob.retrieve_evidence(decision.report_uri)["tier"], "AFFIRMING")
        # Feedback: what stands behind it is decided by the chain.
        charlie.submit_feedback(agent_id, "99.5", "warm", tag1="tee-simulated", tag2="shop")
        charlie.submit_feedback(agent_id, 90, tag1="tee-simulated", tag2="other")
        charlie.submit_feedback(bob_id, Decimal("80"), tag1="no-tee")
        summary = charlie.get_reputation_summary(agent_id, validators=[bob.owner_address])
        self.assertEqual((summary["count"], summary["averageScore"]), (2, Decimal("94.75")))
        self.assertEqual((summary["simulated"]["count"], summary["tee"]["count"], summary["no_tee"]["count"]), (2, 0, 0))
        self.assertEqual(alice.get_reputation_summary(tag2="shop")["averageScore"], Decimal("99.5"))
        self.assertEqual(alice.get_reputation_summary()["no_tee"]["count"], 2)  # no validator is trusted
        self.assertEqual(alice.get_reputation_summary(client_addresses=[bob.owner_address])["count"], 0)
        self.assertEqual(bob.get_reputation_summary()["no_tee"], {"count": 1, "averageScore": Decimal(80)})
        rows = charlie.get_reputation(agent_id, tag1="tee-simulated", tag2="shop")
        self.assertEqual([(row["value"], row["client"]) for row in rows], [("99.5", charlie.owner_address)])

    def test_feedback_is_sent_once(self):
        target, client = self.plain("Target"), self.plain("Client")
        agent_id, _ = target.register_identity()
        first = client.submit_feedback(agent_id, 1, "text")
        self.assertEqual(client.submit_feedback(agent_id, 1, "text"), first)
        self.assertEqual(w.sent(client.owner_address), 1)
        self.assertNotEqual(client.submit_feedback(agent_id, 1, "text", again=1), first)
        for score in (True, None, b"1"):
            with self.subTest(score=score), self.mistyped():
                client.submit_feedback(agent_id, score)
        for score in ("x", "1e3", "", float("nan"), float("inf"), "1" * 40, "0." + 19 * "1"):
            with self.subTest(score=score), self.wrong():
                client.submit_feedback(agent_id, score)
        with self.refused(EnvironmentFault, "NOT_FOUND", "agent_id"):
            client.submit_feedback(10**6, 1)
        with self.refused(ChaosError, "REVERTED"):
            target.submit_feedback(agent_id, 100)  # of one's own agent
        with self.wrong("again"):
            client.submit_feedback(agent_id, 1, again=-1)
        with self.mistyped():
            client.get_reputation_summary(agent_id, validators=target.owner_address)
        with self.refused(NotRegisteredError, "USAGE"):
            client.get_reputation()

    def test_feedback_that_proves_a_payment(self):
        target, client, other = self.agent("Paid"), self.plain("Payer"), self.plain("Freeloader")
        agent_id, registration = target.register_identity()

        def pay(payer, payee, value="0x5"):
            w.ask("anvil_impersonateAccount", payer)
            sent = w.ask("eth_sendTransaction", {"from": payer, "to": payee, "value": value})
            while w.ask("eth_getTransactionReceipt", sent) is None:
                time.sleep(0.02)
            return sent
        paid = pay(client.owner_address, target.wallet_address)
        transaction = client.create_feedback_with_payment(agent_id, 100, "well done", payment_tx=paid, tag2="shop")
        self.assertEqual(len(transaction), 66)
        self.assertEqual(client.create_feedback_with_payment(agent_id, 100, "well done", payment_tx=paid, tag2="shop"),
                         transaction)
        log = next(log for log in w.ask("eth_getTransactionReceipt", transaction)["logs"])
        uri = re.search(rb"ipfs://[a-z2-7]+", bytes.fromhex(log["data"][2:])).group().decode()
        file = client.retrieve_evidence(uri)
        self.assertEqual((file["feedback"], file["proofOfPayment"]["txHash"]), ("well done", paid))
        self.assertEqual(file["proofOfPayment"]["toAddress"], target.wallet_address.lower())
        for wrong in (pay(client.owner_address, other.owner_address), pay(other.owner_address, target.wallet_address),
                      pay(client.owner_address, target.wallet_address, "0x0"), registration):
            with self.subTest(wrong=wrong), self.wrong("payment_tx"):
                client.create_feedback_with_payment(agent_id, 100, payment_tx=wrong)
        with self.refused(EnvironmentFault, "NOT_FOUND", "payment_tx"):
            client.create_feedback_with_payment(agent_id, 100, payment_tx="0x" + 64 * "5")
        with self.wrong("payment_tx"):
            client.create_feedback_with_payment(agent_id, 100, payment_tx="0x55")

    def test_what_a_transaction_moved(self):
        payer, payee, token, digest = "0x" + 40 * "1", "0x" + 40 * "2", "0x" + 40 * "3", "0x" + 64 * "4"
        topics = ["0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef", "0x" + 24 * "0" + payer[2:],
                  "0x" + 24 * "0" + payee[2:]]
        one, none = "0x" + 63 * "0" + "1", "0x" + 64 * "0"
        good = {"address": token, "topics": topics, "data": one}

        def moved(value="0x0", status="0x1", logs=(good,)):
            answers = {"eth_getTransactionReceipt": {"status": status, "blockNumber": "0x1", "logs": list(logs)},
                       "eth_getTransactionByHash": {"from": payer, "to": payee, "value": value}}
            with mock.patch.object(_chain_facts, "_ask", lambda _chain, method, _hash: answers[method]):
                return _chain_facts.read_payment(mock.MagicMock(), digest).transfers
        by = [bytes.fromhex(text[2:]) for text in (payer, payee, token)]
        self.assertEqual(moved(), [tuple(by)])
        self.assertEqual(moved(value="0x1", logs=()), [(by[0], by[1], b"")])
        for log in ({**good, "data": none}, {**good, "topics": topics[:2]}, {**good, "topics": topics + [one]},
                    {**good, "topics": [digest] + topics[1:]}, {**good, "data": "0x"}, {**good, "data": 7}):
            with self.subTest(log=log):
                self.assertEqual(moved(logs=(log,)), [])
        with self.wrong("payment_tx"):
            moved(status="0x0")

    def test_a_score_of_ones_own(self):
        asking, judge, stranger = self.agent("Asking"), self.plain("Judge"), self.plain("Stranger")
        asking.register_identity()
        request = asking.request_validation(judge.owner_address, "0x" + 64 * "a", data_uri="https://work.example/1")
        with self.wrong("data_uri"):
            asking.request_validation(judge.owner_address, data_uri="https://work.example/1")
        for score in (50.5, True, "50"):
            with self.subTest(score=score), self.mistyped():
                judge.submit_validation_response(request.request_hash, score)
        for score in (-1, 101):
            with self.subTest(score=score), self.wrong("score"):
                judge.submit_validation_response(request.request_hash, score)
        with self.wrong("tag"):
            judge.submit_validation_response(request.request_hash, 100, tag="tee-attestation/v1")
        for tag in (None, 7, b"tee-attestation/v1"):
            with self.subTest(tag=tag), self.mistyped():
                judge.submit_validation_response(request.request_hash, 100, tag=tag)
        with self.mistyped():
            asking.request_validation(judge.owner_address, content=[("name", b"bytes")])
        with self.wrong("report"):
            judge.submit_validation_response(request.request_hash, 100, report={}, response_uri="https://x")
        with self.wrong("request_hash"):
            judge.submit_validation_response("0x12", 100)
        with self.refused(ChaosError, "REVERTED"):
            stranger.submit_validation_response(request.request_hash, 100)
        with self.refused(EnvironmentFault, "NOT_FOUND"):
            judge.submit_validation_response("0x" + 64 * "9", 100)
        transaction = judge.submit_validation_response(request.request_hash, 77, tag="quality", report={"why": "good"})
        self.assertEqual(len(transaction), 66)
        status = judge.get_validation_status(bytes.fromhex(request.request_hash[2:]))
        self.assertEqual((status.response, status.tag), (77, "quality"))
        self.assertEqual(w.sent(judge.owner_address), 1)
        judge.submit_validation_response(request.request_hash, 77, tag="quality", report={"why": "good"})
        self.assertEqual(w.sent(judge.owner_address), 1)
        with self.wrong():
            judge.submit_validation_response(request.request_hash, 78, tag="quality")
        with self.refused(EnvironmentFault, "NOT_FOUND"):
            judge.get_validation_status("0x" + 64 * "9")

    def test_a_request_needs_a_place_for_the_answer(self):
        agent = self.agent("Placeless", content_base=None)
        agent.register_identity()
        with self.wrong("endpoint"):
            agent.request_validation("0x" + 40 * "1")
        with self.wrong():
            agent.request_validation("0x12")
        with self.wrong("again"):
            agent.request_validation("0x" + 40 * "1", again=-1)
        with self.refused(EnvironmentFault, "NOT_FOUND"):
            agent.request_validation(10**6)

    def test_missing_collateral_is_a_retry_and_never_an_answer(self):
        agent, judge = self.agent("NoCollateral"), self.plain("Patient")
        agent.register_identity()
        request = agent.request_validation(judge.owner_address)
        decision = judge.validate_request(request.request_hash, trust_roots=held["trust_roots"], policy=held["policy"])
        self.assertEqual((decision.decision, decision.response), ("retry", None))
        self.assertIn("COLLATERAL_MISSING", decision.reason)
        self.assertEqual(w.sent(judge.owner_address), 0)
        with self.assertRaises(FormatError):
            judge.validate_request(request.request_hash, policy=b"{")

if __name__ == "__main__":
    unittest.main()
