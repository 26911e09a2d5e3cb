"""The agent's side of chaoschain_tee: opening, registration, metadata; every public name, on a local chain beside a
simulated guest agent."""

import contextlib
import inspect
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import world
from case import Case, set_up_module, w
from chaoschain_tee import ChaosError, EnvironmentFault, FormatError, NetworkFault, TrustError, UsageError
from chaoschain_tee import agent as agent_module
from chaoschain_tee.agent import AgentIdentity, AgentRole, ChaosChainAgentSDK, NetworkConfig, NotRegisteredError
from chaoschain_tee.providers.tee import PhalaDstackTEE, open_tee

setUpModule = set_up_module


# ------------------------------------------------------------------------ opening ----


class Opening(Case):
    def test_name_network_and_tee_are_enough_and_nobody_is_asked(self):
        with socket.socket() as node:
            node.bind(("127.0.0.1", 0))
            node.listen()
            node.setblocking(False)
            tee = PhalaDstackTEE()
            agent = ChaosChainAgentSDK(agent_name="SecureAgent", network="base-sepolia", tee_provider=tee,
                                       rpc_url="http://127.0.0.1:%d" % node.getsockname()[1])
            signature = agent.sign(b"an action")
            status = agent.get_sdk_status()
            with self.assertRaises(BlockingIOError):  # nobody has connected
                node.accept()
        self.assertEqual(signature.message, b"an action")
        self.assertEqual(agent.network, "base-sepolia")
        self.assertEqual(agent.chain_id, 84532)
        self.assertIs(agent.tee_provider, tee)
        self.assertIsNone(agent.agent_id)
        self.assertEqual(status["wallet_address"], agent.keypair.address)
        self.assertEqual(status["tee_provider"], "phala-dstack")
        self.assertEqual(status, json.loads(json.dumps(status)))
        self.assertEqual(agent.network_info["identity_registry"], "0x8004A818BFB912233c491871b3d84c89A494BD9e")
        self.assertIn("SecureAgent", repr(agent))

    def test_what_must_be_sent_says_what_is_missing(self):
        agent = ChaosChainAgentSDK("SecureAgent", network=NetworkConfig.BASE_SEPOLIA, tee_provider=PhalaDstackTEE())
        with self.wrong("keystore"):
            agent.register_identity()
        with self.wrong("keystore"):
            agent.act("a/b", b"c")
        with socket.socket() as node:  # bound and not listening: a port that refuses
            node.bind(("127.0.0.1", 0))
            agent = ChaosChainAgentSDK(
                "SecureAgent", network="base-sepolia", tee_provider=PhalaDstackTEE(), keystore=w.account("away"),
                passphrase=world.SECRET, store=w.folder / "away.db", content=w.content,
                rpc_url="http://127.0.0.1:%d" % node.getsockname()[1])
            with self.refused(NetworkFault, "NETWORK"):
                agent.register_identity()
        agent = self.agent("OtherChain", network="base-sepolia")
        with self.refused(EnvironmentFault, "CHAIN_ID"):
            agent.register_identity()

    def test_bad_arguments(self):
        tee = PhalaDstackTEE()
        key = tee.generate_key()
        good = dict(agent_name="Name", network="base-sepolia", tee_provider=tee)
        ChaosChainAgentSDK(**good, tee_keypair=key)
        for field, change in (
                ("agent_name", {"agent_name": ""}), ("agent_name", {"agent_name": "x" * 65}),
                ("agent_name", {"agent_name": "a\nb"}),
                ("agent_role", {"agent_role": "king"}), (None, {"network": "no-such-network"}),
                ("network", {"network": "a\0b"}), ("tee_provider", {"tee_provider": None, "tee_keypair": key}),
                ("generation", {"generation": -1}), ("generation", {"generation": 1 << 32}),
                ("address", {"identity_registry": "0x1234"}), ("rpc_url", {"rpc_url": ["http://x"] * 9}),
                ("gateways", {"gateways": ["https://x"] * 5}), ("identity_registry", {"network": "local"})):
            with self.subTest(change=change), self.wrong(field if field != "address" else None):
                ChaosChainAgentSDK(**{**good, **change})
        for change in ({"agent_name": 7}, {"network": 7}, {"tee_provider": object()}, {"tee_keypair": "0x00"},
                       {"generation": True}, {"rpc_url": 7}, {"gateways": [7]}, {"identity_registry": 7},
                       {"description": b"x"}, {"collateral": "x"}, {"agent_domain": 7}, {"log": "print"}):
            with self.subTest(change=change), self.mistyped():
                ChaosChainAgentSDK(**{**good, **change})
        with self.assertRaises(ChaosError) as raised:
            ChaosChainAgentSDK(**{**good, "network": "/nowhere/network.json"})
        self.assertEqual(raised.exception.code, "FILE_IO")
        with self.refused(NetworkFault, "NETWORK"):  # no guest agent there
            ChaosChainAgentSDK("Name", network="base-sepolia",
                               tee_provider=PhalaDstackTEE(endpoint=str(w.folder / "no.sock")))
        other = open_tee("simulated", seed="other").generate_key()
        with self.wrong("keypair"):
            ChaosChainAgentSDK(**good, tee_keypair=other)

    def test_roles_and_networks_by_the_names_of_the_sdk(self):
        for name, role in (("worker", AgentRole.WORKER), ("server", AgentRole.WORKER), ("validator", AgentRole.VERIFIER),
                           ("VERIFIER", AgentRole.VERIFIER), (AgentRole.SERVER, AgentRole.WORKER),
                           ("client", AgentRole.CLIENT), ("orchestrator", AgentRole.ORCHESTRATOR)):
            self.assertIs(ChaosChainAgentSDK("A", "a.example", name).agent_role, role)
        chains = {NetworkConfig.ETHEREUM_MAINNET: 1, NetworkConfig.ETHEREUM_SEPOLIA: 11155111,
                  NetworkConfig.BASE_MAINNET: 8453, NetworkConfig.BASE_SEPOLIA: 84532,
                  NetworkConfig.OPTIMISM_SEPOLIA: 11155420, NetworkConfig.ARBITRUM_SEPOLIA: 421614,
                  NetworkConfig.POLYGON_AMOY: 80002, NetworkConfig.LINEA_SEPOLIA: 59141, NetworkConfig.LOCAL: 31337}
        self.assertEqual(set(chains), set(NetworkConfig))
        for network, chain_id in chains.items():
            agent = ChaosChainAgentSDK("A", network=network)
            self.assertEqual((agent.network, agent.chain_id), (network.value, chain_id))
        self.assertEqual(AgentRole("worker"), AgentRole.SERVER)
        self.assertEqual(AgentRole("verifier"), AgentRole.VALIDATOR)
        self.assertIs(AgentRole("orchestrator"), AgentRole.ORCHESTRATOR)
        self.assertEqual(ChaosChainAgentSDK("A", network="eip155:84532").network, "base-sepolia")
        self.assertEqual(ChaosChainAgentSDK("A").network, "base-sepolia")

    def test_what_the_sdk_has_and_this_has_not(self):
        """Words, where the SDK's names and switches are used; feature detection by hasattr finds nothing."""
        for name, word in (("execute_x402_crypto_payment", "payments"), ("create_payment_request", "payments"),
                           ("create_intent_mandate", "AP2"), ("create_cart_mandate", "AP2"), ("verify_jwt_token", "AP2"),
                           ("xmtp_manager", "XMTP"), ("send_message", "XMTP"), ("create_studio", "studios"),
                           ("close_epoch", "studios"), ("storage_manager", "storage")):
            with self.subTest(name):
                agent = self.plain("Absent")
                with self.assertRaisesRegex(AttributeError, "^%s is not part of this package: .*%s" % (name, word)):
                    getattr(agent, name)
                self.assertFalse(hasattr(agent, name))
        for name in ("no_such_name", "_payments"):
            with self.assertRaisesRegex(AttributeError, "^ChaosChainAgentSDK has no attribute '%s'$" % name):
                getattr(agent, name)
        good = dict(agent_name="Switches", network="base-sepolia")
        ChaosChainAgentSDK(**good, enable_process_integrity=True, enable_storage=True, enable_payments=False,
                           enable_ap2=False, wallet_file=None, storage_provider=None)
        for name, value in (("enable_process_integrity", False), ("enable_storage", 0), ("enable_payments", True),
                            ("enable_ap2", True), ("wallet_file", "w.json"), ("private_key", "0x00"),
                            ("storage_jwt", "x"), ("storage_gateway", "x"), ("storage_provider", object()),
                            ("compute_provider", object()), ("gateway_url", "https://x")):
            with self.subTest(name), self.wrong(name):
                ChaosChainAgentSDK(**good, **{name: value})
        with self.assertRaisesRegex(TypeError, "no_such_switch"):
            ChaosChainAgentSDK(**good, no_such_switch=True)

    def test_the_environment(self):
        settings = w.settings("environment")
        with_variables = {
            "CHAOS_RPC": w.url, "CHAOS_KEYSTORE": str(settings["keystore"]), "CHAOS_JOURNAL": str(settings["store"]),
            "CHAOS_PASSPHRASE_FILE": str(w.passphrase_file), "CHAOS_CONTENT": str(w.content),
            "CHAOS_CONTENT_BASE": world.BASE, "CHAOS_IDENTITY": w.registries["identity"],
            "CHAOS_REPUTATION": w.registries["reputation"], "CHAOS_VALIDATION": w.registries["validation"]}
        os.environ.update(with_variables)
        self.addCleanup(world.clean_environment)
        agent = ChaosChainAgentSDK("Environment", network="local")
        self.addCleanup(agent.close)
        self.assertEqual(agent.network_info["validation_registry"].lower(), w.registries["validation"].lower())
        agent_id, transaction = agent.register_identity()
        self.assertEqual(agent.get_agent_id(), agent_id)
        self.assertEqual(len(transaction), 66)
        for name in with_variables:
            del os.environ[name]
        os.environ["LOCAL_RPC_URL"] = w.url
        self.addCleanup(os.environ.pop, "LOCAL_RPC_URL")
        again = ChaosChainAgentSDK("Environment", network="local",
                                   identity_registry=w.registries["identity"])
        self.addCleanup(again.close)
        self.assertEqual(again.get_agent_identity(agent_id).agent_id, agent_id)
        self.assertIsNone(again.network_info["reputation_registry"])

    def test_the_keystore_and_its_passphrase(self):
        settings = w.settings("keys")
        del settings["passphrase_file"]
        open_file = w.folder / "open-file"
        open_file.write_text(world.SECRET)
        open_file.chmod(0o644)
        for change, kind, code in (
                ({}, UsageError, "USAGE"),
                ({"passphrase": "wrong"}, EnvironmentFault, "PASSPHRASE"),
                ({"passphrase_file": open_file}, UsageError, "USAGE"),
                ({"passphrase_file": w.folder / "nowhere"}, EnvironmentFault, "FILE_IO"),
                ({"passphrase": "a", "passphrase_file": w.passphrase_file}, UsageError, "USAGE"),
                ({"passphrase": "a", "keystore": w.folder / "nowhere"}, EnvironmentFault, "FILE_IO")):
            with self.subTest(change=change), self.refused(kind, code):
                ChaosChainAgentSDK("Keys", **{**settings, **change}).register_identity()
        with self.mistyped():
            ChaosChainAgentSDK("Keys", passphrase=7, **settings).register_identity()
        for passphrase in (world.SECRET, world.SECRET.encode(), lambda: world.SECRET):
            agent = ChaosChainAgentSDK("Keys", passphrase=passphrase, **settings)
            self.assertEqual(len(agent.owner_address), 42)
            self.assertEqual(agent.wallet_address, agent.owner_address)
            agent.close()


