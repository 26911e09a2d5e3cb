"""What verify takes beside evidence: collateral, floors, roots, policies, expectations; evidence itself; bundles."""

import copy
import io
import json
import pathlib
import pickle
import shutil
import tempfile
import unittest

import chaoschain_tee as c
from support import NOW, breaks, forge


class Collateral(unittest.TestCase):
    def setUp(self):
        self.tdx = forge("tdx")
        self.roots = [self.tdx["trust-root.der"]]

    def make(self, source=None, **changes):
        return c.Collateral(self.tdx["collateral.json"] if source is None else source,
                            **dict(dict(trust_roots=self.roots, at=NOW), **changes))

    def test_facts(self):
        facts = self.make().facts
        self.assertIsInstance(facts, c.CollateralFacts)
        self.assertEqual((facts.tee, facts.platform_ca, len(facts.fmspc), len(facts.pce_id)), ("tdx", True, 12, 4))
        self.assertLess(facts.valid_from, NOW)
        self.assertGreater(facts.valid_to, NOW)
        for name in ("tcb_info", "qe_identity", "root_ca_crl", "pck_crl"):
            self.assertLess(getattr(facts, name + "_issued"), getattr(facts, name + "_next_update"))
        self.assertEqual((facts.tcb_evaluation_number, facts.qe_evaluation_number), (18, 18))
        self.assertEqual(facts.valid_to, min(facts.tcb_info_next_update, facts.qe_identity_next_update,
                                             facts.root_ca_crl_next_update, facts.pck_crl_next_update))
        self.assertGreaterEqual(facts.valid_from, max(facts.tcb_info_issued, facts.qe_identity_issued,
                                                      facts.root_ca_crl_issued, facts.pck_crl_issued))
        self.assertIn(facts.fmspc, repr(self.make()))
        sgx = forge("sgx")
        self.assertEqual(c.Collateral(sgx["collateral.json"], trust_roots=[sgx["trust-root.der"]], at=NOW).facts.tee,
                         "sgx")

    def test_json_is_what_it_was(self):
        text = self.tdx["collateral.json"]
        self.assertEqual(self.make().json().encode(), text)
        self.assertEqual(json.loads(self.make(json.loads(text)).json()), json.loads(text))

    def test_refused(self):
        text = self.tdx["collateral.json"]
        for source, kind, code in ((b"", c.FormatError, None), (b"{}", c.FormatError, "COLLATERAL_FORMAT"),
                                   (text[:-5], c.FormatError, "JSON"), ("[]", c.FormatError, None)):
            with self.subTest(source[:10]), self.assertRaises(kind) as raised:
                self.make(source)
            if code:
                self.assertEqual(raised.exception.code, code)
        with self.assertRaises(c.TrustError) as raised:
            self.make(trust_roots=None)
        self.assertEqual(raised.exception.code, "ROOT_UNTRUSTED")
        with self.assertRaises(TypeError):
            self.make(7)
        with self.assertRaises(TypeError):
            self.make(cache_bytes="big")
        with self.assertRaises(ValueError):
            self.make(cache_bytes=-1)

    def test_cache(self):
        collateral = self.make()
        for _ in range(3):
            c.verify(self.tdx["quote.bin"], collateral, at=NOW, trust_roots=self.roots, policy="none")
        counts = collateral.cache_counts
        self.assertIsInstance(counts, c.CacheCounts)
        self.assertEqual((counts.platforms, counts.platform_hits), (1, 2))
        self.assertGreaterEqual(counts.platform_misses, 1)
        self.assertEqual((counts.collaterals, counts.collateral_hits, counts.collateral_misses), (0, 0, 0))
        self.assertGreater(counts.bytes, 0)
        c.check(self.tdx["envelope.json"], collateral, at=NOW, trust_roots=self.roots)
        self.assertEqual(collateral.cache_counts.collateral_misses, 1)
        without = self.make(cache_bytes=0)
        self.assertIsNone(without.cache_counts)
        self.assertIs(c.verify(self.tdx["quote.bin"], without, at=NOW, trust_roots=self.roots).verified, True)

    def test_revoked_under_a_warm_cache(self):
        """A platform that was seen good is refused by newer collateral that revokes it."""
        revoked = forge("tdx", "--break", "pck-revoked")
        good = self.make()
        judging = dict(at=NOW, trust_roots=self.roots, policy="none")
        self.assertIs(c.verify(self.tdx["quote.bin"], good, **judging).verified, True)
        newer = c.Collateral(revoked["collateral.json"], trust_roots=[revoked["trust-root.der"]], at=NOW)
        verdict = c.verify(self.tdx["quote.bin"], newer, at=NOW, trust_roots=[revoked["trust-root.der"]], policy="none")
        self.assertEqual(verdict.error.code, "PCK_REVOKED")

    def test_the_roots_of_the_call_decide(self):
        """Sealed under one root, it is worth nothing to who does not trust that root."""
        verdict = c.verify(self.tdx["quote.bin"], self.make(), at=NOW, policy="none")
        self.assertEqual(verdict.error.code, "ROOT_UNTRUSTED")

    def test_floor(self):
        floor, collateral = c.Floor(), self.make()
        floor.check(collateral)  # it knows nothing yet
        floor.raise_to(collateral)
        floor.check(collateral)
        again = c.Floor(floor.json())
        again.check(collateral)
        raised = json.loads(floor.json())
        self.assertEqual(raised["schema"], "chaoschain/collateral-floor/1")
        higher = c.Floor(floor.json().replace('18', '19'))
        with self.assertRaises(c.TrustError) as refused:
            higher.check(collateral)
        self.assertEqual(refused.exception.code, "COLLATERAL_ROLLBACK")
        verdict = c.check(self.tdx["envelope.json"], collateral, at=NOW, trust_roots=self.roots,
                          policy=self.tdx["policy.json"], expectation=c.Expectation(collateral_floor=higher))
        self.assertEqual(verdict.error.code, "COLLATERAL_ROLLBACK")
        with self.assertRaises(c.FormatError):
            c.Floor(b"{}")
        with self.assertRaises(TypeError):
            c.Floor(3)


