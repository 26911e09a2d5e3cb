"""Providers, keys and signatures: outside a TEE, and beside a simulated guest agent."""

import copy
import json
import logging
import os
import pickle
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

import chaoschain_tee as c
from chaoschain_tee import _native
from chaoschain_tee.providers import tee as t
from support import BUILD, NOW, python, simulator

NOWHERE = "/nowhere/dstack.sock"
KEY = "chaoschain/python"


class Outside(unittest.TestCase):
    """What needs no TEE."""

    def test_known_providers(self):
        known = {info.name: info for info in t.known_providers()}
        self.assertIsInstance(known["phala-dstack"], t.ProviderInfo)
        self.assertEqual((known["phala-dstack"].is_hardware, known["phala-dstack"].is_built), (True, True))
        self.assertFalse(known["simulated"].is_hardware)
        self.assertTrue(all(info.summary for info in known.values()))

    def test_constructs_and_says_why_not(self):
        tee = t.get_phala_dstack_tee()(NOWHERE)
        self.assertIsInstance(tee, t.PhalaDstackTEE)
        self.assertIsInstance(tee, t.TEE)
        self.assertEqual(tee.provider_name, "phala-dstack")
        self.assertIs(tee.is_available, False)
        reason = tee.unavailable_reason
        self.assertIsInstance(reason, c.EnvironmentFault)
        self.assertTrue(reason.text)
        self.assertIn("phala-dstack", repr(tee))
        with self.assertRaises(c.EnvironmentFault):
            tee.generate_key()
        with self.assertRaises(c.EnvironmentFault):
            tee.get_attestation_report()

    def test_no_socket_is_not_in_tee(self):
        said = python("import chaoschain_tee.providers.tee as t\n"
                      "tee = t.get_phala_dstack_tee()()\n"
                      "print(tee.is_available, type(tee.unavailable_reason).__name__, tee.unavailable_reason.text)")
        if said.startswith("True"):
            self.skipTest("this machine is a Phala CVM")
        self.assertRegex(said, "^False NotInTeeError Not running in Phala CVM")

    def test_is_available_takes_a_second_at_most(self):
        import socket
        import tempfile
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "silent.sock")
            with socket.socket(socket.AF_UNIX) as silent:
                silent.bind(path)
                silent.listen(8)
                begin = time.monotonic()
                tee = t.PhalaDstackTEE(path)
                self.assertIs(tee.is_available, False)
                self.assertLess(time.monotonic() - begin, 5)  # on a busy machine
                self.assertIsInstance(tee.unavailable_reason, c.NetworkFault)

    def test_provider_protocol(self):
        self.assertIsInstance(t.PhalaDstackTEE(NOWHERE), t.TEEProvider)
        self.assertNotIsInstance(object(), t.TEEProvider)

    def test_options(self):
        for options in (dict(unknown=1), dict(api="x"), dict(timeout_ms=0)):
            with self.subTest(options), self.assertRaises(c.UsageError):
                t.PhalaDstackTEE(**options)
        t.PhalaDstackTEE(NOWHERE, api="dstack", timeout_ms=100, connect_timeout_ms=100)
        with self.assertRaises((TypeError, ValueError)):
            t.PhalaDstackTEE(NOWHERE, timeout_ms=object())

    def test_names(self):
        with self.assertRaises(c.UsageError):
            c.open_tee("Not A Name")
        with self.assertRaises(TypeError):
            c.open_tee(5)
        with self.assertRaises(ValueError):
            c.open_tee("a\0b")
        with self.assertRaises(c.ProviderMissingError) as raised:
            c.open_tee("nobody-knows-it")
        self.assertIsInstance(raised.exception, ImportError)
        self.assertEqual(raised.exception.code, "PROVIDER_MISSING")
        self.assertIn("nobody-knows-it", str(raised.exception))
        self.assertIsInstance(c.open_tee("phala-dstack", endpoint=NOWHERE), c.TEE)

    def test_missing_plugin_elsewhere(self):
        """A search path of the caller's own: the library's two lines stay as they are."""
        with self.assertRaises(ImportError) as raised:
            c.open_tee("phala-dstack", search_path="/usr/lib")
        lines = str(raised.exception).split("\n")
        self.assertEqual(len(lines), 2)
        self.assertIn("phala-dstack", lines[0])
        self.assertRegex(lines[1], "^Install with: ")
        with self.assertRaises(c.UsageError):
            c.open_tee("phala-dstack", search_path="relative/folder")
        said = python("from chaoschain_tee.providers.tee import get_phala_dstack_tee as get\n"
                      "try: get()\n"
                      "except ImportError as error: print(error)", CHAOS_PROVIDER_PATH="/usr/lib").splitlines()
        self.assertEqual(len(said), 2)
        self.assertRegex(said[1], "^Install with: .*cmake --install build --component phala-dstack$")

    def test_plugin_path(self):
        plugin = str(BUILD / "lib/chaoschain/providers/chaoschain-provider-phala-dstack.so")
        self.assertEqual(c.open_tee("phala-dstack", plugin_path=plugin, endpoint=NOWHERE).provider_name, "phala-dstack")
        with self.assertRaises(c.EnvironmentFault) as raised:
            c.open_tee("simulated", plugin_path=plugin)
        self.assertEqual(raised.exception.code, "PROVIDER")

    def test_probe(self):
        with self.assertRaises(c.EnvironmentFault):
            t.probe("phala-dstack", endpoint=NOWHERE)
        with self.assertRaises(c.ProviderMissingError):
            t.probe("nobody-knows-it")
        with self.assertRaises(c.UsageError):
            t.probe("phala-dstack", unknown=1)
        self.assertIsNone(t.probe("simulated", seed="x"))

    def test_identity_path(self):
        registry = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
        self.assertEqual(t.identity_path(31337, registry, "alice"),
                         "chaoschain/1/31337/%s/alice/secp256k1/0" % registry.lower())
        self.assertTrue(t.identity_path(1, registry, "a", generation=3).endswith("/3"))
        for bad in ((0, registry, "a"), (1, "0x" + 40 * "0", "a"), (1, registry, "Not"), (1, registry, "")):
            with self.subTest(bad), self.assertRaises(c.UsageError):
                t.identity_path(*bad)
        for bad in ((1, registry, "a", -1), (1, registry, "a", 1 << 32), (-1, registry, "a"), (1, "0x12", "a")):
            with self.subTest(bad), self.assertRaises(ValueError):
                t.identity_path(*bad)

    def test_only_a_tee_makes_them(self):
        for kind in (c.TEEKeypair, c.TEESignature):
            with self.assertRaises(TypeError):
                kind(*["x"] * (2 if kind is c.TEESignature else 1))


