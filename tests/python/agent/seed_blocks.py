"""Runs every Python block of the document that this project comes from, as it is printed there.

    seed_blocks.py SEED     beside a simulated guest agent, with the packages installed; CHAOS_BIN names the programs

Nothing of the document is in this tree: its blocks are taken out of it now. A block gets the variables that it takes for
granted and no others: those in TAKEN below. What cannot run as printed is named with the reason, and its names and
parameters are compared with ours. Ends with one line for each block; exit code 1 when one failed.
"""

import ast
import builtins
import inspect
import os
import re
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import world

TAKEN = ("agent", "tee", "keypair", "action_data", "signature", "PhalaDstackTEE")
PACKAGE = "chaoschain_sdk.providers.tee"
KINDS = {"class", "accessor", "tests", "example", "registration", "signing", "validation"}


class Failure(Exception):
    """What a block did not do."""


def must(condition, text):
    if not condition:
        raise Failure(text)


# ------------------------------------------------------------------------- blocks ----


def blocks(text):
    """(first line, code) of every ```python block, those inside of others, too: a fence ends at the next one that is
    indented as it is and says no language."""
    lines = text.splitlines()
    for begin, line in enumerate(lines):
        opened = re.fullmatch(r"( *)```python\s*", line)
        if not opened:
            continue
        for end in range(begin + 1, len(lines)):
            if re.fullmatch(opened.group(1) + r"```\s*", lines[end]):
                break
        else:
            raise Failure("line %d: the block does not end" % (begin + 1))
        yield begin + 2, textwrap.dedent("\n".join(lines[begin + 1:end])) + "\n"


def empty_bodies(tree):
    """The functions whose body is `...`."""
    def is_empty(node):
        body = [part for part in node.body
                if not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)
                        and isinstance(part.value.value, str))]
        return len(body) == 1 and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) and \
            body[0].value.value is ...
    return [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and is_empty(node)]


def taken_for_granted(tree):
    """Names that a block reads, and does not make before."""
    made = {name.id for name in ast.walk(tree) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            made.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            made.add(node.name)
            made.update(argument.arg for argument in getattr(getattr(node, "args", None), "args", []))
    read = [name.id for name in ast.walk(tree) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Load)]
    return sorted({name for name in read if name not in made and not hasattr(builtins, name)})


def calls(tree):
    """The names of everything that is called."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            found.add(node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", ""))
    return found


# -------------------------------------------------------------------------- world ----


class Granted:
    """The variables that blocks take for granted."""

    def __init__(self, chain, nonce):
        from chaoschain_tee import Expectation
        from chaoschain_tee.evidence import Binding
        from chaoschain_sdk import ChaosChainAgentSDK
        from chaoschain_sdk.providers.tee import PhalaDstackTEE
        simulator = Path(os.environ["CHAOS_SIMULATOR"])
        self.PhalaDstackTEE = PhalaDstackTEE
        self.tee = PhalaDstackTEE(
            trust_roots=[(simulator / "trust-root.der").read_bytes()], policy=(simulator / "policy.json").read_bytes(),
            collateral=(simulator / "collateral.json").read_bytes(), expectation=Expectation(nonce=nonce))
        self.keypair = self.tee.generate_key(path="seed", nonce=nonce, binding=Binding(
            stage=0, chain_id=31337, identity_registry=chain.registries["identity"]))
        self.action_data = b"an action of the agent"
        self.signature = self.tee.sign(self.action_data, self.keypair)
        self.agent = ChaosChainAgentSDK("Seed", tee_provider=self.tee, tee_keypair=self.keypair,
                                        **chain.settings("seed"))

    def of(self, names):
        """Those of these names; Failure for a name that nobody may take for granted."""
        unknown = [name for name in names if name not in TAKEN]
        must(not unknown, "takes for granted what nobody supplies: %s" % ", ".join(unknown))
        return {name: getattr(self, name) for name in names}


# ---------------------------------------------------------------------- kinds of block ----


def same_members(tree):
    """The class as it is printed, member by member, against ours. Returns how many."""
    from chaoschain_sdk.providers.tee import phala_dstack
    count = 0
    for printed in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        ours = getattr(phala_dstack, printed.name, None)
        must(ours is not None, "there is no class %s" % printed.name)
        for member in (node for node in printed.body if isinstance(node, ast.FunctionDef)):
            there = inspect.getattr_static(ours, member.name, None) or getattr(ours, member.name, None)
            must(there is not None, "%s has no %s" % (printed.name, member.name))
            is_property = any(getattr(mark, "id", "") == "property" for mark in member.decorator_list)
            must(isinstance(there, property) == is_property, "%s.%s is no property, or should be none" %
                 (printed.name, member.name))
            if not is_property and member.name != "__init__":
                given = {name: object() for name in [argument.arg for argument in member.args.args][1:]}
                inspect.signature(there).bind(object(), **given)
            count += 1
    must(count > 0, "no class with members")
    return count


def run_class(tree, code, granted):
    names = empty_bodies(tree)
    count = same_members(tree)
    return "cannot run as printed: the bodies of %s are `...`, which is for the reader to fill in; all %d members " \
        "are there in ours, with its parameters" % (", ".join(names), count)


def run_accessor(tree, code, granted):
    """The text of the package's own __init__: it is run as if it stood there."""
    scope = {"__name__": PACKAGE, "__package__": PACKAGE}
    exec(compile(code, "<seed>", "exec"), scope)
    must(taken_for_granted(tree) == [], "takes something for granted")
    import chaoschain_sdk.providers.tee as ours
    for name in scope["__all__"]:
        must(hasattr(ours, name), "%s is not exported" % name)
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    for name in functions:
        must(scope[name]() is granted.PhalaDstackTEE, "%s() does not give the class" % name)
        must(getattr(ours, name)() is granted.PhalaDstackTEE, "ours does not either")
    return "run: %s gives the class" % ", ".join(functions)