class TrustRoots(unittest.TestCase):
    def test_roots(self):
        tdx = forge("tdx")
        der = tdx["trust-root.der"]
        import ssl
        for roots in (c.TrustRoots([der]), [ssl.DER_cert_to_PEM_cert(der).encode()], iter([der])):
            self.assertEqual(c.verify(tdx["quote.bin"], tdx["collateral.json"], at=NOW, trust_roots=roots).anchor,
                             "simulated")
        self.assertEqual(c.verify(tdx["quote.bin"], tdx["collateral.json"], at=NOW,
                                  trust_roots=[tdx["foreign-root.der"]]).error.code, "ROOT_UNTRUSTED")

    def test_refused(self):
        for bad in ([b""], [b"x"], [forge("tdx")["trust-root.der"][:-1]]):
            with self.assertRaises(c.FormatError) as raised:
                c.TrustRoots(bad)
            self.assertEqual(raised.exception.code, "TRUST_ROOT_FORMAT")
        for bad in ("x", b"x", bytearray(b"x"), [None], 5):
            with self.assertRaises(TypeError):
                c.TrustRoots(bad)


class Policy(unittest.TestCase):
    def test_nested_too_deeply(self):
        deep = {}
        for _ in range(100000):
            deep = {"a": deep}
        for function in (c.Policy, c.Collateral, c.Floor, lambda value: c.open_tee("simulated", seed=value)):
            with self.assertRaisesRegex(ValueError, "nested too deeply"):
                function(deep)

    def test_forms(self):
        tdx = forge("tdx")
        text = tdx["policy.json"]
        hashes = set()
        for policy in (text, text.decode(), c.Policy(text), bytearray(text)):
            verdict = c.verify(tdx["quote.bin"], tdx["collateral.json"], **tdx.judging(policy=policy))
            hashes.add(verdict.to_dict()["policy_hash"])
        self.assertEqual(len(hashes), 1)
        verdict = c.verify(tdx["quote.bin"], tdx["collateral.json"], **tdx.judging(policy=json.loads(text)))
        self.assertEqual(verdict.tier, "WARNING")
        for default in (None, "default", c.Policy(), c.Policy("default")):
            verdict = c.verify(tdx["quote.bin"], tdx["collateral.json"], **tdx.judging(policy=default))
            self.assertEqual(verdict.error.code, "ANCHOR")

    def test_refused(self):
        for bad, code in (("{}", "POLICY_FORMAT"), ({"schema": "chaoschain/policy/1", "extra": 1}, "POLICY_FORMAT"),
                          ('{"schema":"chaoschain/policy/1","schema":"chaoschain/policy/1"}', "JSON_DUPLICATE_KEY"),
                          ("nothing", None)):
            with self.subTest(bad), self.assertRaises(c.FormatError) as raised:
                c.Policy(bad)
            if code:
                self.assertEqual(raised.exception.code, code)
        with self.assertRaises(TypeError):
            c.Policy(None)


