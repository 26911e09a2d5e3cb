"""What the tests of the agent's side share: a chain for each module, agents on it, and exceptions with their code."""

import contextlib
import os
import shutil
import tempfile
import unittest
from pathlib import Path

import world
from chaoschain_tee import ChaosError, UsageError
from chaoschain_tee.agent import ChaosChainAgentSDK
from chaoschain_tee.providers.tee import PhalaDstackTEE

ZERO = "0x" + 64 * "0"
w = world.Held()  # the chain of the module that runs
held = {}         # what a relying party holds of the simulated machine


def set_up_module():
    """A chain of its own for the module that calls this setUpModule."""
    world.clean_environment()
    folder = Path(tempfile.mkdtemp())
    unittest.addModuleCleanup(shutil.rmtree, folder, ignore_errors=True)
    os.environ["HOME"] = str(folder)
    w.set(world.World(folder))
    unittest.addModuleCleanup(w.close)
    simulator = Path(os.environ["CHAOS_SIMULATOR"])
    held.update(trust_roots=[(simulator / "trust-root.der").read_bytes()],
                collateral=(simulator / "collateral.json").read_bytes(),
                policy=(simulator / "policy.json").read_bytes())


class Case(unittest.TestCase):
    """What the tests of this file share."""

    def agent(self, name, owner=None, **others):
        """An agent with a TEE, on the chain."""
        values = w.settings(owner or name.lower(), **others)
        made = ChaosChainAgentSDK(name, tee_provider=PhalaDstackTEE(), **values)
        self.addCleanup(made.close)
        return made

    def plain(self, name, **others):
        """An agent without one."""
        made = ChaosChainAgentSDK(name, agent_role="client", **w.settings(name.lower(), **others))
        self.addCleanup(made.close)
        return made

    @contextlib.contextmanager
    def refused(self, kind, code, field=None):
        """The block raises this exception, with this code and field."""
        with self.assertRaises(kind) as raised:
            yield
        self.assertIsInstance(raised.exception, ChaosError)
        self.assertEqual(raised.exception.code, code, raised.exception)
        if field is not None:
            self.assertEqual(raised.exception.field, field, raised.exception)

    def mistyped(self):
        """The block hands over a value of a wrong type."""
        return self.assertRaises(TypeError)

    def wrong(self, field=None):
        """The block is a caller's mistake, in this field."""
        return self.refused(UsageError, "USAGE", field)
