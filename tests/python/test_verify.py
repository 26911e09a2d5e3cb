"""verify, check, and what they take: the same answers as the C library's, for real and for broken evidence."""

import copy
import datetime
import json
import pickle
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor

import chaoschain_tee as c
from support import NOW, breaks, forge, python, vectors


SIMULATED = {"schema": "chaoschain/policy/1", "anchors": ["simulated"]}


class Verify(unittest.TestCase):
    def setUp(self):
        self.tdx = forge("tdx")
        self.judging = self.tdx.judging()

    def verify(self, **changes):
        arguments = dict(self.judging, quote=self.tdx["quote.bin"], collateral=self.tdx["collateral.json"])
        arguments.update(changes)
        return c.verify(**arguments)

    def test_verdict(self):
        verdict = self.verify()
        self.assertIs(verdict.verified, True)
        self.assertEqual((verdict.tee, verdict.anchor, verdict.tier, verdict.scope, verdict.exit_code),
                         ("tdx", "simulated", "WARNING", "platform", 1))
        self.assertIsNone(verdict.error)
        self.assertEqual(verdict.tcb["status"], "UpToDate")
        self.assertEqual(verdict.claims["report_data"], c.Evidence.from_quote(
            self.tdx["quote.bin"]).measurements["report_data"])
        self.assertFalse(verdict)  # a WARNING is not true
        self.assertIsNone(verdict.raise_for_error())
        self.assertEqual(json.loads(verdict.json()), verdict.to_dict())
        self.assertEqual(verdict.to_dict()["schema"], "chaoschain/verdict/1")
        self.assertIn("WARNING", verdict.text())
        self.assertEqual(str(verdict), verdict.text())
        self.assertIn("WARNING", repr(verdict))

    def test_checks(self):
        verdict = self.verify()
        row = verdict.check("quote-signature")
        self.assertEqual(row, c.Check("quote-signature", "pass", None, None, None))
        self.assertIn(row, verdict.checks)
        self.assertIsNone(verdict.check("no-such-row"))
        self.assertEqual(verdict.check("report-data").result, "not-checked")
        refused = self.verify(quote=_flipped(self.tdx["quote.bin"], 100))
        self.assertIsInstance(refused.error, c.VerdictError)
        self.assertEqual((refused.error.expected, refused.error.found),
                         ("a signature of the attestation key", None))
        anchor = self.verify(policy=None)
        self.assertEqual((anchor.error.found, anchor.check("anchor").expected), ("simulated", anchor.error.expected))
        failed = [row for row in refused.checks if row.result == "fail"]
        self.assertEqual(failed[0].code, refused.error.code)
        self.assertEqual((failed[0].name, failed[0].code), ("quote-signature", "QUOTE_SIGNATURE"))

    def test_what_is_true(self):
        agreed = dict(nonce=_binding(self.tdx).nonce, identity_key=_binding(self.tdx).identity_key)
        affirming = c.check(self.tdx["envelope.json"], self.tdx["collateral.json"],
                            expectation=c.Expectation(**agreed), **self.judging)
        self.assertEqual(affirming.tier, "AFFIRMING")
        self.assertIs(bool(affirming), True)
        self.assertEqual(affirming.scope, "agent")
        none = self.verify(policy="none")
        self.assertEqual((none.tier, none.verified, bool(none)), ("NONE", True, True))
        wrong = self.verify(policy="none", expectation=c.Expectation(report_data=bytes(64)))
        self.assertEqual((wrong.tier, wrong.verified, bool(wrong)), ("NONE", True, False))
        self.assertEqual(wrong.error.code, "REPORT_DATA")
        missing = self.verify(collateral=None)
        self.assertEqual((missing.tier, missing.verified, bool(missing)), ("NONE", None, False))
        self.assertEqual((missing.error.code, missing.error.stage), ("COLLATERAL_MISSING", "environment"))
        contraindicated = self.verify(policy="default")
        self.assertEqual((contraindicated.tier, contraindicated.verified, bool(contraindicated)),
                         ("CONTRAINDICATED", True, False))
        self.assertEqual(contraindicated.error.code, "ANCHOR")

    def test_raise_for_error(self):
        for changes, kind, code in (
                (dict(collateral=None), c.EnvironmentFault, "COLLATERAL_MISSING"),
                (dict(quote=b"x"), c.FormatError, "QUOTE_FORMAT"),
                (dict(trust_roots=None), c.TrustError, "ROOT_UNTRUSTED"),
                (dict(policy=None), c.PolicyError, "ANCHOR")):
            with self.subTest(code):
                verdict = self.verify(**changes)
                with self.assertRaises(kind) as raised:
                    verdict.raise_for_error()
                error = verdict.error
                self.assertEqual((raised.exception.code, raised.exception.stage, raised.exception.field,
                                  raised.exception.offset, raised.exception.text),
                                 (error.code, error.stage, error.field, error.offset, error.text))
                self.assertEqual(error.code, code)

    def test_every_break_of_a_quote(self):
        """With the collateral as text, and with a Collateral: the same verdict, byte for byte, with the code that
        chaoschain-forge names."""
        good = c.Collateral(self.tdx["collateral.json"], trust_roots=self.judging["trust_roots"], at=NOW)
        cases = [row for row in breaks("tdx") if not row["envelope"]]
        self.assertGreater(len(cases), 60)
        answered = 0
        for row in cases[::3]:
            with self.subTest(row["name"]):
                broken = forge("tdx", "--break", row["name"])
                text = broken["collateral.json"]
                judging = broken.judging(policy=SIMULATED, event_log=broken["event-log.json"])
                verdict = c.verify(broken["quote.bin"], text, **judging)
                self.assertEqual(verdict.error and verdict.error.code, row["expected"])
                self.assertFalse(verdict)
                with_good = c.verify(broken["quote.bin"], good, **judging)
                self.assertEqual(with_good.json(),
                                 c.verify(broken["quote.bin"], self.tdx["collateral.json"], **judging).json())
                answered += with_good.error is None
        self.assertGreater(answered, 0)  # where only the collateral was broken

    def test_sealed_and_text_agree_at_every_edge(self):
        collateral = c.Collateral(self.tdx["collateral.json"], trust_roots=self.judging["trust_roots"], at=NOW)
        facts = collateral.facts
        edges = {facts.valid_from, facts.valid_to, facts.tcb_info_next_update, facts.qe_identity_next_update,
                 facts.root_ca_crl_next_update, facts.pck_crl_next_update, facts.tcb_info_issued}
        codes = set()
        for edge in edges:
            for at in (edge - 1, edge, edge + 1):
                text = self.verify(at=at)
                sealed = self.verify(at=at, collateral=collateral)
                self.assertEqual(text.json(), sealed.json())
                codes.update(row.code for row in text.checks if row.result == "fail")
                codes.add(text.error and text.error.code)
        self.assertLessEqual({"TCB_INFO_EXPIRED", "QE_IDENTITY_EXPIRED", "CRL_EXPIRED", None}, codes)

    def test_expired_collateral(self):
        for at, code in (("2026-03-01T00:00:00Z", "TCB_INFO_EXPIRED"),
                         ("2025-01-01T00:00:00Z", "TCB_INFO_NOT_YET_VALID")):
            verdict = self.verify(at=at)
            self.assertIs(verdict.verified, False)
            with self.assertRaises(c.TrustError) as raised:
                c.Collateral(self.tdx["collateral.json"], trust_roots=self.judging["trust_roots"], at=at)
            failed = {row.code for row in verdict.checks if row.result == "fail"}
            self.assertIn(raised.exception.code, failed)
            self.assertIn(code, failed)

    def test_truncated(self):
        quote = self.tdx["quote.bin"]
        for size in list(range(1, 60)) + list(range(60, len(quote), 97)) + [len(quote) - 1]:
            verdict = self.verify(quote=quote[:size])
            self.assertIs(verdict.verified, False)
            self.assertEqual(verdict.error.stage, "parse")
            self.assertEqual(verdict.exit_code, 3)
        self.assertEqual(self.verify(quote=quote + b"\0" * 16).error, None)
        self.assertEqual(self.verify(quote=quote + b"\1").error.code, "TRAILING_DATA")
        self.assertIs(self.verify(quote=b"").verified, False)

    def test_kinds_of_bytes(self):
        quote = self.tdx["quote.bin"]
        expected = self.verify().json()
        for same in (bytearray(quote), memoryview(quote), memoryview(bytearray(quote)), memoryview(b"x" + quote)[1:]):
            self.assertEqual(self.verify(quote=same).json(), expected)
        text = self.tdx["collateral.json"]
        for same in (text.decode(), bytearray(text), memoryview(text), json.loads(text)):
            self.assertIs(self.verify(collateral=same).verified, True)

    def test_wrong_types(self):
        for changes in (dict(quote="abc"), dict(quote=None), dict(quote=5), dict(collateral=5), dict(collateral=["x"]),
                        dict(at=[]), dict(at=True), dict(event_log=5), dict(trust_roots=b"x"),
                        dict(trust_roots="x"), dict(trust_roots=[5]), dict(policy=5), dict(expectation={})):
            with self.subTest(changes), self.assertRaises(TypeError):
                self.verify(**changes)
        with self.assertRaises(TypeError):
            c.verify(b"x", None, NOW)  # only by name: a time must not pass for something else
        for changes in (dict(at="yesterday"), dict(at="2026-01-01T00:00:00"), dict(at=1 << 63),
                        dict(at=float("nan")), dict(at=float("inf")),
                        dict(at=datetime.datetime(2026, 1, 1))):
            with self.subTest(changes), self.assertRaises(ValueError):
                self.verify(**changes)

    def test_times(self):
        utc = datetime.timezone.utc
        expected = self.verify().json()
        for same in (float(NOW) + 0.9, "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00",
                     datetime.datetime(2026, 1, 1, tzinfo=utc)):
            self.assertEqual(self.verify(at=same).json(), expected)
        for same in ("2026-01-01 00:00:00Z", "2026-01-01t00:00:00.5z", "2026-01-01T00:00:00.123456789Z"):
            self.assertEqual(self.verify(at=same).json(), expected)
        # ISO 8601 and not RFC 3339: one version of Python would read them and another would not.
        for bad in ("20260101T000000Z", "2026-W01-4T00:00:00Z", "2026-01-01T00Z", "2026-01-01T00:00Z", "2026-01-01T00:00:00,5Z",
                    "2026-01-01T00:00:00+0100", "2026-01-01T00:00:00+01:00:30", "2026-01-01X00:00:00Z", "2026-01-01T00:00:00",
                    "2026-02-30T00:00:00Z", "1767225600", "", "\u0662026-01-01T00:00:00Z", "x" * 100000):
            with self.subTest(bad[:40]), self.assertRaisesRegex(ValueError, "^.{0,120}$"):
                self.verify(at=bad)
        present = c.verify(self.tdx["quote.bin"], None).to_dict()["now"]
        now = datetime.datetime.now(utc)
        self.assertLess(abs((now - datetime.datetime.fromisoformat(present[:-1] + "+00:00")).total_seconds()), 60)

    def test_event_log(self):
        self.assertIs(self.verify(event_log=self.tdx["event-log.json"]).verified, True)
        self.assertIs(self.verify(event_log=self.tdx["event-log.json"].decode()).verified, True)
        log = self.tdx["event-log.json"].replace(b'"digest":"', b'"digest":"0', 1)
        self.assertEqual(self.verify(event_log=log).error.code, "EVENT_LOG_FORMAT")
        events = json.loads(self.tdx["event-log.json"])
        self.assertEqual(self.verify(event_log=json.dumps(events[:-1]).encode()).error.stage, "eventlog")

    def test_sgx(self):
        sgx = forge("sgx")
        verdict = c.verify(sgx["quote.bin"], sgx["collateral.json"], at=NOW, trust_roots=[sgx["trust-root.der"]],
                           policy="none")
        self.assertEqual((verdict.verified, verdict.tee), (True, "sgx"))
        self.assertEqual(set(c.Evidence.from_quote(sgx["quote.bin"]).measurements),
                         {"mr_enclave", "mr_signer", "report_data"})

    def test_verdicts_are_what_they_are(self):
        verdict = self.verify()
        for action in (copy.copy, copy.deepcopy, pickle.dumps):
            with self.assertRaises(TypeError):
                action(verdict)
        for readonly in ("tier", "verified", "error"):
            with self.assertRaises(AttributeError):
                setattr(verdict, readonly, "AFFIRMING")
        with self.assertRaises(TypeError):
            verdict.tcb["status"] = "UpToDate"
        with self.assertRaises(TypeError):
            verdict.claims["x"] = 1
        with self.assertRaises(TypeError):
            c.Verdict(None)

    def test_temporaries_outlive_the_call(self):
        """Arguments that nobody else holds are freed after the call and not before: the answers stay the same while
        memory is used again and again."""
        collateral = self.tdx["collateral.json"]
        expected = self.verify().json()
        envelope = c.check(self.tdx["envelope.json"], collateral, **self.judging).json()
        for _ in range(200):
            self.assertEqual(self.verify().json(), expected)
            self.assertEqual(c.check(self.tdx["envelope.json"], collateral, **self.judging).json(), envelope)


    def test_memory_does_not_grow(self):
        """Verdicts, evidence, errors and exceptions give back what they took."""
        import os
        if "asan" in os.environ.get("LD_PRELOAD", ""):
            self.skipTest("the sanitizer keeps what was freed")
        collateral = c.Collateral(self.tdx["collateral.json"], trust_roots=self.judging["trust_roots"], at=NOW)
        judging = dict(self.judging, trust_roots=c.TrustRoots(self.judging["trust_roots"]))

        def work(times):
            for _ in range(times):
                c.verify(self.tdx["quote.bin"], collateral, **judging).to_dict()
                c.Evidence.from_envelope(self.tdx["envelope.json"]).describe()
                with self.assertRaises(c.FormatError):
                    c.Policy("{}")
            with open("/proc/self/statm") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")

        before = work(200)
        self.assertLess(work(600) - before, 1 << 20)