class Expectation(unittest.TestCase):
    def setUp(self):
        self.tdx = forge("tdx")
        self.binding = c.Evidence.from_envelope(self.tdx["envelope.json"]).binding

    def check(self, **expected):
        return c.check(self.tdx["envelope.json"], self.tdx["collateral.json"],
                       expectation=c.Expectation(**expected), **self.tdx.judging())

    def agent(self, **changes):
        b = dict(chain=self.binding.chain_id, registry=self.binding.identity_registry, id=self.binding.agent_id)
        b.update(changes)
        return "eip155:{chain}:{registry}:{id}".format(**b)

    def test_met(self):
        report_data = c.Evidence.from_envelope(self.tdx["envelope.json"]).measurements["report_data"]
        for expected, row in (
                (dict(report_data=report_data), "report-data"),
                (dict(report_data=bytes.fromhex(report_data)), "report-data"),
                (dict(agent=self.agent()), "agent"), (dict(identity_key=self.binding.identity_key), "identity-key"),
                (dict(identity_key=bytes.fromhex(self.binding.identity_key[2:])), "identity-key"),
                (dict(nonce=self.binding.nonce), "freshness"), (dict(nonce=int(self.binding.nonce, 16)), "freshness"),
                (dict(anchor=c.Anchor(self.binding.anchor_block, self.binding.nonce, 0, 1 << 40)), "freshness"),
                (dict(agent_uri_hash=self.binding.agent_uri_hash), None)):
            with self.subTest(expected):
                verdict = self.check(**expected)
                self.assertIsNone(verdict.error)
                if row:
                    self.assertEqual(verdict.check(row).result, "pass")

    def test_records(self):
        anchor = c.Anchor(block=7, hash=bytes(32), first_block=1, last_block=9)
        self.assertEqual((anchor.block, anchor.hash, anchor.first_block, anchor.last_block), (7, bytes(32), 1, 9))
        self.assertEqual(c.Expectation(anchor=anchor).anchor, anchor)
        block = c.BlockHash(number=3, hash="0x" + 64 * "1")
        self.assertEqual((block.number, block.hash), (3, "0x" + 64 * "1"))

    def test_not_met(self):
        """Each differs in one thing from what is met, and is refused for that."""
        other = "0x" + 64 * "7"
        for expected, code in (
                (dict(report_data=bytes(64)), "REPORT_DATA"), (dict(agent=self.agent(id=1)), "BINDING_AGENT"),
                (dict(agent=self.agent(chain=1)), "BINDING_CHAIN"),
                (dict(agent=self.agent(registry="0x" + 40 * "1")), "BINDING_REGISTRY"),
                (dict(identity_key="0x" + 40 * "1"), "BINDING_IDENTITY"), (dict(nonce=other), "BINDING_NONCE"),
                (dict(anchor=c.Anchor(self.binding.anchor_block, other, 0, 1 << 40)), "BINDING_NONCE"),
                (dict(subject=other), "BINDING_SUBJECT"), (dict(agent_uri_hash=other), "BINDING_URI"),
                (dict(tls_spki_hash=other), "BINDING_TLS")):
            with self.subTest(expected):
                verdict = self.check(**expected)
                self.assertEqual((verdict.tier, verdict.error and verdict.error.code), ("CONTRAINDICATED", code))

    def test_of_a_bare_quote(self):
        with self.assertRaises(c.UsageError):
            c.verify(self.tdx["quote.bin"], self.tdx["collateral.json"], expectation=c.Expectation(nonce=1),
                     **self.tdx.judging())

    def test_wrong(self):
        for bad in (dict(report_data=b"short"), dict(report_data="zz" * 64), dict(agent="eip155:1:5"),
                    dict(agent="eip155:01:0x1:5"), dict(agent="x\0y"), dict(identity_key="0x12"),
                    dict(identity_key=b"\1" * 19), dict(nonce=-1), dict(nonce=1 << 256), dict(nonce="0x12"),
                    dict(subject=b""), dict(anchor=c.Anchor(-1, bytes(32), 0, 0)),
                    dict(anchor=c.Anchor(1, b"", 0, 0)), dict(anchor=c.Anchor(1, bytes(32), 0, 1 << 64)),
                    dict(identity_key=_wrong_case(self.binding.identity_key))):
            with self.subTest(bad), self.assertRaises(ValueError):
                c.Expectation(**bad)
        for bad in (dict(report_data=5), dict(agent=5), dict(identity_key=5), dict(nonce=True), dict(anchor=5),
                    dict(anchor=(1, 2)), dict(subject=5), dict(collateral_floor=5), dict(unknown=1),
                    dict(anchor=c.Anchor("1", bytes(32), 0, 0))):
            with self.subTest(bad), self.assertRaises(TypeError):
                c.Expectation(**bad)
        with self.assertRaises(AttributeError):
            c.Expectation().nonce = 1
        with self.assertRaisesRegex(ValueError, "^subject must have 32 bytes, not 64$"):  # 16 elements of 4 bytes
            c.Expectation(subject=memoryview(bytes(64)).cast("I"))
        with self.assertRaisesRegex(ValueError, "^subject must have 64 hex digits, not 2$"):
            c.Expectation(subject="0x11")
        with self.assertRaises(c.UsageError):
            self.check(nonce=1, anchor=c.Anchor(1, bytes(32), 0, 1))


    def test_copies(self):
        """Of values alone, so they go to another process; of a floor, which lives in the library, only within this."""
        import copy
        import pickle
        nonce = bytes(31) + b"\7"
        for again in (copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))):
            one = c.Expectation(nonce=nonce, agent="eip155:1:0x" + "11" * 20 + ":5")
            two = again(one)
            self.assertEqual(one, two)
            self.assertEqual(bytes(one._struct.nonce), bytes(two._struct.nonce))
            self.assertTrue(two._struct.has_nonce and two._struct.has_agent)
        floor = c.Expectation(collateral_floor=c.Floor())
        self.assertTrue(copy.deepcopy(floor)._struct.collateral_floor)
        with self.assertRaisesRegex(TypeError, "cannot be pickled"):
            pickle.dumps(floor)