class Simulated(unittest.TestCase):
    """The provider without hardware and without a guest agent: everything in this process."""

    @classmethod
    def setUpClass(cls):
        logging.getLogger("chaoschain_tee").setLevel(logging.CRITICAL)
        cls.tee = t.get_simulated_tee()(seed="python", now=NOW)

    def test_key_and_signature(self):
        self.assertIsInstance(self.tee, t.SimulatedTEE)
        self.assertIs(self.tee.is_available, True)
        self.assertIsNone(self.tee.unavailable_reason)
        keypair = self.tee.generate_key()
        self.assertEqual(keypair.provider, "simulated")
        self.assertEqual(t.SimulatedTEE(seed="python", now=NOW).generate_key().public_key, keypair.public_key)
        self.assertNotEqual(t.SimulatedTEE(seed="other", now=NOW).generate_key().public_key, keypair.public_key)
        self.assertEqual(len(self.tee.sign(b"", keypair).signature), 65)

    def test_it_says_that_it_is_none(self):
        with self.assertLogs("chaoschain_tee", "WARNING") as said:
            t.SimulatedTEE(seed="loud")
        self.assertRegex(" ".join(said.output), "(?i)simulat")

    def test_invoke(self):
        import tempfile
        with tempfile.TemporaryDirectory() as folder:
            reply = self.tee.invoke("WriteFiles", {"folder": folder})
            self.assertIn("trust-root.der", json.dumps(reply))
            self.assertIn("trust-root.der", os.listdir(folder))
        with self.assertRaises(c.ChaosError):
            self.tee.invoke("NoSuchMethod")
        with self.assertRaises(TypeError):
            self.tee.invoke(5)


