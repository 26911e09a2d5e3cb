"""The build backend: wheels, editable wheels, source archives, without anything but the standard library; and where
the installed package finds its library."""

import csv
import importlib.util
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import tarfile
import tempfile
import unittest
import zipfile

import chaoschain_tee
from support import BUILD, PACKAGE, python

_spec = importlib.util.spec_from_file_location("chaos_build", PACKAGE / "_backend" / "chaos_build.py")
backend = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(backend)


class InFolder(unittest.TestCase):
    """Hooks run in the folder of the source (PEP 517)."""

    folder = PACKAGE

    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        self.work = pathlib.Path(work.name)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)
        self.set("CHAOS_LIBRARY", str(BUILD / "lib"))

    def set(self, name, value):
        before = os.environ.get(name)
        os.environ[name] = value
        self.addCleanup(lambda: os.environ.pop(name, None) if before is None else os.environ.__setitem__(name, before))

    def wheel(self, hook=backend.build_wheel, **settings):
        name = hook(str(self.work), settings or None)
        return zipfile.ZipFile(self.work / name)


class Wheels(InFolder):
    def test_wheel(self):
        wheel = self.wheel()
        names = wheel.namelist()
        self.assertRegex(os.path.basename(wheel.filename), r"^chaoschain_tee-0\.1\.0-py3-none-linux_\w+\.whl$")
        for name in ("chaoschain_tee/__init__.py", "chaoschain_tee/py.typed", "chaoschain_tee/providers/tee.py",
                     "chaoschain_tee/_lib/libchaoschain.so", "chaoschain_tee/_lib/chaoschain-probe",
                     "chaoschain_tee/_lib/chaoschain/providers/chaoschain-provider-phala-dstack.so"):
            self.assertIn(name, names)
        self.assertFalse([name for name in names if "__pycache__" in name or name.startswith(("compat", "_backend"))])
        self.assertEqual(len(names), len(set(names)))
        mode = lambda name: wheel.getinfo("chaoschain_tee/_lib/" + name).external_attr >> 16
        self.assertTrue(mode("chaoschain-probe") & stat.S_IXUSR)
        self.assertFalse(mode("chaoschain-probe") & (stat.S_IWGRP | stat.S_IWOTH))

    def test_metadata(self):
        wheel = self.wheel()
        read = lambda name: wheel.read("chaoschain_tee-0.1.0.dist-info/" + name).decode()
        metadata = read("METADATA")
        for line in ("Name: chaoschain-tee", "Version: 0.1.0", "Requires-Python: >=3.9", "License: Apache-2.0",
                     "License-File: LICENSE"):
            self.assertIn(line + "\n", metadata)
        self.assertEqual(read("LICENSE"), (PACKAGE.parent.parent / "LICENSE").read_text())
        self.assertNotIn("Requires-Dist", metadata)
        self.assertIn("\n\n# chaoschain-tee", metadata)
        self.assertIn("Root-Is-Purelib: false\n", read("WHEEL"))
        record = json.loads(read("chaos_install.json"))
        self.assertEqual((record["library"], record["source"]), ("carried", str(PACKAGE)))

    def test_record(self):
        """Every file, its hash and its size."""
        import base64
        import hashlib
        wheel = self.wheel()
        rows = list(csv.reader(wheel.read("chaoschain_tee-0.1.0.dist-info/RECORD").decode().splitlines()))
        self.assertEqual(sorted(row[0] for row in rows), sorted(wheel.namelist()))
        for name, digest, size in rows:
            if name.endswith("/RECORD"):
                self.assertEqual((digest, size), ("", ""))
                continue
            content = wheel.read(name)
            self.assertEqual(int(size), len(content))
            expected = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            self.assertEqual(digest, "sha256=" + expected)

    def test_the_same_input_gives_the_same_bytes(self):
        first = pathlib.Path(self.wheel().filename).read_bytes()
        self.assertEqual(first, pathlib.Path(self.wheel().filename).read_bytes())

    def test_plugins_are_chosen(self):
        def plugins(**settings):
            return {match.group(1) for match in (re.search(r"chaoschain-provider-([a-z0-9-]+)\.so", name)
                                                 for name in self.wheel(**settings).namelist()) if match}

        self.assertLessEqual({"phala-dstack", "simulated"}, plugins())
        self.assertEqual(plugins(providers="simulated"), {"simulated"})
        self.assertEqual(plugins(providers="simulated,phala-dstack"), {"simulated", "phala-dstack"})
        self.assertEqual(plugins(providers="none"), set())
        with self.assertRaisesRegex(backend.BuildError, "no plug-in nobody"):
            self.wheel(providers="nobody")

    def test_without_a_library(self):
        self.set("CHAOS_LIBRARY", "/nowhere")
        with self.assertRaisesRegex(backend.BuildError, "CHAOS_LIBRARY=/nowhere: there is no libchaoschain"):
            self.wheel()
        self.set("CHAOS_LIBRARY", "build/lib")
        with self.assertRaisesRegex(backend.BuildError, "absolute"):
            self.wheel()
        self.set("CHAOS_LIBRARY", "system")
        wheel = self.wheel()
        self.assertTrue(wheel.filename.endswith("-py3-none-any.whl"))
        self.assertFalse([name for name in wheel.namelist() if "_lib" in name])
        record = json.loads(wheel.read("chaoschain_tee-0.1.0.dist-info/chaos_install.json"))
        self.assertEqual(record["library"], "system")
        shutil.copytree(PACKAGE, self.work / "alone", ignore=shutil.ignore_patterns("__pycache__"))
        os.chdir(self.work / "alone")
        os.environ["CHAOS_LIBRARY"] = ""
        if not backend._system_has_library():
            with self.assertRaisesRegex(backend.BuildError, "make build"):
                self.wheel()

    def test_a_library_without_its_helper(self):
        shutil.copy(BUILD / "lib/libchaoschain.so", self.work)
        self.set("CHAOS_LIBRARY", str(self.work / "libchaoschain.so"))
        with self.assertRaisesRegex(backend.BuildError, "chaoschain-probe"):
            self.wheel()

    def test_editable(self):
        wheel = self.wheel(backend.build_editable)
        self.assertEqual(wheel.read("__editable__.chaoschain_tee-0.1.0.pth").decode(), str(PACKAGE) + "\n")
        record = json.loads(wheel.read("chaoschain_tee-0.1.0.dist-info/chaos_install.json"))
        self.assertEqual(record["library"], os.path.realpath(BUILD / "lib/libchaoschain.so"))

    def test_prepared_metadata(self):
        for hook in (backend.prepare_metadata_for_build_wheel, backend.prepare_metadata_for_build_editable):
            with tempfile.TemporaryDirectory() as folder:
                name = hook(folder)
                self.assertEqual((pathlib.Path(folder) / name / "METADATA").read_text(),
                                 self.wheel().read(name + "/METADATA").decode())
        for hook in (backend.get_requires_for_build_wheel, backend.get_requires_for_build_editable,
                     backend.get_requires_for_build_sdist):
            self.assertEqual(hook(), [])

    def test_source_archive(self):
        """It builds the same Python files that the tree builds."""
        name = backend.build_sdist(str(self.work))
        self.assertEqual(name, "chaoschain_tee-0.1.0.tar.gz")
        with tarfile.open(self.work / name) as archive:
            names = archive.getnames()
            self.assertTrue(all(name.startswith("chaoschain_tee-0.1.0/") and ".." not in name for name in names))
            self.assertIn("chaoschain_tee-0.1.0/PKG-INFO", names)
            self.assertIn("chaoschain_tee-0.1.0/LICENSE", names)
            archive.extractall(self.work, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
        here = {name for name in self.wheel().namelist()}
        os.chdir(self.work / "chaoschain_tee-0.1.0")
        spec = importlib.util.spec_from_file_location("unpacked", "_backend/chaos_build.py")
        unpacked = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(unpacked)
        self.assertEqual({name for name in self.wheel(unpacked.build_wheel).namelist()}, here)


class ProjectFile(InFolder):
    def test_it_reads_what_tomllib_reads(self):
        try:
            import tomllib
        except ImportError:
            self.skipTest("tomllib came with Python 3.11")
        for path in (PACKAGE / "pyproject.toml", PACKAGE / "compat" / "pyproject.toml"):
            if not path.exists():
                continue
            with self.subTest(path):
                ours = backend.read_project(str(path))
                theirs = tomllib.loads(path.read_text())
                flat = {"build-system": theirs["build-system"], "project": theirs["project"],
                        "tool.chaos-build": theirs["tool"]["chaos-build"]}
                self.assertEqual(ours, flat)

    def test_it_refuses_what_it_does_not_read(self):
        for text in ('[a]\nx = 5\n', '[a]\nx = """y"""\n', 'x = "y"\n', '[a]\nx = "y"\nx = "z"\n',
                     '[a]\nx = ["y"\n', '[a]\nx = "a\\n"\n', '[a]\nx.y = "z"\n', '[[a]]\n'):
            path = self.work / "pyproject.toml"
            path.write_text(text)
            with self.subTest(text), self.assertRaises(backend.BuildError):
                backend.read_project(str(path))


class Finding(unittest.TestCase):
    """Which library the installed package loads."""

    def load(self, **environment):
        return python("import chaoschain_tee._native as n; print(n.library_path, n.is_carried())", **environment).split()

    def test_places(self):
        carried = pathlib.Path(chaoschain_tee.__file__).parent / "_lib/libchaoschain.so"
        self.assertEqual(self.load(CHAOS_LIBRARY=""), [str(carried), "True"])
        for chosen in (BUILD / "lib", BUILD / "lib/libchaoschain.so"):
            path, is_carried = self.load(CHAOS_LIBRARY=str(chosen))
            self.assertEqual((os.path.dirname(path), is_carried), (str(BUILD / "lib"), "False"))

    def test_it_says_what_is_missing(self):
        with self.assertRaisesRegex(AssertionError, "ImportError: CHAOS_LIBRARY=/nowhere: there is no /nowhere"):
            self.load(CHAOS_LIBRARY="/nowhere")
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "libchaoschain.so").write_bytes(b"no library")
            with self.assertRaisesRegex(AssertionError, "ImportError: .*cannot be loaded"):
                self.load(CHAOS_LIBRARY=folder)
        if not backend._system_has_library():
            with self.assertRaisesRegex(AssertionError, "ImportError: libchaoschain is needed(.|\n)*make build"):
                self.load(CHAOS_LIBRARY="system")

    def test_another_library(self):
        """One without the functions, or of another version, is refused by name and not used by chance."""
        compiler = os.environ.get("CHAOS_CC", "cc")
        for source, said in (("int nothing;", "no function chaos_version"),
                             ('const char *chaos_version(void) { return "9.9.0"; }', "no function chaos_status_name"),
                             (_FAKE, "version 9.9.0; this package needs 0.1")):
            with self.subTest(said), tempfile.TemporaryDirectory() as folder:
                library = pathlib.Path(folder) / "libchaoschain.so"
                subprocess.run([compiler, "-shared", "-fPIC", "-x", "c", "-", "-o", str(library)],
                               input=source.encode(), check=True)
                with self.assertRaisesRegex(AssertionError, "ImportError: .*" + said):
                    self.load(CHAOS_LIBRARY=folder)

    def test_editable_and_source_tree(self):
        """From the source tree itself, without being installed: the build folder's library."""
        if not (PACKAGE.parents[1] / "build/lib/libchaoschain.so").exists():
            self.skipTest("this tree's build folder has another name")
        path, is_carried = self.load(PYTHONPATH=str(PACKAGE), CHAOS_LIBRARY="")
        self.assertEqual((path, is_carried), (str(PACKAGE.parents[1] / "build/lib/libchaoschain.so"), "False"))

    def test_plugins_that_others_can_write(self):
        """pip follows the umask; the library refuses plug-ins that others can write. The message has the remedy."""
        with tempfile.TemporaryDirectory() as folder:
            package = pathlib.Path(folder) / "chaoschain_tee"
            shutil.copytree(pathlib.Path(chaoschain_tee.__file__).parent, package)
            plugins = package / "_lib/chaoschain/providers"
            os.chmod(plugins, 0o775)
            code = ("from chaoschain_tee.providers.tee import get_phala_dstack_tee as get\n"
                    "import chaoschain_tee\n"
                    "try: print(get().__name__)\n"
                    "except chaoschain_tee.EnvironmentFault as error: print(error.code, error.text)")
            said = python(code, PYTHONPATH=folder, CHAOS_LIBRARY="")
            self.assertIn("PROVIDER ", said)
            command = said.strip().rsplit("mend it with: ", 1)[1]
            subprocess.run(["sh", "-c", command], check=True)
            self.assertEqual(python(code, PYTHONPATH=folder, CHAOS_LIBRARY="").strip(), "PhalaDstackTEE")


_FAKE = """
const char *chaos_version(void) { return "9.9.0"; }
void chaos_status_name(void) {} void chaos_status_text(void) {} void chaos_status_stage(void) {}
void chaos_buffer_free(void) {} void chaos_buffer_wipe(void) {}
"""

if __name__ == "__main__":
    unittest.main()
