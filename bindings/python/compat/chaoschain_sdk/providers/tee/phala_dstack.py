"""Phala Cloud and other dstack confidential VMs."""

from __future__ import annotations

from chaoschain_tee.providers.tee import PhalaDstackTEE, get_phala_dstack_tee

__all__ = ["PhalaDstackTEE", "get_phala_dstack_tee"]