class Inside(unittest.TestCase):
    """Beside a simulated guest agent, which phala-dstack takes for the real one."""

    @classmethod
    def setUpClass(cls):
        logging.getLogger("chaoschain_tee").setLevel(logging.CRITICAL)
        cls.held = simulator()
        cls.tee = t.get_phala_dstack_tee()()
        cls.keypair = cls.tee.generate_key(path=KEY)
        cls.judging = dict(collateral=cls.held["collateral.json"], trust_roots=[cls.held["trust-root.der"]],
                           policy=cls.held["policy.json"])

    def test_available(self):
        self.assertIs(self.tee.is_available, True)
        self.assertIsNone(self.tee.unavailable_reason)
        self.assertIsNone(t.probe("phala-dstack"))

    def test_keypair(self):
        k = self.keypair
        self.assertRegex(k.public_key, "^0x04[0-9a-f]{128}$")
        self.assertEqual((k.private_key, k.provider, k.algorithm), ("phala-dstack:" + KEY, "phala-dstack", "secp256k1"))
        self.assertRegex(k.address, "^0x[0-9a-fA-F]{40}$")
        self.assertEqual(k.attestation["envelope"]["schema"], "chaoschain/envelope/1")
        self.assertEqual((k.attestation["stage"], k.attestation["verified"], k.attestation["tee"]), (4, None, "tdx"))
        self.assertEqual(k.attestation["evidence_hash"], k.evidence.hash)
        self.assertEqual(k.attestation["measurements"], k.evidence.measurements)
        json.dumps(k.attestation)
        self.assertEqual(k.evidence.binding.identity_key, k.address)
        self.assertIn(k.address, repr(k))
        with self.assertRaises(TypeError):
            pickle.dumps(k)
        with self.assertRaises(AttributeError):
            k.private_key = b"\1" * 32

    def test_no_secret_is_to_be_had(self):
        for name in dir(self.keypair):
            value = getattr(self.keypair, name)
            self.assertFalse(isinstance(value, (bytes, bytearray)) and len(value) == 32, name)

    def test_generate_key(self):
        same = self.tee.generate_key(path=KEY)
        self.assertEqual(same.public_key, self.keypair.public_key)
        self.assertNotEqual(self.tee.generate_key(path=KEY + "/2").public_key, self.keypair.public_key)
        default = self.tee.generate_key()
        self.assertEqual(default.private_key, "phala-dstack:chaoschain/default")
        nonce = "0x" + 64 * "5"
        for same in (nonce, int(nonce, 16), bytes.fromhex(nonce[2:])):
            self.assertEqual(self.tee.generate_key(path=KEY, nonce=same).evidence.binding.nonce, nonce)

    def test_generate_key_refuses(self):
        with self.assertRaisesRegex(TypeError, "'paht'.*path"):
            self.tee.generate_key(paht=KEY)
        for bad, kind in ((dict(path=5), TypeError), (dict(path="a\0b"), ValueError),
                          (dict(algorithm="p256"), c.UsageError), (dict(purpose=""), c.UsageError),
                          (dict(nonce="0x1"), ValueError),
                          (dict(binding={"stage": 1}), TypeError), (dict(endorser="x"), TypeError),
                          (dict(collateral=b"{}"), c.UsageError), (dict(binding=c.Binding(stage=1)), c.UsageError)):
            with self.subTest(bad), self.assertRaises(kind):
                self.tee.generate_key(**bad)

    def test_session(self):
        """An identity key at stage 1, and a session key that it endorses: what a relying party can call AFFIRMING."""
        agent = dict(chain_id=31337, identity_registry="0x5FbDB2315678afecb367f032d93F642f64180aa3", agent_id=7)
        identity = self.tee.generate_key(path=KEY, binding=c.Binding(stage=1, **agent))
        self.assertEqual(identity.evidence.binding.stage, 1)
        session = self.tee.generate_key(purpose="session", endorser=identity, nonce=9,
                                        binding=c.Binding(stage=5, **agent))
        self.assertEqual(session.private_key, "phala-dstack:session")
        self.assertEqual(session.evidence.binding.identity_key, identity.address)
        signature = self.tee.sign(b"an action", session)
        expectation = c.Expectation(agent="eip155:31337:%(identity_registry)s:%(agent_id)d" % agent, nonce=9,
                                    identity_key=identity.address)
        judge = t.PhalaDstackTEE(NOWHERE, expectation=expectation, **self.judging)
        self.assertIs(judge.verify_attestation(signature), True)
        self.assertEqual(judge.verify(signature).tier, "AFFIRMING")
        self.assertIs(signature.verified, True)
        for changes in (dict(nonce=10), dict(identity_key=session.address),
                        dict(agent="eip155:1:%(identity_registry)s:7" % agent)):
            other = dict(agent=expectation.agent, nonce=9, identity_key=identity.address)
            other.update(changes)
            judge = t.PhalaDstackTEE(NOWHERE, expectation=c.Expectation(**other), **self.judging)
            with self.subTest(changes):
                self.assertIs(judge.verify_attestation(signature), False)

    def test_sign(self):
        signature = self.tee.sign(b"action", self.keypair)
        self.assertIsInstance(signature, c.TEESignature)
        self.assertEqual((len(signature.signature), signature.message, signature.provider, signature.algorithm,
                          signature.digest_kind), (65, b"action", "phala-dstack", "secp256k1", "eip191"))
        self.assertIn(signature.signature[64], (27, 28))
        self.assertRegex(signature.digest, "^0x[0-9a-f]{64}$")
        self.assertIs(signature.verified, None)
        self.assertEqual(signature.evidence.hash, self.keypair.evidence.hash)
        self.assertEqual(signature.attestation["measurements"], self.keypair.evidence.measurements)
        self.assertIn("eip191", repr(signature))
        for same in (bytearray(b"action"), memoryview(b"action")):
            self.assertEqual(self.tee.sign(same, self.keypair).signature, signature.signature)

    def test_sign_refuses(self):
        for message in ("text", None, 5):
            with self.assertRaises(TypeError):
                self.tee.sign(message, self.keypair)
        for keypair in (None, "x", self.keypair.private_key):
            with self.assertRaises(TypeError):
                self.tee.sign(b"x", keypair)
        with self.assertRaises(c.UsageError):
            t.PhalaDstackTEE().sign(b"x", self.keypair)  # a keypair of another handle
        with self.assertRaises(c.UsageError):
            self.tee.sign(bytes((16 << 20) + 1), self.keypair)

    def test_sign_typed_data(self):
        typed = {"types": {"EIP712Domain": [{"name": "name", "type": "string"}],
                           "Mail": [{"name": "text", "type": "string"}]},
                 "primaryType": "Mail", "domain": {"name": "Test"}, "message": {"text": "hello"}}
        signature = self.tee.sign_typed_data(typed, self.keypair)
        self.assertEqual(signature.digest_kind, "eip712")
        self.assertEqual(self.tee.sign_typed_data(json.dumps(typed), self.keypair).signature, signature.signature)
        self.assertEqual(signature.verify(**self.judging).verified, True)
        with self.assertRaises(c.UsageError):
            self.tee.sign_typed_data({**typed, "domain": {"name": "ChaosChain TEE"}}, self.keypair)
        with self.assertRaises(c.FormatError):
            self.tee.sign_typed_data("{}", self.keypair)
        with self.assertRaises(TypeError):
            self.tee.sign_typed_data(5, self.keypair)

    def test_signature_travels(self):
        signature = self.tee.sign(b"action", self.keypair)
        text, envelope = signature.json(), self.keypair.evidence.bytes
        again = c.TEESignature.parse(text, envelope, b"action")
        self.assertEqual((again.signature, again.digest, again.json()), (signature.signature, signature.digest, text))
        verdict = again.verify(**self.judging)
        self.assertEqual((verdict.verified, verdict.tier, verdict.check("signature").result), (True, "WARNING", "pass"))
        self.assertIs(again.verified, True)
        other = c.TEESignature.parse(text, envelope, b"another action")
        self.assertEqual(other.verify(**self.judging).error.code, "MESSAGE_SIGNATURE")
        self.assertIs(other.verified, False)
        with self.assertRaises(c.TrustError) as raised:
            c.TEESignature.parse(text, self.tee.generate_key(path=KEY, nonce=1).evidence.bytes, b"action")
        self.assertEqual(raised.exception.code, "ENVELOPE_HASH")
        with self.assertRaises(c.FormatError) as raised:
            c.TEESignature.parse("{}", envelope, b"action")
        self.assertEqual(raised.exception.code, "SIGNATURE_FORMAT")
        for bad in ((5, envelope, b""), (text, 5, b""), (text, envelope, "text")):
            with self.assertRaises(TypeError):
                c.TEESignature.parse(*bad)

    def test_verify_attestation(self):
        """Without collateral it is false and the verdict says so; with everything, a key that names no agent is a
        WARNING, which is false, too."""
        signature = self.tee.sign(b"action", self.keypair)
        self.assertIs(self.tee.verify_attestation(signature), False)
        self.assertEqual(self.tee.verify(signature).error.code, "COLLATERAL_MISSING")
        with self.assertLogs("chaoschain_tee", "WARNING") as said:
            self.assertIs(self.tee.verify_attestation(signature), False)
        self.assertRegex(said.output[-1], r"nothing was found to be wrong: .*\(COLLATERAL_MISSING\)\. verify\(signature\)")
        judge = t.PhalaDstackTEE(NOWHERE, **self.judging)
        with self.assertLogs("chaoschain_tee", "WARNING") as said:
            self.assertIs(judge.verify_attestation(signature), False)
        self.assertRegex(said.output[-1], "it is WARNING, with .*agent not-checked")
        bad = t.TEESignature.parse(signature.json(), signature.evidence.bytes, b"another action")
        with self.assertLogs("chaoschain_tee", "WARNING") as said:
            self.assertIs(judge.verify_attestation(bad), False)  # which is a judgement, and needs no line
            logging.getLogger("chaoschain_tee").warning("the end")  # assertLogs needs one
        self.assertEqual(len(said.output), 1)
        verdict = judge.verify(signature)
        self.assertEqual((verdict.tier, verdict.verified, verdict.anchor), ("WARNING", True, "simulated"))
        self.assertEqual(verdict.check("agent").result, "not-checked")
        self.assertEqual(judge.verify(signature, at="2020-01-01T00:00:00Z").verified, False)
        self.assertEqual(t.PhalaDstackTEE(NOWHERE, collateral=self.judging["collateral"]).verify(signature).error.code,
                         "ROOT_UNTRUSTED")
        for bad in (None, "x", signature.signature, self.keypair):
            with self.assertRaises(TypeError):
                self.tee.verify_attestation(bad)

    def test_verify_attestation_of_a_bound_key(self):
        """The way of docs/python.md to a true answer; and each part of it, changed, makes it false."""
        nonce, registry = os.urandom(32), "0x" + "11" * 20
        binding = c.Binding(stage=1, chain_id=31337, identity_registry=registry, agent_id=42, nonce="0x" + nonce.hex())
        keypair = self.tee.generate_key(path=KEY, binding=binding)
        signature = self.tee.sign(b"agent action", keypair)
        expected = dict(agent="eip155:31337:%s:42" % registry, identity_key=keypair.address, nonce=nonce)

        def judge(**changes):
            expectation = c.Expectation(**{**expected, **changes})
            return t.PhalaDstackTEE(NOWHERE, expectation=expectation, **self.judging)

        with self.assertNoLogs("chaoschain_tee", "WARNING") if hasattr(self, "assertNoLogs") else self.subTest():
            self.assertIs(judge().verify_attestation(signature), True, judge().verify(signature))
        for changes, code in ((dict(agent="eip155:31337:%s:43" % registry), "agent"),
                              (dict(identity_key="0x" + "22" * 20), "identity-key"), (dict(nonce=bytes(32)), "freshness")):
            with self.subTest(code):
                self.assertIs(judge(**changes).verify_attestation(signature), False)
                self.assertEqual(judge(**changes).verify(signature).check(code).result, "fail")
        for name in ("identity_key", "nonce"):
            with self.subTest(without=name):
                self.assertIs(judge(**{name: None}).verify_attestation(signature), False)

    def test_what_the_environment_says(self):
        """CHAOS_COLLATERAL, CHAOS_TRUST_ROOTS, CHAOS_POLICY stand in for what the constructor was not given."""
        code = ("import logging; logging.disable()\n"
                "from chaoschain_tee.providers.tee import get_phala_dstack_tee as get\n"
                "tee = get()()\n"
                "verdict = tee.verify(tee.sign(b'x', tee.generate_key()))\n"
                "print(verdict.tier, verdict.error and verdict.error.code)")
        held = {name: str(self.held.folder / file) for name, file in
                (("CHAOS_COLLATERAL", "collateral.json"), ("CHAOS_TRUST_ROOTS", "trust-root.der"),
                 ("CHAOS_POLICY", "policy.json"))}
        for names, expected in (((), "NONE COLLATERAL_MISSING"),
                                (("CHAOS_COLLATERAL",), "CONTRAINDICATED ROOT_UNTRUSTED"),
                                (("CHAOS_COLLATERAL", "CHAOS_TRUST_ROOTS"), "CONTRAINDICATED ANCHOR"),
                                (tuple(held), "WARNING None")):
            said = python(code, clean=(), **{name: held[name] for name in names})
            self.assertEqual(said.strip(), expected)
        with self.assertRaisesRegex(AssertionError, "FileNotFoundError"):
            python(code, clean=(), CHAOS_POLICY="/nowhere")

    def test_attest(self):
        evidence = self.tee.attest(self.keypair, binding=c.Binding(stage=4, nonce="0x" + 64 * "3"))
        self.assertEqual((evidence.binding.stage, evidence.binding.nonce), (4, "0x" + 64 * "3"))
        self.assertEqual(self.tee.attest(self.keypair).binding.identity_key, self.keypair.address)
        carried = self.tee.attest(self.keypair, collateral=self.held["collateral.json"])
        self.assertIs(c.check(carried.bytes, trust_roots=self.judging["trust_roots"]).verified, True)
        with self.assertRaises(TypeError):
            self.tee.attest("keypair")
        with self.assertRaises(c.UsageError):
            self.tee.attest(self.keypair, binding=c.Binding(stage=4), endorser=self.keypair)

    def test_report(self):
        report = self.tee.get_attestation_report()
        self.assertIsInstance(report, dict)
        self.assertIsInstance(report, t.AttestationReport)
        self.assertEqual(report["report_data"], "0x" + 128 * "0")
        self.assertEqual((report["provider"], report["tee"], report["verified"]), ("phala-dstack", "tdx", None))
        self.assertEqual(report["measurements"]["mr_td"], self.keypair.evidence.measurements["mr_td"])
        json.loads(report["event_log"])
        quote = bytes.fromhex(report["quote"][2:])
        self.assertEqual(report.evidence.bytes, quote)
        verdict = c.verify(quote, self.judging["collateral"], event_log=report["event_log"].encode(),
                           trust_roots=self.judging["trust_roots"],
                           policy={"schema": "chaoschain/policy/1", "anchors": ["simulated"]},
                           expectation=c.Expectation(report_data=bytes(64)))
        self.assertIsNone(verdict.error)
        self.assertEqual(json.loads(json.dumps(report)), report)
        self.assertEqual(copy.deepcopy(report), report)
        mine = bytes(range(64))
        for same in (mine, mine.hex(), "0x" + mine.hex()):
            self.assertEqual(self.tee.get_attestation_report(same)["report_data"], "0x" + mine.hex())
        for bad, kind in ((b"short", ValueError), ("0x12", ValueError), (5, TypeError)):
            with self.assertRaises(kind):
                self.tee.get_attestation_report(bad)

    def test_invoke(self):
        self.assertRegex(self.tee.invoke("Info")["app_id"], "^[0-9a-f]{40}$")
        for method in ("GetKey", "Sign"):
            with self.assertRaises(c.UsageError):
                self.tee.invoke(method, {"path": "x"})
        with self.assertRaises(TypeError):
            pickle.dumps(self.tee)

    def test_threads(self):
        """Calls from many threads on one TEE are done one after the other, and each gets its own answer."""
        def work(index):
            message = b"message %d" % index
            signature = self.tee.sign(message, self.keypair)
            return signature.message == message and signature.verify(**self.judging).verified

        with ThreadPoolExecutor(6) as pool:
            self.assertTrue(all(pool.map(work, range(60))))

    def test_what_a_cycle_holds_is_freed_in_order(self):
        """Keys before their TEE, also when the collector finds both in one cycle."""
        code = (
            "import gc, logging; logging.disable()\n"
            "from chaoschain_tee import _native\n"
            "from chaoschain_tee.providers.tee import get_phala_dstack_tee as get\n"
            "order = []\n"
            "def noting(name):\n"
            "    free = getattr(_native.lib, name)\n"
            "    return lambda pointer: (order.append(name), free(pointer))\n"
            "for index in range(20):\n"
            "    tee = get()()\n"
            "    keypair = tee.generate_key()\n"
            "    for handle, name in ((tee._handle, 'chaos_tee_free'), (keypair._handle, 'chaos_keypair_free')):\n"
            "        _native._owned[id(handle)] = (noting(name), _native._owned[id(handle)][1])\n"
            "    cycle = [tee, keypair] if index % 2 else [keypair, tee]\n"
            "    cycle.append(cycle)\n"
            "    del tee, keypair, cycle, handle\n"
            "    gc.collect()\n"
            "print(order == ['chaos_keypair_free', 'chaos_tee_free'] * 20)")
        self.assertEqual(python(code, clean=()).strip(), "True")

    def test_keys_outlive_their_tee(self):
        def signature_of_the_dead():
            tee = t.PhalaDstackTEE()
            keypair = tee.generate_key(path=KEY)
            return keypair, tee.sign(b"x", keypair)

        keypair, signature = signature_of_the_dead()
        self.assertEqual(keypair.address, self.keypair.address)
        self.assertIs(signature.verify(**self.judging).verified, True)


if __name__ == "__main__":
    unittest.main()
