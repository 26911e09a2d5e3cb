"""What the tests share: forged evidence, the tools of the build, and running Python anew."""

import functools
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(os.environ["SOURCE_ROOT"])
BUILD = pathlib.Path(os.environ["CHAOS_BUILD"])
BIN = BUILD / "bin"
PACKAGE = ROOT / "bindings" / "python"

_folder = tempfile.TemporaryDirectory(prefix="chaos-python-")
NOW = 1767225600  # 2026-01-01, the moment of what is forged


class Forged:
    """What chaoschain-forge writes, as bytes by the names of its files."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def __getitem__(self, name):
        return (self.folder / name).read_bytes()

    def judging(self, **others):
        """The arguments that make a verdict of it."""
        return {"at": NOW, "trust_roots": [self["trust-root.der"]], "policy": self["policy.json"], **others}


@functools.lru_cache(maxsize=None)
def forge(*options):
    """Forged evidence; the same options give the same bytes."""
    folder = tempfile.mkdtemp(dir=_folder.name)
    subprocess.run([str(BIN / "chaoschain-forge"), *options, "--now", str(NOW), "--out", folder], check=True,
                   stderr=subprocess.DEVNULL)
    return Forged(folder)


def breaks(kind):
    """Every way in which chaoschain-forge breaks evidence of that kind: name, and the code that must be answered."""
    import json
    listed = subprocess.run([str(BIN / "chaoschain-forge"), "--list", "--json"], check=True, capture_output=True)
    return [row for row in json.loads(listed.stdout) if kind in row["kinds"]]


def skip(why):
    """Skips the test, and says so where scripts/run-tests.sh looks."""
    print("SKIPPED: " + why, flush=True)
    raise unittest.SkipTest(why)


def simulator():
    """The folder with what a relying party holds of the simulated guest agent, or a skipped test."""
    folder = os.environ.get("CHAOS_SIMULATOR")
    if not folder:
        skip("no simulator")
    return Forged(folder)


def vectors():
    """The folder with real evidence, or a skipped test."""
    folder = pathlib.Path(os.environ.get("CHAOS_VECTORS", ROOT / ".." / "shared" / "vectors"))
    if not (folder / "dcap").is_dir():
        skip("no vectors")
    return folder


def python(code, *, clean=("DSTACK_SIMULATOR_ENDPOINT", "TAPPD_SIMULATOR_ENDPOINT"), options=(), **environment):
    """Runs code in another interpreter, without a simulator unless `clean` is empty. Gives what it printed."""
    variables = {name: value for name, value in os.environ.items() if name not in clean}
    variables.update(environment)
    done = subprocess.run([sys.executable, *options, "-c", code], env=variables, capture_output=True, text=True)
    if done.returncode:
        raise AssertionError("exit %d: %s%s" % (done.returncode, done.stdout, done.stderr))
    return done.stdout
