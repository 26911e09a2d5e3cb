"""A local chain with registries and accounts for the agent's tests, beside a simulated guest agent
(tests/tee/with_simulator.sh). CHAOS_BIN is the folder of the programs."""

import json
import os
import subprocess
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(os.environ.get("CHAOS_BIN", str(ROOT / "build" / "bin")))
ANVIL = os.environ.get("CHAOS_ANVIL") or str(
    ROOT / "tests/npm/chain/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil")
SECRET = "a passphrase of tests"
BASE = "https://evidence.invalid/"


def clean_environment():
    """Nothing of the user's own."""
    for name in list(os.environ):
        if name.startswith(("CHAOS_", "XDG_")) and name not in ("CHAOS_BIN", "CHAOS_ANVIL", "CHAOS_LIBRARY",
                                                                "CHAOS_SIMULATOR", "CHAOS_SEED"):
            del os.environ[name]


def foreign_environment():
    """For programs of others: without the sanitizer that ours may need."""
    return {name: value for name, value in os.environ.items() if name not in ("LD_PRELOAD", "ASAN_OPTIONS")}


class World:
    """anvil, three registries, and as many funded accounts as are asked for."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.passphrase_file = self.folder / "passphrase"
        self.passphrase_file.write_text(SECRET + "\n")
        self.passphrase_file.chmod(0o600)
        self.content = self.folder / "content"
        self.anvil = None
        self.url = None
        try:
            self._start()
            self._deploy()
        except BaseException:
            self.close()
            raise

    def _start(self):
        with open(self.folder / "anvil.out", "wb") as said:
            self.anvil = subprocess.Popen([ANVIL, "--host", "127.0.0.1", "--port", "0", "--chain-id", "31337"],
                                          stdout=said, stderr=subprocess.STDOUT, env=foreign_environment())
        for _ in range(400):
            for line in (self.folder / "anvil.out").read_text("utf-8", "replace").splitlines():
                if line.startswith("Listening on "):
                    self.url = "http://" + line.split()[-1]
                    return
            if self.anvil.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError("anvil does not listen")

    def _deploy(self):
        keystore = self.account("deployer")
        self.network = self.folder / "network.json"
        self._program("chain", "deploy", "--rpc", self.url, "--keystore", str(keystore), "--passphrase-fd", "0",
                      "--journal", str(self.folder / "deployer.journal"), "--out", str(self.network))
        listed = json.loads(self.network.read_text())
        self.registries = {name: listed["networks"][0][name] for name in ("identity", "reputation", "validation")}

    def _program(self, *arguments):
        done = subprocess.run([str(BIN / "chaoschain"), *arguments], input=SECRET.encode(), capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def account(self, name, ether=100):
        """A keystore of a new account with ether."""
        keystore = self.folder / (name + ".keystore")
        said = json.loads(self._program("account", "new", "--light", "--keystore", str(keystore), "--passphrase-fd",
                                        "0", "--json"))
        self.ask("anvil_setBalance", said["address"], hex(ether * 10**18))
        return keystore

    def ask(self, method, *parameters):
        """JSON-RPC."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())["result"]

    def sent(self, address):
        """How many transactions an account has sent."""
        return int(self.ask("eth_getTransactionCount", address, "latest"), 16)

    def settings(self, name, **others):
        """The keyword arguments of an agent with an account of its own."""
        keystore = self.folder / (name + ".keystore")
        if not keystore.exists():
            self.account(name)
        values = dict(network=str(self.network), rpc_url=self.url, keystore=keystore,
                      passphrase_file=self.passphrase_file, store=self.folder / (name + ".db"),
                      content=self.content, content_base=BASE)
        values.update(others)
        return values

    def close(self):
        """Ends what was started."""
        if self.anvil is not None:
            self.anvil.terminate()
            self.anvil.wait(10)
            self.anvil = None


class Held:
    """The world of the module that runs: each has one of its own."""

    def __init__(self):
        self._world = None

    def set(self, made):
        """From now on it is this one."""
        self._world = made

    def __getattr__(self, name):
        return getattr(self._world, name)
