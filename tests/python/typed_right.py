"""A user's program that is right, for types.sh."""

from typing import Any, Dict, List, Optional

import chaoschain_tee as c
from chaoschain_tee.providers.tee import TEEProvider, get_phala_dstack_tee


class OwnProvider:
    """What somebody else may hand to a function that takes any provider."""

    @property
    def provider_name(self) -> str:
        return "own"

    @property
    def is_available(self) -> bool:
        return False

    def generate_key(self, **kwargs: Any) -> c.TEEKeypair:
        raise NotImplementedError

    def sign(self, message: bytes, keypair: c.TEEKeypair) -> c.TEESignature:
        raise NotImplementedError

    def verify_attestation(self, signature: c.TEESignature) -> bool:
        return False

    def get_attestation_report(self) -> Dict[str, Any]:
        return {}


def takes_any(provider: TEEProvider) -> str:
    return provider.provider_name


def judge(quote: bytes, collateral: c.Collateral, roots: List[bytes]) -> Optional[str]:
    verdict: c.Verdict = c.verify(quote, collateral, at="2026-01-01T00:00:00Z", trust_roots=roots, policy="none",
                                  expectation=c.Expectation(nonce=5))
    verified: Optional[bool] = verdict.verified
    if verdict and verified:
        return verdict.tier
    return None if verdict.error is None else verdict.error.code


def main() -> None:
    tee = get_phala_dstack_tee()()
    takes_any(tee)
    takes_any(OwnProvider())
    keypair = tee.generate_key(path="x")
    signature: c.TEESignature = tee.sign(b"message", keypair)
    answer: bool = tee.verify_attestation(signature)
    report: Dict[str, Any] = tee.get_attestation_report()
    print(answer, report["measurements"], keypair.attestation["envelope"])
    for row in c.check(keypair.evidence.bytes).checks:
        print(row.name, row.result)
