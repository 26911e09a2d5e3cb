"""The functions and structs of tee.h."""

from __future__ import annotations

from ctypes import CFUNCTYPE, POINTER, Structure, c_bool, c_char_p, c_int, c_size_t, c_uint8, c_uint32, c_void_p

from . import _structs as s
from ._native import STATUS, buffer_p, declare, error_p, out
from ._structs import layout
from ._verify_native import BindingStruct

log_function = CFUNCTYPE(None, c_void_p, c_char_p, c_int, c_char_p)


@layout("chaos_tee_registry_options", "tee.h")
class RegistryOptionsStruct(Structure):
    """Where plug-ins are looked for."""
    _fields_ = [("size", c_size_t), ("plugin_path", c_char_p), ("search_path", c_char_p), ("log", log_function),
                ("log_context", c_void_p)]


@layout("chaos_tee_known", "tee.h")
class KnownStruct(Structure):
    """A provider that this version knows by name."""
    _fields_ = [("name", c_char_p), ("summary", c_char_p), ("is_hardware", c_bool), ("is_built", c_bool)]


@layout("chaos_attest_options", "tee.h")
class AttestOptionsStruct(Structure):
    """What a quote shall say about a key."""
    _fields_ = [("size", c_size_t), ("binding", POINTER(BindingStruct)), ("endorser", c_void_p),
                ("collateral", s.Slice)]


@layout("chaos_key_options", "tee.h")
class KeyOptionsStruct(Structure):
    """Which key."""
    _fields_ = [("size", c_size_t), ("path", c_char_p), ("purpose", c_char_p), ("algorithm", c_char_p),
                ("attest", AttestOptionsStruct), ("has_nonce", c_bool), ("nonce", s.U256)]


declare({
    "chaos_tee_registry_new": (STATUS, (POINTER(RegistryOptionsStruct), out, error_p)),
    "chaos_tee_registry_free": (None, (c_void_p,)),
    "chaos_tee_known_count": (c_size_t, ()),
    "chaos_tee_known_at": (POINTER(KnownStruct), (c_size_t,)),
    "chaos_tee_find": (STATUS, (c_void_p, c_char_p, out, error_p)),
    "chaos_tee_provider_summary": (c_char_p, (c_void_p,)),
    "chaos_tee_provider_path": (c_char_p, (c_void_p,)),
    "chaos_tee_probe": (STATUS, (c_void_p, c_char_p, c_char_p, error_p)),
    "chaos_tee_open": (STATUS, (c_void_p, c_char_p, out, error_p)),
    "chaos_tee_free": (None, (c_void_p,)),
    "chaos_tee_name": (c_char_p, (c_void_p,)),
    "chaos_tee_is_available": (c_bool, (c_void_p, error_p)),
    "chaos_identity_path": (STATUS, (POINTER(s.U256), POINTER(s.Address), c_char_p, c_uint32, c_char_p, error_p)),
    "chaos_tee_generate_key": (STATUS, (c_void_p, POINTER(KeyOptionsStruct), out, error_p)),
    "chaos_keypair_free": (None, (c_void_p,)),
    "chaos_keypair_provider": (c_char_p, (c_void_p,)),
    "chaos_keypair_algorithm": (c_char_p, (c_void_p,)),
    "chaos_keypair_public_key": (None, (c_void_p, POINTER(c_uint8))),
    "chaos_keypair_address": (s.Address, (c_void_p,)),
    "chaos_keypair_reference": (c_char_p, (c_void_p,)),
    "chaos_keypair_evidence": (c_void_p, (c_void_p,)),
    "chaos_attest": (STATUS, (c_void_p, c_void_p, POINTER(AttestOptionsStruct), out, error_p)),
    "chaos_tee_get_attestation_report": (STATUS, (c_void_p, POINTER(s.ReportData), out, error_p)),
    "chaos_tee_sign": (STATUS, (c_void_p, s.Slice, c_void_p, out, error_p)),
    "chaos_tee_sign_typed_data": (STATUS, (c_void_p, s.Slice, c_void_p, out, error_p)),
    "chaos_tee_invoke": (STATUS, (c_void_p, c_char_p, c_char_p, buffer_p, error_p)),
})
