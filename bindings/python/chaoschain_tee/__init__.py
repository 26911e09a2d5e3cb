"""Hardware-attested identity for on-chain agents: the Python face of libchaoschain."""

from __future__ import annotations

from ._errors import *
from ._native import library_version

__version__ = "0.1.0"
