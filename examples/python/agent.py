#!/usr/bin/env python3
"""agent.py - an agent with its key in a TEE: it registers with evidence, works, and leaves a package that anybody can judge.

    python3 agent.py [FOLDER]

In a Phala confidential VM as it stands; on a laptop beside `dstack-simulator` (DSTACK_SIMULATOR_ENDPOINT) and a local
chain. Which chain and who pays comes from the environment: CHAOS_NETWORK, CHAOS_RPC, CHAOS_KEYSTORE,
CHAOS_PASSPHRASE_FILE. Without a keystore it signs and stops there.
"""

import os
import sys

from chaoschain_tee import ChaosError
from chaoschain_tee.agent import ChaosChainAgentSDK
from chaoschain_tee.providers.tee import get_phala_dstack_tee


def work(agent: ChaosChainAgentSDK) -> None:
    """What this agent is for: every step a receipt, signed by a key whose quote proves this code."""
    wish = b"a green winter jacket, at most 150 USD"
    offers = b"jacket A, 140 USD; jacket B, 120 USD"
    agent.act("shopping/wish", wish)
    agent.act("shopping/offers", input=wish, output=offers)
    agent.act("shopping/choice", b"jacket B", input=offers)


def main(folder: str) -> int:
    """Returns the exit code."""
    tee = get_phala_dstack_tee()()
    if not tee.is_available:
        print("no TEE here: %s" % tee.unavailable_reason)
        return 1
    with ChaosChainAgentSDK(agent_name="Shopper", network=os.environ.get("CHAOS_NETWORK", "base-sepolia"),
                            tee_provider=tee, description="Looks for winter jackets, from inside a TEE.") as agent:
        signature = agent.sign(b"hello")
        print("key       %s, kept by %s" % (agent.keypair.address, agent.keypair.private_key))
        print("code      mr_td %.16s…" % signature.attestation["measurements"]["mr_td"])
        if not os.environ.get("CHAOS_KEYSTORE"):
            print("stopped   no CHAOS_KEYSTORE: nobody pays for a registration")
            return 0
        agent_id, transaction = agent.register_identity(tee_attestation=tee.get_attestation_report())
        print("agent     %d, %s" % (agent_id, transaction))
        work(agent)
        package = agent.create_evidence_package("jacket-1", work_proof={"choice": "jacket B"}, folder=folder)
        print("receipts  %d to %d in %s" % (package.receipts + (package.folder,)))
        verdict = agent.verify_evidence_package(package)  # as who trusts hardware alone
        print("verdict   %s%s" % (verdict.tier, "" if verdict.error is None else ": " + verdict.error.text))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "package"))
    except ChaosError as error:
        sys.exit("agent: %s" % error)
