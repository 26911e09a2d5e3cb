"""Ctrl-C and alarms while the library works: late, as they have to be, and never lost."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

from chaoschain_tee import _native
from chaoschain_tee import _structs as s
from chaoschain_tee.agent import ChaosChainAgentSDK

CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(s.Error))


class Signals(unittest.TestCase):
    def test_an_interrupt_in_a_log_function(self):
        """It comes while C waits for a node, and Python runs next in the function that is told so."""
        def answer_nothing(node):
            for number in range(9):
                try:
                    connection = node.accept()[0]
                except OSError:
                    return
                if number == 0:
                    os.kill(os.getpid(), signal.SIGINT)  # now: C waits for the answer
                connection.close()

        with socket.socket() as node, tempfile.TemporaryDirectory() as folder:
            node.bind(("127.0.0.1", 0))
            node.listen(9)
            thread = threading.Thread(target=answer_nothing, args=(node,))
            thread.start()
            lines = []
            agent = ChaosChainAgentSDK("A", network="local", identity_registry="0x" + "11" * 20, log=lines.append,
                                       rpc_url="http://127.0.0.1:%d" % node.getsockname()[1], store=folder + "/journal.db")
            with self.assertRaises(KeyboardInterrupt):
                agent.get_agent_wallet(1)
            node.shutdown(socket.SHUT_RDWR)  # ends accept
            thread.join()

    def test_what_is_raised_before_the_first_line(self):
        for wanted in (KeyboardInterrupt, TimeoutError):  # as a handler of SIGALRM raises it
            @_native.called_by_c
            def interrupted(_err):
                raise wanted()

            with self.subTest(wanted), self.assertRaises(wanted):
                _native.call(CALLBACK(interrupted))
            _native.call(CALLBACK(lambda _err: 0))  # and not a second time

    def test_an_object_that_was_made_meanwhile_is_freed(self):
        freed = []

        @_native.called_by_c
        def interrupted(out, _err):
            out[0] = 77
            raise KeyboardInterrupt

        made = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(s.Error))(interrupted)
        with self.assertRaises(KeyboardInterrupt):
            _native.make(freed.append, made)
        self.assertEqual(freed, [77])

    def test_faults_of_others_are_reported_as_ever(self):
        code = ("import ctypes\n"
                "from chaoschain_tee import _native\n"
                "def fails(): raise ValueError('of the log function')\n"
                "@_native.called_by_c\n"
                "def say(_err):\n"
                "    fails()\n"
                "kind = ctypes.CFUNCTYPE(None, ctypes.POINTER(_native.s.Error))\n"
                "_native.call(kind(say))\n"
                "_native.call(kind(lambda _err: 1 / 0))\n"
                "print('went on')")
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        self.assertEqual(done.stdout, "went on\n", done.stderr)
        self.assertIn("ValueError: of the log function", done.stderr)
        self.assertIn("ZeroDivisionError", done.stderr)


if __name__ == "__main__":
    unittest.main()
