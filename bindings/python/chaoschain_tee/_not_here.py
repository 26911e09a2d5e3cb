"""What ChaosChain's SDK has and this package has not, by name: who asks for it is told so, and never given a pretence."""

from __future__ import annotations

import functools
import re
from typing import Any, Callable, Optional, TypeVar, cast

from ._settings import usage

_DOCUMENT = "docs/python-agent.md, \"What is not here\""
_WORDS = (
    ("payments and x402", re.compile(r"x402|payment|paywall", re.I)),
    ("AP2 and its mandates", re.compile(r"ap2|mandate|jwt", re.I)),
    ("XMTP messages", re.compile(r"xmtp|message|thread", re.I)),
    ("studios, their work, scores and rewards", re.compile(r"studio|epoch|reward|submit_work|score_vector|"
                                                           r"commit_score|reveal_score|gateway", re.I)),
    ("storage services and compute providers", re.compile(r"pinata|irys|zerog|0g|compute|storage|wallet_manager", re.I)),
)
_MUST_BE_OFF = ("enable_payments", "enable_ap2")
_MUST_BE_NONE = {
    "wallet_file": "keys are in the TEE, or in a keystore: keystore=FILE",
    "private_key": "keys are in the TEE, or in a keystore: keystore=FILE",
    "storage_jwt": "content is a folder that you publish: content=, content_base=",
    "storage_gateway": "content is a folder that you publish: content=, content_base=, gateways=",
    "storage_provider": "content is a folder that you publish: content=, content_base=",
    "compute_provider": "the code of this agent runs in tee_provider",
    "gateway_url": "there is no gateway service: rpc_url=",
}
_ALWAYS_ON = ("enable_process_integrity", "enable_storage")
F = TypeVar("F", bound=Callable[..., None])


def why_not(name: str) -> Optional[str]:
    """The sentence for a name of the SDK that is not here; None: the SDK has no such name either."""
    if name.startswith("_"):
        return None
    for what, words in _WORDS:
        if words.search(name):
            return "%s is not part of this package: %s are not here (%s)" % (name, what, _DOCUMENT)
    return None


def _settle(name: str, value: Any) -> None:
    if name in _ALWAYS_ON and value is not True:
        raise usage("%s cannot be switched off: nothing happens until it is called" % name, name)
    if name in _MUST_BE_OFF and value:
        raise usage(str(why_not(name)), name)
    if name in _MUST_BE_NONE and value is not None:
        raise usage("%s is not part of this package: %s (%s)" % (name, _MUST_BE_NONE[name], _DOCUMENT), name)


def knows_the_switches(init: F) -> F:
    """For a constructor: the SDK's further keyword arguments are accepted where they ask for what is so anyway, and
    refused in words where not. They are no part of the signature: type checkers refuse them all."""
    known = (*_ALWAYS_ON, *_MUST_BE_OFF, *_MUST_BE_NONE)

    @functools.wraps(init)
    def settled(self: Any, *arguments: Any, **given: Any) -> None:
        for name in known:
            if name in given:
                _settle(name, given.pop(name))
        init(self, *arguments, **given)
    return cast(F, settled)