class Evidence(unittest.TestCase):
    def setUp(self):
        self.tdx = forge("tdx")
        self.envelope = c.Evidence.from_envelope(self.tdx["envelope.json"])

    def test_envelope(self):
        e = self.envelope
        self.assertEqual((e.tee, e.bytes, len(e.hash)), ("tdx", self.tdx["envelope.json"], 66))
        self.assertEqual(json.loads(e.event_log), json.loads(self.tdx["event-log.json"]))
        self.assertIs(e.describe()["unverified"], True)
        self.assertEqual(set(e.measurements),
                         {"mr_td", "rtmr0", "rtmr1", "rtmr2", "rtmr3", "mr_config_id", "report_data"})
        self.assertIn(e.hash, repr(e))
        self.assertEqual(c.Evidence.from_envelope(self.tdx["envelope.json"].decode()).hash, e.hash)

    def test_quote(self):
        e = c.Evidence.from_quote(self.tdx["quote.bin"], self.tdx["event-log.json"])
        self.assertEqual((e.bytes, e.hash, e.binding), (self.tdx["quote.bin"], None, None))
        self.assertEqual(e.event_log, self.tdx["event-log.json"])
        self.assertEqual(c.Evidence.from_quote(self.tdx["quote.bin"]).event_log, b"")
        self.assertIn("quote", repr(e))

    def test_binding(self):
        b = self.envelope.binding
        self.assertIsInstance(b, c.Binding)
        self.assertEqual((b.stage, b.chain_id, b.agent_id), (1, 31337, 0))
        self.assertEqual(b.report_data().hex(), self.envelope.measurements["report_data"])
        self.assertLess(b.issued_at, b.expires_at)
        self.assertEqual(b.public_key_hash[-40:], b.identity_key[2:].lower())
        zero = "0x" + 64 * "0"
        self.assertEqual((b.subject, b.tls_spki_hash), (zero, zero))
        self.assertGreaterEqual(b.anchor_block, 0)
        self.assertEqual(len(b.policy_hash), 66)
        self.assertEqual(c.Binding(stage=4).agent_id, (1 << 256) - 1)
        self.assertNotEqual(c.Binding(**dict(b.__dict__, nonce=_other_nonce(b))).report_data(), b.report_data())
        for bad in (dict(stage=6), dict(stage=-1), dict(stage=1, chain_id=-1), dict(stage=1, identity_registry="0x1"),
                    dict(stage=1, subject=b"1"), dict(stage=1, anchor_block=1 << 64)):
            with self.subTest(bad), self.assertRaises(ValueError):
                c.Binding(**bad).report_data()
        for bad in (dict(stage="1"), dict(stage=1, expires_at=1.5)):
            with self.subTest(bad), self.assertRaises(TypeError):
                c.Binding(**bad).report_data()

    def test_refused(self):
        text = self.tdx["envelope.json"]
        for size in range(0, len(text), 701):
            with self.assertRaises(c.FormatError) as raised:
                c.Evidence.from_envelope(text[:size])
            self.assertEqual(raised.exception.stage, "parse")
        for bad in (None, 5, ["x"]):
            with self.assertRaises(TypeError):
                c.Evidence.from_envelope(bad)
            with self.assertRaises(TypeError):
                c.Evidence.from_quote(bad)
            with self.assertRaises(TypeError):
                c.Evidence(bad)

    def test_copies_share_the_object(self):
        for made in (copy.copy(self.envelope), copy.deepcopy(self.envelope)):
            self.assertEqual(made.bytes, self.envelope.bytes)
        del made
        self.assertEqual(self.envelope.bytes, self.tdx["envelope.json"])
        with self.assertRaises(TypeError):
            pickle.dumps(self.envelope)


