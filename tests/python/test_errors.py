"""One exception for every status, in one tree."""

import ctypes
import unittest

import chaoschain_tee as c
from chaoschain_tee import _errors, _native
from support import ROOT


def statuses():
    """Every status of base.h: name, class, number, stage."""
    import re
    text = (ROOT / "include/chaoschain/base.h").read_text()
    return re.findall(r'X\(([A-Z0-9_]+), ([A-Z]+), 0x([0-9a-f]+), "([a-z]+)"', text)


CLASSES = {"USAGE": (1, c.UsageError), "FORMAT": (2, c.FormatError), "TRUST": (3, c.TrustError),
           "ENV": (4, c.EnvironmentFault), "INTERNAL": (5, c.InternalError)}


class Errors(unittest.TestCase):
    def test_every_status_has_its_exception(self):
        self.assertGreater(len(statuses()), 100)
        for name, class_, number, stage in statuses():
            with self.subTest(name):
                high, kind = CLASSES[class_]
                status = high << 8 | int(number, 16)
                with self.assertRaises(kind) as raised:
                    _native.raise_status(status)
                error = raised.exception
                self.assertIsInstance(error, c.ChaosError)
                self.assertEqual((error.code, error.status, error.stage), (name, status, stage))

    def test_finer_classes(self):
        for code, kind in (("PROVIDER_MISSING", c.ProviderMissingError), ("TEE_UNAVAILABLE", c.NotInTeeError),
                           ("NETWORK", c.NetworkFault), ("TIMEOUT", c.NetworkFault), ("REVERTED", c.RevertedError)):
            self.assertIs(_errors.error_type(0x400, code), kind)
        self.assertIs(_errors.error_type(0x381, "TCB_STATUS"), c.PolicyError)
        self.assertIs(_errors.error_type(0x37f, "X"), c.TrustError)
        self.assertIs(_errors.error_type(0x900, "X"), c.InternalError)

    def test_what_python_expects(self):
        self.assertTrue(issubclass(c.UsageError, ValueError))
        self.assertTrue(issubclass(c.FormatError, ValueError))
        self.assertTrue(issubclass(c.ProviderMissingError, ImportError))
        self.assertTrue(issubclass(c.PolicyError, c.TrustError))
        self.assertFalse(issubclass(c.TrustError, ValueError))

    def test_a_number_that_is_no_status(self):
        with self.assertRaises(c.InternalError) as raised:
            _native.raise_status(0x7777)
        self.assertEqual(raised.exception.code, "UNKNOWN")

    def test_text_field_offset_expected_found(self):
        with self.assertRaises(c.FormatError) as raised:
            c.Evidence.from_quote(b"\x04\x00\x02")
        error = raised.exception
        self.assertEqual(error.code, "QUOTE_FORMAT")
        self.assertEqual(error.stage, "parse")
        self.assertIsInstance(error.offset, int)
        self.assertTrue(error.field)
        for part in (error.text, error.code, error.field, str(error.offset)):
            self.assertIn(part, str(error))
        self.assertEqual(error.args, (error.text,))

    def test_no_offset_is_none(self):
        with self.assertRaises(c.UsageError) as raised:
            c.open_tee("No Such Name")
        self.assertIsNone(raised.exception.offset)
        self.assertIn("found: ", str(raised.exception))
        self.assertTrue(raised.exception.found)
        self.assertEqual(raised.exception.expected, "")

    def test_they_travel_between_processes(self):
        """What a worker raises arrives whole."""
        import copy
        import pickle
        for name, class_, number, _ in statuses():
            try:
                _native.raise_status(CLASSES[class_][0] << 8 | int(number, 16))
            except c.ChaosError as error:
                for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
                    self.assertIs(type(again), type(error))
                    self.assertEqual((again.code, again.status, str(again)), (name, error.status, str(error)))

    def test_by_hand(self):
        error = c.TrustError("a text", code="X", status=0x301, stage="quote", field="f", offset=3)
        self.assertEqual((error.text, error.code, error.status, error.stage, error.field, error.offset),
                         ("a text", "X", 0x301, "quote", "f", 3))
        self.assertEqual(str(error), "a text (X, field f, offset 3)")

    def test_no_offset_is_that_of_the_header(self):
        self.assertEqual(_errors._NO_OFFSET, ctypes.c_size_t(-1).value)


if __name__ == "__main__":
    unittest.main()