# ------------------------------------------------------------------- registration ----


class Registration(Case):
    def test_with_a_report_as_the_seed_prints_it(self):
        tee = PhalaDstackTEE()
        lines = []
        agent = ChaosChainAgentSDK(agent_name="Reporter", tee_provider=tee, tee_keypair=tee.generate_key(path="reporter"),
                                   log=lines.append, description="Reports.", **w.settings("reporter"))
        self.addCleanup(agent.close)
        self.assertFalse(agent.is_registered)
        agent_id, transaction = agent.register_identity(tee_attestation=tee.get_attestation_report())
        self.assertIsInstance(agent_id, int)
        self.assertEqual(w.ask("eth_getTransactionReceipt", transaction)["status"], "0x1")
        self.assertIn("agentWallet is the TEE's key", lines)
        self.assertTrue(agent.is_registered)
        self.assertEqual(agent.get_agent_wallet(), agent.keypair.address)
        self.assertEqual(agent.get_agent_metadata("tee.key").hex(), agent.keypair.address[2:].lower())
        # What is on chain is evidence of the key, over the file with the id; the report is nowhere.
        self.assertEqual(agent.get_agent_metadata("tee.evidenceHash").hex(), agent.evidence.hash[2:])
        binding = agent.evidence.binding
        self.assertEqual((binding.stage, binding.agent_id, binding.identity_key), (1, agent_id, agent.keypair.address))
        identity = agent.get_agent_identity()
        self.assertIsInstance(identity, AgentIdentity)
        self.assertEqual((identity.agent_id, identity.registration_tx), (agent_id, transaction))
        self.assertEqual(identity.owner_address, agent.owner_address)
        self.assertEqual((identity.agent_name, identity.agent_domain, identity.network), ("Reporter", "", "local"))
        self.assertEqual(identity.wallet_address, agent.wallet_address)
        self.assertEqual(identity.agent_registry.lower(), "eip155:31337:" + w.registries["identity"].lower())
        file = agent.retrieve_evidence(identity.agent_uri)
        self.assertEqual((file["name"], file["description"]), ("Reporter", "Reports."))
        # Again, and again from a new object: nothing is sent.
        before = w.sent(agent.owner_address)
        self.assertEqual(agent.register_identity(tee_attestation=True), (agent_id, transaction))
        agent.close()
        again = ChaosChainAgentSDK("Reporter", tee_provider=tee, tee_keypair=tee.generate_key(path="reporter"),
                                   description="Reports.", **w.settings("reporter"))
        self.addCleanup(again.close)
        self.assertEqual(again.get_agent_id(), agent_id)
        self.assertEqual(again.register_identity(), (agent_id, transaction))
        self.assertEqual(w.sent(again.owner_address), before)

    def test_zero_is_an_id(self):
        with tempfile.TemporaryDirectory() as folder:
            fresh = world.World(folder)
            try:
                agent = ChaosChainAgentSDK("First", tee_provider=PhalaDstackTEE(), **fresh.settings("first"))
                self.assertEqual(agent.register_identity(metadata={"color": b"green"})[0], 0)
                self.assertEqual(agent.get_agent_id(), 0)
                self.assertEqual(agent.agent_id, 0)
                self.assertTrue(agent.is_registered)
                self.assertEqual(agent.get_agent_identity().agent_id, 0)
                self.assertEqual(agent.get_agent_metadata("color"), b"green")
                self.assertEqual(agent.get_agent_metadata("color", 0), b"green")
                self.assertEqual(agent.act("first/act").agent_id, 0)
                agent.close()
            finally:
                fresh.close()

    def test_the_same_key_from_another_store_is_already_registered(self):
        agent_id, _ = self.agent("Moved").register_identity()
        moved = self.agent("Moved", store=w.folder / "moved-elsewhere.db")
        self.assertIsNone(moved.get_agent_id())
        before = w.sent(moved.owner_address)
        self.assertEqual(moved.register_identity(), (agent_id, "already_registered"))
        self.assertEqual(moved.get_agent_identity().registration_tx, "already_registered")
        self.assertIsNotNone(moved.evidence)
        self.assertGreaterEqual(w.sent(moved.owner_address), before)

    def test_what_an_attestation_may_be(self):
        tee = PhalaDstackTEE()
        agent = self.agent("Attested")
        own, envelope = agent.keypair, agent.keypair.attestation["envelope"]
        for given in (own.attestation, envelope, json.dumps(envelope), own.evidence, own.evidence.bytes,
                      tee.get_attestation_report(), dict(tee.get_attestation_report()),
                      json.dumps(tee.get_attestation_report()), tee.get_attestation_report()["quote"] and
                      bytes.fromhex(tee.get_attestation_report()["quote"][2:]), None, True):
            with self.subTest(kind=type(given).__name__):
                self.assertIsInstance(agent.register_identity(tee_attestation=given)[0], int)

    def test_what_it_may_not_be(self):
        tee = PhalaDstackTEE()
        agent = self.agent("Refusing")
        report = dict(tee.get_attestation_report())
        other_key = tee.generate_key(path="another")
        quote = bytes.fromhex(report["quote"][2:])
        for given, kind, code, field in (
                (other_key.attestation, UsageError, "USAGE", "evidence"),
                (other_key.evidence, UsageError, "USAGE", "evidence"),
                (False, UsageError, "USAGE", "tee_attestation"),
                ({}, FormatError, "EVIDENCE_FORMAT", "tee_attestation"),
                ({"quote": "zz!"}, FormatError, "EVIDENCE_FORMAT", "quote"),
                ({"quote": 7}, FormatError, "EVIDENCE_FORMAT", "quote"),
                ({"quote": "0x00"}, FormatError, None, None), (quote[:-9], FormatError, None, None),
                (quote + b"x", FormatError, "TRAILING_DATA", None),
                ({**report, "report_data": "0x" + 64 * "01"}, FormatError, "EVIDENCE_FORMAT", "report_data"),
                ({**report, "event_log": 7}, FormatError, "EVIDENCE_FORMAT", "event_log"),
                ("{", FormatError, "EVIDENCE_FORMAT", None), ('{"quote":"","quote":""}', FormatError, None, None),
                (b" " * (2 << 20) + b"{}", UsageError, "USAGE", "tee_attestation"),
                ('{"schema":"chaoschain/envelope/1"}', FormatError, None, None)):
            with self.subTest(given=str(given)[:60]), self.assertRaises(kind) as raised:
                agent.register_identity(tee_attestation=given)
            if code is not None:
                self.assertEqual((raised.exception.code, raised.exception.field or field), (code, field or
                                 raised.exception.field))
        with self.mistyped():
            agent.register_identity(tee_attestation=7)
        self.assertFalse(agent.is_registered)
        self.assertEqual(w.sent(agent.owner_address), 0)
        agent.register_identity(tee_attestation=report)  # the control
        with self.wrong("evidence"):  # stage 1 comes after registration
            agent.register_identity(tee_attestation=agent.evidence)

    def test_a_report_of_another_machine_or_other_code_is_refused(self):
        agent = self.agent("Elsewhere")
        with other_machine() as other:
            report = PhalaDstackTEE(endpoint=other).get_attestation_report()
            with self.refused(TrustError, "MEASUREMENT") as _:
                agent.register_identity(tee_attestation=report)
        # One field at a time: a quote that says other code, and is the same otherwise.
        own = PhalaDstackTEE().get_attestation_report()
        quote = bytearray(bytes.fromhex(own["quote"][2:]))
        for name, digits in own["measurements"].items():
            if name in ("mr_td", "rtmr0", "rtmr3"):
                changed = bytearray(quote)
                changed[quote.index(bytes.fromhex(digits))] ^= 1
                with self.subTest(name=name), self.refused(TrustError, "MEASUREMENT", name):
                    agent.register_identity(tee_attestation=bytes(changed))
        self.assertEqual(w.sent(agent.owner_address), 0)
        agent.register_identity(tee_attestation=own)

    def test_without_a_tee(self):
        agent = self.plain("Plain")
        self.assertIsNone(agent.get_agent_id())
        with self.refused(NotRegisteredError, "USAGE", "agent"):
            agent.get_agent_identity()
        agent_id, transaction = agent.register_identity(tee_attestation=None)
        self.assertEqual(agent.register_identity(), (agent_id, transaction))
        self.assertEqual(agent.get_agent_wallet(), agent.owner_address)
        self.assertEqual(agent.get_agent_metadata("tee.key"), b"")
        self.assertIsNone(agent.tee_provider)
        for call in (lambda: agent.keypair, lambda: agent.sign(b"x"), lambda: agent.act("a/b"), agent.begin_session,
                     agent.receipt_count, agent.anchor, lambda: agent.attest(1), lambda: agent.evidence,
                     lambda: agent.request_validation(agent.owner_address)):
            with self.wrong("tee_provider"):
                call()
        with self.wrong("tee_attestation"):
            agent.register_identity(tee_attestation=PhalaDstackTEE().get_attestation_report())
        named = self.plain("Named")
        named.register_identity(token_uri="https://agent.example/file.json")
        self.assertEqual(named.get_agent_identity().agent_uri, "https://agent.example/file.json")
        with self.wrong("token_uri"):
            self.agent("NotNamed").register_identity(token_uri="https://agent.example/file.json")

    def test_an_account_without_ether(self):
        w.account("poor", ether=0)
        with self.refused(EnvironmentFault, "FUNDS"):
            self.agent("Poor").register_identity()


