"""TEE providers. A provider's plug-in is found and loaded when its accessor is called, and not before."""

from __future__ import annotations

from .base import TEEKeypair, TEEProvider, TEESignature
from .phala_dstack import PhalaDstackTEE, get_phala_dstack_tee

__all__ = ["PhalaDstackTEE", "TEEKeypair", "TEEProvider", "TEESignature", "get_phala_dstack_tee"]
