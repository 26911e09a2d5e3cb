"""The structs as ctypes sees them are those of the C headers: a C program prints sizes and offsets, and they are
compared. And each function that is declared takes as many arguments as its header says."""

import importlib
import os
import pathlib
import pkgutil
import re
import subprocess
import tempfile
import unittest

import chaoschain_tee
from chaoschain_tee import _native, _structs
from support import ROOT


def load_every_module():
    for module in pkgutil.walk_packages(chaoschain_tee.__path__, "chaoschain_tee."):
        importlib.import_module(module.name)


def rows(c_name, cls):
    """What is compared of one struct: (C expression, value)."""
    yield "sizeof(%s)" % c_name, _size(cls)
    for entry in cls._fields_:
        yield "offsetof(%s, %s)" % (c_name, entry[0]), getattr(cls, entry[0]).offset
        yield "sizeof(((%s *)0)->%s)" % (c_name, entry[0]), getattr(cls, entry[0]).size


def _size(cls):
    import ctypes
    return ctypes.sizeof(cls)


class Structs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        load_every_module()

    def test_layouts(self):
        expected = []
        for (c_name, struct), header in sorted(_structs.LAYOUTS.items(), key=lambda item: item[0][0]):
            self.assertTrue((ROOT / "include/chaoschain" / header).exists(), header)
            expected += list(rows(c_name, struct))
        self.assertGreater(len(expected), 100)
        headers = "".join("#include <chaoschain/%s>\n" % header for header in sorted(set(_structs.LAYOUTS.values())))
        lines = "".join('    printf("%%zu\\n", (size_t)%s);\n' % expression for expression, _ in expected)
        source = "#include <stddef.h>\n#include <stdio.h>\n%sint main(void)\n{\n%s    return 0;\n}\n" % (headers, lines)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            (path / "layout.c").write_text(source)
            subprocess.run([os.environ.get("CHAOS_CC", "cc"), "-std=c11", "-I", str(ROOT / "include"), "-o",
                            str(path / "layout"), str(path / "layout.c")], check=True)
            printed = subprocess.run([str(path / "layout")], check=True, capture_output=True, text=True).stdout.split()
        self.assertEqual(len(printed), len(expected))
        for (expression, size), found in zip(expected, printed):
            with self.subTest(expression):
                self.assertEqual(size, int(found))

    def test_every_field_is_there(self):
        """A struct that C made longer: its last field here ends where the struct ends, but for padding."""
        for (c_name, struct), _ in _structs.LAYOUTS.items():
            with self.subTest(c_name):
                name = struct._fields_[-1][0]
                end = getattr(struct, name).offset + getattr(struct, name).size
                self.assertLess(_size(struct) - end, 8)

    def test_declarations_fit_the_headers(self):
        """As many parameters as the header has, void exactly where it is void, and a struct exactly where C has one."""
        text = "".join(path.read_text() for path in sorted((ROOT / "include/chaoschain").glob("*.h")))
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        headers = {}
        for result, name, parameters in re.findall(r"CHAOS_API(?: CHAOS_MUST_USE)?\s+([a-z][A-Za-z0-9_ *]*?[ *])"
                                                   r"(chaos_[a-z0-9_]+)\(([^;]*)\);", text):
            headers[name] = (result.strip(), parameters)
        self.assertGreater(len(headers), 200)
        declared = {name: getattr(_native.lib, name) for name in _native.declared}
        self.assertGreater(len(declared), 60)
        for name, function in declared.items():
            with self.subTest(name):
                result, parameters = headers[name]
                count = 0 if parameters.strip() == "void" else parameters.count(",") + 1
                self.assertEqual(len(function.argtypes), count)
                self.assertEqual(function.restype is None, result == "void")
                is_struct = result.startswith("chaos_") and not result.endswith("*") and result not in _ENUMS
                self.assertEqual(isinstance(function.restype, type(_structs.Keccak)), is_struct)

    def test_bytes_of_meaning(self):
        self.assertEqual(bytes(_structs.Keccak.of(b"\1" * 32)), b"\1" * 32)
        self.assertEqual(_structs.Address.of(b"\2" * 20).hex(), "0x" + 20 * "02")
        for wrong in (b"", b"\1" * 31, b"\1" * 33):
            with self.assertRaises(ValueError):
                _structs.Keccak.of(wrong)
        self.assertEqual(int(_structs.U256.from_int(5)), 5)
        self.assertEqual(bytes(_structs.U256.from_int((1 << 256) - 1)), b"\xff" * 32)
        for wrong in (-1, 1 << 256):
            with self.assertRaises(ValueError):
                _structs.U256.from_int(wrong)

    def test_version(self):
        self.assertEqual(chaoschain_tee.library_version(), chaoschain_tee.__version__)
        header = (ROOT / "include/chaoschain/base.h").read_text()
        self.assertIn('#define CHAOS_VERSION_STRING "%s"' % chaoschain_tee.__version__, header)
        self.assertIn('version = "%s"' % chaoschain_tee.__version__,
                      (ROOT / "bindings/python/pyproject.toml").read_text())


_ENUMS = {"chaos_status", "chaos_class", "chaos_anchor", "chaos_tee_kind", "chaos_tcb_status", "chaos_tier",
          "chaos_verified", "chaos_digest_kind", "chaos_decision", "chaos_backing"}

if __name__ == "__main__":
    unittest.main()