class Threads(unittest.TestCase):
    def test_pool(self):
        """Many threads, one Collateral, good and bad evidence mixed: each gets the answer that it gets alone."""
        tdx = forge("tdx")
        judging = dict(at=NOW, trust_roots=c.TrustRoots([tdx["trust-root.der"]]), policy=c.Policy(tdx["policy.json"]))
        collateral = c.Collateral(tdx["collateral.json"], trust_roots=judging["trust_roots"], at=NOW)
        quotes = [tdx["quote.bin"], _flipped(tdx["quote.bin"], 60), tdx["quote.bin"][:-1], b""]
        alone = [c.verify(quote, tdx["collateral.json"], **judging).json() for quote in quotes]

        def work(index):
            return c.verify(quotes[index % 4], collateral, **judging).json() == alone[index % 4]

        with ThreadPoolExecutor(8) as pool:
            self.assertTrue(all(pool.map(work, range(800))))
        counts = collateral.cache_counts
        self.assertGreater(counts.platform_hits, 100)
        self.assertGreaterEqual(counts.platforms, 1)

    def test_the_lock_of_the_interpreter_is_released(self):
        """While one thread is inside the library, others run: a thread that only counts goes on meanwhile."""
        tdx = forge("tdx")
        text, quote, root = tdx["collateral.json"], tdx["quote.bin"], c.TrustRoots([tdx["trust-root.der"]])
        inside, seen, stop = threading.Event(), [], threading.Event()

        class Slow(threading.Thread):
            def run(self):
                for _ in range(300):
                    inside.set()
                    c.verify(quote, text, at=NOW, trust_roots=root, policy="none")
                stop.set()

        import sys
        interval = sys.getswitchinterval()
        sys.setswitchinterval(100)  # nobody is made to give way: only who releases the lock does
        try:
            Slow().start()
            inside.wait()
            while not stop.is_set():
                seen.append(None)
                stop.wait(0.0001)
        finally:
            sys.setswitchinterval(interval)
        self.assertGreater(len(seen), 10)


