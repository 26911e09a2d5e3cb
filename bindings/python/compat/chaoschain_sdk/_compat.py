"""Whose package this is: of chaoschain-tee-compat, and only where ChaosChain's own SDK is not installed."""

from __future__ import annotations

from importlib import metadata


def refuse_beside_the_sdk() -> None:
    """ImportError when a distribution chaoschain-sdk is installed as well: then the name is its own."""
    try:
        other = metadata.distribution("chaoschain-sdk")
    except metadata.PackageNotFoundError:
        return
    raise ImportError(
        "chaoschain-tee-compat and ChaosChain's own SDK (chaoschain-sdk %s) are both installed, and chaoschain_sdk is the "
        "SDK's name.\nMend it with: pip uninstall chaoschain-tee-compat && pip install --force-reinstall chaoschain-sdk; "
        "then import chaoschain_tee beside it." % other.version)