def run_pytest(path, environment):
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", str(path)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=path.parent)
    said = done.stdout.decode("utf-8", "replace")
    must(done.returncode == 0, "pytest: exit %d\n%s" % (done.returncode, said))
    count = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|skipped|error)", said)}
    return count, said


def run_tests(tree, code, granted):
    """With pytest, outside a TEE and beside the simulator."""
    tests = [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    reasons = [node.args[0].value for node in ast.walk(tree)
               if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "skip"]
    must(len(tests) >= 2 and len(reasons) == 1, "not the tests that this was written for")
    outside = {name: value for name, value in os.environ.items()
               if name not in ("DSTACK_SIMULATOR_ENDPOINT", "TAPPD_SIMULATOR_ENDPOINT")}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test_seed.py"
        path.write_text(code, encoding="utf-8")
        count, said = run_pytest(path, outside)
        must(count == {"passed": len(tests) - 1, "skipped": 1} and reasons[0] in said, "outside a TEE:\n" + said)
        count, said = run_pytest(path, dict(os.environ))
        must(count == {"passed": len(tests)}, "beside the simulator:\n" + said)
    return "run by pytest: outside a TEE %d passed, 1 skipped (%s); beside the simulator %d passed" % (
        len(tests) - 1, reasons[0], len(tests))


def run_plain(tree, code, granted):
    """As printed, with what it takes for granted."""
    scope = granted.of(taken_for_granted(tree))
    given = sorted(scope)
    exec(compile(code, "<seed>", "exec"), scope)
    return scope, "run%s" % (", given " + ", ".join(given) if given else "")


def run_example(tree, code, granted):
    scope, text = run_plain(tree, code, granted)
    agent = scope["agent"]
    must(agent.tee_provider is scope["tee"] and agent.keypair.address == scope["keypair"].address, "another agent")
    must(agent.sign(b"x").attestation["measurements"]["mr_td"], "its signatures carry no measurements")
    must(agent.network == "base-sepolia" and agent.agent_id is None, "another network")
    return text + "; the agent signs"


def run_registration(tree, code, granted):
    scope, text = run_plain(tree, code, granted)
    agent = scope["agent"]
    must(agent.get_agent_id() == scope["agent_id"] and agent.get_agent_wallet() == granted.keypair.address,
         "the chain has no such agent")
    receipt = agent._chain.journal_knows("agent/%s/register" % granted.keypair.address.lower())
    must(receipt is not None and receipt.transaction_hash.hex() == scope["tx_hash"], "another transaction")
    return text + "; agent %d, transaction %.10s…" % (scope["agent_id"], scope["tx_hash"])


def run_signing(tree, code, granted):
    scope, text = run_plain(tree, code, granted)
    measurements = scope["signature"].attestation["measurements"]
    must(len(scope["signature"].signature) == 65 and len(measurements["mr_td"]) == 96, "no measurements")
    return text + "; %d measurements" % len(measurements)


def run_validation(tree, code, granted):
    scope, text = run_plain(tree, code, granted)
    must(scope["is_valid"] is True, "the attestation is not verified: %s" % granted.tee.verify(granted.signature).text())
    strange = granted.PhalaDstackTEE()  # trusts the vendor's root alone
    must(strange.verify_attestation(granted.signature) is False, "a simulated root is trusted by default")
    return text + "; True, and False for who trusts hardware alone"


def kind_of(tree):
    called = calls(tree)
    if not tree.body:
        return "comments"
    if any(isinstance(node, ast.ClassDef) for node in tree.body) and empty_bodies(tree):
        return "class"
    if any(isinstance(node, ast.FunctionDef) and node.name.startswith("test_") for node in tree.body):
        return "tests"
    if any(isinstance(node, ast.FunctionDef) for node in tree.body):
        return "accessor"
    for name, kind in (("ChaosChainAgentSDK", "example"), ("register_identity", "registration"),
                       ("verify_attestation", "validation"), ("sign", "signing")):
        if name in called:
            return kind
    return "other"


RUN = {"class": run_class, "accessor": run_accessor, "tests": run_tests, "example": run_example,
       "registration": run_registration, "signing": run_signing, "validation": run_validation,
       "comments": lambda tree, code, granted: "comments alone: nothing to run",
       "other": lambda tree, code, granted: run_plain(tree, code, granted)[1]}


def main(path):
    world.clean_environment()
    seen, failures = set(), 0
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HOME"] = folder
        chain = world.World(folder)
        try:
            granted = Granted(chain, int.from_bytes(os.urandom(32), "big"))
            for line, code in blocks(Path(path).read_text(encoding="utf-8")):
                tree = ast.parse(code)
                kind = kind_of(tree)
                seen.add(kind)
                try:
                    print("line %3d  %-12s  %s" % (line, kind, RUN[kind](tree, code, granted)), flush=True)
                except Exception as error:  # whatever a block raises is its result
                    failures += 1
                    print("line %3d  %-12s  FAILED: %s: %s" % (line, kind, type(error).__name__, error), flush=True)
        finally:
            chain.close()
    missing = KINDS - seen
    if missing:
        print("FAILED: the document has no block of these kinds: %s" % ", ".join(sorted(missing)))
    return 1 if failures or missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
