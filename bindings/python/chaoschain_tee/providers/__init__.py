"""Providers of trusted environments: `chaoschain_tee.providers.tee`."""
