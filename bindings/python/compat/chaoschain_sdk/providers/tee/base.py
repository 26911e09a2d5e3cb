"""The protocol of a provider, and what it gives."""

from __future__ import annotations

from chaoschain_tee.providers.tee import TEEKeypair, TEEProvider, TEESignature

__all__ = ["TEEKeypair", "TEEProvider", "TEESignature"]
