"""Providers: `chaoschain_sdk.providers.tee`."""
