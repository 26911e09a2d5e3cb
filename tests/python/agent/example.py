"""example.py EXAMPLE - runs examples/python/agent.py as its reader would: with a chain, without a keystore, without a TEE."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import world


def run(example, *arguments, **variables):
    done = subprocess.run([sys.executable, example, *arguments], env={**os.environ, **variables},
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def must(condition, *said):
    if not condition:
        sys.exit("example: " + "\n".join(str(part) for part in said))


def main(example):
    world.clean_environment()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HOME"] = folder
        chain = world.World(folder)
        try:
            variables = dict(CHAOS_NETWORK=str(chain.network), CHAOS_RPC=chain.url,
                             CHAOS_KEYSTORE=str(chain.account("shopper")), CHAOS_JOURNAL=folder + "/shopper.db",
                             CHAOS_PASSPHRASE_FILE=str(chain.passphrase_file), CHAOS_CONTENT=folder + "/content")
            package = folder + "/package"
            code, out, err = run(example, package, **variables)
            must(code == 0 and "receipts  0 to 3" in out and "agent     0, 0x" in out, code, out, err)
            must("verdict   NONE: " in out, "something was trusted without collateral", out)
            must((Path(package) / "bundle.jsonl").exists(), "no bundle")
            print(out, end="")
        finally:
            chain.close()
        code, out, err = run(example)
        must(code == 0 and "stopped   no CHAOS_KEYSTORE" in out, code, out, err)
        code, out, err = run(example, DSTACK_SIMULATOR_ENDPOINT=folder + "/no.sock")
        must(code == 1 and out.startswith("no TEE here: "), code, out, err)
        code, out, err = run(example, CHAOS_KEYSTORE=folder + "/no-keystore", CHAOS_RPC="http://127.0.0.1:9")
        must(code == 1 and "agent: the keystore needs its passphrase" in err, code, out, err)


if __name__ == "__main__":
    main(sys.argv[1])