class Vectors(unittest.TestCase):
    def test_real_quotes(self):
        """Every pair of the vectors: the expected status, and the same verdict sealed and unsealed."""
        folder = vectors() / "dcap"
        expected = json.loads((folder / "expected.json").read_text())
        read = lambda name: (folder / name).read_bytes()
        sealed = {}
        judged = 0
        for pair in expected["pairs"] + expected["native_pairs"]:
            with self.subTest(quote=pair["quote"], collateral=pair["collateral"]):
                text = read(pair["collateral"])
                verdict = c.verify(read(pair["quote"]), text, at=pair["now"], policy="none")
                want = pair.get("want", {})
                if want.get("errors"):
                    self.assertIs(verdict.verified, False)
                    self.assertIn(verdict.error.code, [error.split()[0] for error in want["errors"]])
                elif want:
                    self.assertIs(verdict.verified, True)
                    self.assertEqual(verdict.tcb["status"], want["status"])
                try:
                    collateral = sealed.setdefault(
                        (pair["collateral"], pair["now"]), c.Collateral(text, at=pair["now"]))
                except (c.TrustError, c.FormatError):
                    continue
                again = c.verify(read(pair["quote"]), collateral, at=pair["now"], policy="none")
                self.assertEqual(again.json(), verdict.json())
                self.assertEqual(verdict.anchor, "vendor")
                judged += 1
        self.assertGreater(judged, 60)


class Alone(unittest.TestCase):
    def test_nothing_of_others_is_imported(self):
        """Isolated from the user's site and environment, and no module from outside the standard library."""
        import sys
        if not hasattr(sys, "stdlib_module_names"):
            self.skipTest("this Python does not list its own modules")
        names = python("import sys, chaoschain_tee, chaoschain_tee.providers.tee\n"
                       "print(*{name.split('.')[0] for name in sys.modules} - sys.stdlib_module_names)",
                       options=("-S",), PYTHONPATH=_site()).split()
        self.assertEqual(set(names) - {"__main__"}, {"chaoschain_tee"})


def _site():
    import pathlib
    return str(pathlib.Path(c.__file__).parents[1])


def _flipped(data, at):
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def _binding(forged):
    return c.Evidence.from_envelope(forged["envelope.json"]).binding


if __name__ == "__main__":
    unittest.main()