@contextlib.contextmanager
def other_machine():
    """A second simulated guest agent, whose machine measures another application."""
    with tempfile.TemporaryDirectory() as folder:
        compose = Path(folder) / "compose.json"
        compose.write_text('{"name":"other"}')
        path = str(Path(folder) / "dstack.sock")
        process = subprocess.Popen([str(world.BIN / "dstack-simulator"), "--socket", path, "--compose", str(compose),
                                    "--quiet"], stdout=subprocess.PIPE)
        try:
            assert process.stdout.readline() == b"ready\n"
            yield path
        finally:
            process.terminate()
            process.wait(10)
            process.stdout.close()


# ----------------------------------------------------------------------- metadata ----


class Metadata(Case):
    def test_the_chain_has_what_was_set_last(self):
        agent = self.plain("Meta")
        agent.register_identity()
        for value in (b"1", b"2", b"1", b"\0\xff" * 100, b""):
            agent.set_agent_metadata("key", value)
            self.assertEqual(agent.get_agent_metadata("key"), value)
        before = w.sent(agent.owner_address)
        self.assertEqual(agent.set_agent_metadata("key", b""), "already_done")
        self.assertEqual(w.sent(agent.owner_address), before)

    def test_what_may_not_be_set(self):
        agent = self.plain("MetaBad")
        with self.refused(NotRegisteredError, "USAGE"):
            agent.set_agent_metadata("key", b"1")
        agent.register_identity()
        for key in ("agentWallet", "tee.key", "tee.anything", "", "a\0b"):
            with self.subTest(key=key), self.wrong("key"):
                agent.set_agent_metadata(key, b"1")
        with self.wrong("key"):
            agent.register_identity(metadata={"tee.head": b"1"})
        for key, value in (("key", "text"), (7, b"1")):
            with self.subTest(key=key), self.mistyped():
                agent.set_agent_metadata(key, value)
        for metadata in ("key", [("key", b"1")], 7):
            with self.subTest(metadata=metadata), self.mistyped():
                agent.register_identity(metadata=metadata)
        for agent_id in ("0", True):
            with self.subTest(agent_id=agent_id), self.mistyped():
                agent.get_agent_metadata("key", agent_id)
        for agent_id in (-1, 1 << 256):
            with self.subTest(agent_id=agent_id), self.wrong("agent_id"):
                agent.get_agent_metadata("key", agent_id)
        with self.refused(EnvironmentFault, "NOT_FOUND"):
            agent.get_agent_identity(10**6)