class Envelopes(unittest.TestCase):
    def test_breaks_of_envelopes(self):
        cases = [row for row in breaks("tdx") if row["envelope"]]
        self.assertGreater(len(cases), 20)
        for row in cases[::4]:
            with self.subTest(row["name"]):
                broken = forge("tdx", "--break", row["name"])
                verdict = c.check(broken["envelope.json"], broken["collateral.json"], **broken.judging())
                self.assertEqual(verdict.error and verdict.error.code, row["expected"])
                collateral = c.Collateral(broken["collateral.json"], trust_roots=[broken["trust-root.der"]], at=NOW)
                for _ in range(2):  # the second time out of its cache
                    again = c.check(broken["envelope.json"], collateral, **broken.judging())
                    self.assertEqual(again.json(), verdict.json())

    def test_wrong_types(self):
        for bad in (None, 5, {}):
            with self.assertRaises(TypeError):
                c.check(bad)
        for bad in ("", b"{}", b"\xff"):
            self.assertEqual((c.check(bad).verified, c.check(bad).exit_code), (False, 3))

    def test_without_collateral(self):
        tdx = forge("tdx")
        self.assertEqual(c.check(tdx["envelope.json"], **tdx.judging()).error.code, "COLLATERAL_MISSING")


class Bundles(unittest.TestCase):
    def setUp(self):
        self.bundle = forge("bundle", "--folder")
        self.path = self.bundle.folder
        options = dict(line[2:].split("=", 1) for line in self.bundle["expect.txt"].decode().split()
                       if "block" not in line)
        sequence, digest, block = options["expect-head"].replace("@", ":").split(":")
        self.head = c.Head(int(sequence), digest, int(block))
        self.identity = options["expect-identity-key"]
        self.blocks = [c.BlockHash(int(number), digest) for number, digest in
                       (line.split("=")[1].split(":") for line in self.bundle["expect.txt"].decode().split()
                        if "block" in line)]

    def check(self, source=None, **changes):
        return c.check_bundle(self.path if source is None else source,
                              **{**self.bundle.judging(), **changes})

    def test_forms(self):
        expected = self.check()
        self.assertEqual((expected.tier, expected.verified), ("WARNING", True))
        self.assertEqual(expected.to_dict()["receipts"]["count"], 5)
        self.assertEqual(self.check(str(self.path)).json(), expected.json())
        whole = forge("bundle")
        for same in (whole.folder / "bundle.jsonl", io.BytesIO(whole["bundle.jsonl"])):
            self.assertEqual(self.check(same).to_dict()["receipts"], expected.to_dict()["receipts"])

    def test_expectations(self):
        known = dict(collateral=self.bundle["collateral.json"], heads=[self.head], blocks=self.blocks,
                     expectation=c.Expectation(identity_key=self.identity))
        verdict = self.check(**known)
        self.assertIsNone(verdict.error)
        for row in ("identity-key", "receipt-head", "freshness"):
            self.assertEqual(verdict.check(row).result, "pass", row)
        self.assertEqual(verdict.to_dict()["receipts"]["existed_by_block"], self.head.block)
        for changes, code in (
                (dict(heads=[self.head._replace(digest=bytes(32))]), "RECEIPT_HEAD"),
                (dict(heads=[self.head._replace(sequence=self.head.sequence + 1)]), "RECEIPT_HEAD"),
                (dict(blocks=[block._replace(hash=bytes(32)) for block in self.blocks]), "BINDING_NONCE"),
                (dict(expectation=c.Expectation(identity_key="0x" + 40 * "1")), "BINDING_IDENTITY")):
            with self.subTest(changes):
                self.assertEqual(self.check(**{**known, **changes}).error.code, code)

    def test_broken(self):
        for row in breaks("bundle")[::3]:
            with self.subTest(row["name"]):
                broken = forge("bundle", "--break", row["name"])
                verdict = c.check_bundle(broken.folder / "bundle.jsonl", **broken.judging())
                self.assertEqual(verdict.error.code, row["expected"])

    def test_contents_of_a_folder(self):
        with tempfile.TemporaryDirectory() as work:
            copied = pathlib.Path(work) / "bundle"
            shutil.copytree(self.path, copied)
            content = sorted((copied / "content").iterdir())[0]
            content.write_bytes(content.read_bytes() + b"x")
            self.assertEqual(self.check(copied).error.code, "RECEIPT_CONTENT")
            content.unlink()
            content.symlink_to(self.path / "content" / content.name)
            with self.assertRaises(OSError):
                self.check(copied)

    def test_what_cannot_be_read(self):
        for source, kind in (("/nowhere/at/all", FileNotFoundError), (io.StringIO("text"), TypeError), (5, TypeError)):
            with self.subTest(source), self.assertRaises(kind):
                self.check(source)

        class Failing(io.RawIOBase):
            def read(self, size=-1):
                raise RuntimeError("the disk is on fire")

        with self.assertRaisesRegex(RuntimeError, "on fire"):
            self.check(Failing())
        with self.assertRaises(ValueError):
            self.check(heads=[c.Head(-1, bytes(32), 0)])
        with self.assertRaises(ValueError):
            self.check(blocks=[c.BlockHash(1, b"")])


def _wrong_case(address):
    """The same address with the case of its letters turned, so that its checksum is wrong."""
    return "0x" + address[2:].swapcase()


def _other_nonce(binding):
    return "0x" + format(int(binding.nonce, 16) ^ 1, "064x")


if __name__ == "__main__":
    unittest.main()
