"""The import name chaoschain_sdk: its names, and that its provider fits the protocol of the SDK it stands in for."""

import unittest
from typing import Any, Protocol, runtime_checkable

import chaoschain_sdk
import chaoschain_sdk.exceptions
import chaoschain_sdk.providers.tee as tee_package
import chaoschain_sdk.types
import chaoschain_tee
from chaoschain_sdk.providers.tee import PhalaDstackTEE, TEEKeypair, TEEProvider, TEESignature, get_phala_dstack_tee
from chaoschain_sdk.providers.tee import base


@runtime_checkable
class Provider(Protocol):
    """A TEE provider as the SDK describes one, in words of our own: six members."""

    @property
    def provider_name(self) -> str: ...

    @property
    def is_available(self) -> bool: ...

    def generate_key(self, **kwargs: Any) -> Any: ...

    def sign(self, message: bytes, keypair: Any) -> Any: ...

    def verify_attestation(self, signature: Any) -> bool: ...

    def get_attestation_report(self) -> Any: ...


class Compat(unittest.TestCase):
    def test_the_names(self):
        self.assertIs(get_phala_dstack_tee(), PhalaDstackTEE)
        self.assertIs(PhalaDstackTEE, chaoschain_tee.providers.tee.PhalaDstackTEE)
        self.assertIs(base.TEEProvider, TEEProvider)
        for module in (chaoschain_sdk, chaoschain_sdk.exceptions, chaoschain_sdk.types, tee_package, base):
            for name in module.__all__:
                with self.subTest(module=module.__name__, name=name):
                    self.assertTrue(hasattr(module, name))

    def test_the_provider_fits_the_protocol_and_so_do_key_and_signature(self):
        tee = PhalaDstackTEE()
        self.assertIsInstance(tee, Provider)
        self.assertIsInstance(tee, TEEProvider)
        self.assertNotIsInstance(object(), Provider)
        self.assertIs(tee.is_available, True)
        key = tee.generate_key()
        signature = tee.sign(b"action", key)
        self.assertIsInstance(key, TEEKeypair)
        self.assertIsInstance(signature, TEESignature)
        for value, members in ((key, ("public_key", "private_key", "attestation", "provider")),
                               (signature, ("signature", "attestation", "verified", "provider"))):
            for name in members:
                with self.subTest(kind=type(value).__name__, name=name):
                    self.assertTrue(hasattr(value, name))
        self.assertIsInstance(tee.get_attestation_report(), dict)
        self.assertEqual((tee.provider_name, key.provider, signature.provider), 3 * ("phala-dstack",))
        self.assertIsNone(signature.verified)  # only a verifier says so

    def test_an_agent_by_its_sdk_names(self):
        agent = chaoschain_sdk.ChaosChainAgentSDK(
            agent_name="Compat", agent_domain="compat.example", agent_role=chaoschain_sdk.AgentRole.SERVER,
            network=chaoschain_sdk.NetworkConfig.BASE_SEPOLIA, tee_provider=PhalaDstackTEE())
        self.assertEqual(agent.sign(b"x").provider, "phala-dstack")
        with self.assertRaises(chaoschain_sdk.ConfigurationError):
            agent.register_identity()
        with self.assertRaises(chaoschain_sdk.ChaosChainSDKError):
            chaoschain_sdk.ChaosChainAgentSDK("Compat", network="no-such-network")
        self.assertTrue(issubclass(chaoschain_sdk.AgentRegistrationError, chaoschain_sdk.ChaosChainSDKError))

    def test_what_is_not_there_is_not_there(self):
        for name in ("PaymentProof", "PaymentError", "X402PaymentManager"):
            with self.subTest(name=name), self.assertRaisesRegex(ImportError, name + " is not part of this package: payments"):
                exec("from chaoschain_sdk import " + name)
        with self.assertRaisesRegex(ImportError, "cannot import name 'NoSuchName'"):
            exec("from chaoschain_sdk import NoSuchName")


if __name__ == "__main__":
    unittest.main()