# --------------------------------------------------------------------------- rest ----


class Rest(Case):
    def test_closing(self):
        with ChaosChainAgentSDK("Closing", tee_provider=PhalaDstackTEE(), **w.settings("closing")) as agent:
            agent.register_identity()
            agent.act("a/b")
        agent.close()  # twice is fine
        self.assertIsNone(agent.tee_provider)
        for call in (lambda: agent.act("a/b"), lambda: agent.keypair, agent.register_identity, agent.get_agent_id,
                     lambda: agent.get_agent_metadata("x", 0), lambda: agent.store_evidence(b"x"),
                     lambda: agent.owner_address):
            with self.wrong("agent"):
                call()

    def test_an_agent_of_a_process_that_was_killed_goes_on(self):
        code = ("import os, sys; sys.path[:0] = %r\n"
                "from chaoschain_tee.agent import ChaosChainAgentSDK\n"
                "from chaoschain_tee.providers.tee import PhalaDstackTEE\n"
                "def stop(line):\n"
                "    if 'meta/tee.key' in line: os.kill(os.getpid(), 9)\n"
                "ChaosChainAgentSDK('Killed', tee_provider=PhalaDstackTEE(), log=stop, **%r).register_identity()\n"
                % (sys.path, {key: str(value) for key, value in w.settings("killed").items()}))
        done = subprocess.run([sys.executable, "-c", code], capture_output=True)
        self.assertEqual(done.returncode, -signal.SIGKILL, done.stderr.decode())
        agent = self.agent("Killed")
        sent = w.sent(agent.owner_address)
        self.assertGreater(sent, 2)
        agent.register_identity()
        self.assertEqual(w.sent(agent.owner_address), 12)  # register, URI, nine entries, wallet: each once
        self.assertTrue(agent.is_registered)

    def test_every_public_name_is_documented_and_tested(self):
        here = "".join(path.read_text("utf-8") for path in sorted(Path(__file__).parent.glob("test_agent*.py")))
        names = [name for name in dir(ChaosChainAgentSDK) if not name.startswith("_")]
        self.assertGreater(len(names), 40)
        for name in names:
            with self.subTest(name=name):
                self.assertTrue(inspect.getdoc(getattr(ChaosChainAgentSDK, name)), "no docstring")
                self.assertIn("." + name, here, "not tested")
        for name in agent_module.__all__:
            with self.subTest(name=name):
                self.assertTrue(inspect.getdoc(getattr(agent_module, name)), "no docstring")
                self.assertIn(name, here, "not tested")

if __name__ == "__main__":
    unittest.main()
