"""The functions and structs of the verify half of the library: evidence.h, verify.h, appraise.h, check.h, and
chaos_agent_reference of erc8004.h."""

from __future__ import annotations

from ctypes import (CFUNCTYPE, POINTER, Structure, c_bool, c_char_p, c_int, c_int64, c_size_t, c_uint8, c_uint32,
                    c_uint64, c_void_p)

from . import _structs as s
from ._native import STATUS, buffer_p, declare, error_p, out
from ._structs import layout


@layout("chaos_expectation", "appraise.h")
class ExpectationStruct(Structure):
    """What a relying party expects."""
    _fields_ = [("size", c_size_t), ("has_report_data", c_bool), ("report_data", s.ReportData), ("has_agent", c_bool),
                ("chain_id", s.U256), ("identity_registry", s.Address), ("agent_id", s.U256),
                ("has_identity_key", c_bool), ("identity_key", s.Address), ("has_nonce", c_bool), ("nonce", s.U256),
                ("has_anchor", c_bool), ("anchor_block", c_uint64), ("anchor_hash", s.Keccak),
                ("first_block", c_uint64), ("last_block", c_uint64), ("has_subject", c_bool), ("subject", s.Keccak),
                ("has_agent_uri_hash", c_bool), ("agent_uri_hash", s.Keccak), ("has_tls_spki_hash", c_bool),
                ("tls_spki_hash", s.Sha256), ("collateral_floor", c_void_p)]


@layout("chaos_collateral_facts", "verify.h")
class FactsStruct(Structure):
    """What sealed collateral speaks of."""
    _fields_ = [("tee", c_int), ("platform_ca", c_bool), ("fmspc", c_uint8 * 6), ("pce_id", c_uint8 * 2),
                ("tcb_evaluation_number", c_uint32), ("qe_evaluation_number", c_uint32), ("valid_from", c_int64),
                ("valid_to", c_int64), ("tcb_info_issued", c_int64), ("tcb_info_next_update", c_int64),
                ("qe_identity_issued", c_int64), ("qe_identity_next_update", c_int64), ("root_ca_crl_issued", c_int64),
                ("root_ca_crl_next_update", c_int64), ("pck_crl_issued", c_int64), ("pck_crl_next_update", c_int64)]


@layout("chaos_cache_counts", "verify.h")
class CountsStruct(Structure):
    """What a cache holds and has answered."""
    _fields_ = [("platform_hits", c_uint64), ("platform_misses", c_uint64), ("collateral_hits", c_uint64),
                ("collateral_misses", c_uint64), ("platforms", c_size_t), ("collaterals", c_size_t),
                ("bytes", c_size_t)]


@layout("chaos_binding", "evidence.h")
class BindingStruct(Structure):
    """What a quote says about a key."""
    _fields_ = [("stage", c_uint8), ("chain_id", s.U256), ("identity_registry", s.Address), ("agent_id", s.U256),
                ("public_key_hash", s.Keccak), ("identity_key", s.Address), ("agent_uri_hash", s.Keccak),
                ("tls_spki_hash", s.Sha256), ("subject", s.Keccak), ("nonce", s.U256), ("anchor_block", c_uint64),
                ("issued_at", c_uint64), ("expires_at", c_uint64), ("policy_hash", s.Keccak)]


@layout("chaos_measurements", "check.h")
class MeasurementsStruct(Structure):
    """What a quote says about code."""
    _fields_ = [(name, c_uint8 * 48) for name in ("mr_td", "rtmr0", "rtmr1", "rtmr2", "rtmr3", "mr_config_id")] + [
        ("mr_enclave", c_uint8 * 32), ("mr_signer", c_uint8 * 32), ("report_data", s.ReportData)]


@layout("chaos_agent_reference", "erc8004.h")
class AgentReferenceStruct(Structure):
    """An agent: chain, identity registry, id."""
    _fields_ = [("chain_id", c_uint64), ("has_registry", c_bool), ("registry", s.Address), ("agent_id", s.U256)]


@layout("chaos_head", "check.h")
class HeadStruct(Structure):
    """A value of the metadata tee.head."""
    _fields_ = [("sequence", c_uint64), ("digest", s.Keccak), ("block", c_uint64)]


@layout("chaos_block_hash", "check.h")
class BlockHashStruct(Structure):
    """A block and its hash."""
    _fields_ = [("number", c_uint64), ("hash", s.Keccak)]


@layout("chaos_bundle_expectation", "check.h")
class BundleExpectationStruct(Structure):
    """What a relying party expects of a bundle."""
    _fields_ = [("size", c_size_t), ("agent", ExpectationStruct), ("heads", POINTER(HeadStruct)),
                ("head_count", c_size_t), ("blocks", POINTER(BlockHashStruct)), ("block_count", c_size_t),
                ("time_is_chosen", c_bool)]


bundle_read = CFUNCTYPE(c_int, c_void_p, c_void_p, c_size_t, POINTER(c_size_t), error_p)
bundle_content = CFUNCTYPE(c_int, c_void_p, POINTER(s.Keccak), POINTER(s.LentSlice), error_p)


@layout("chaos_bundle_source", "check.h")
class BundleSourceStruct(Structure):
    """Where a bundle comes from."""
    _fields_ = [("size", c_size_t), ("context", c_void_p), ("read", bundle_read), ("content", bundle_content)]


_judge = (c_void_p, c_void_p, POINTER(ExpectationStruct), c_int64, c_void_p, out, error_p)

declare({
    "chaos_evidence_parse_with_log": (STATUS, (s.Slice, s.Slice, out, error_p)),
    "chaos_envelope_parse": (STATUS, (s.Slice, out, error_p)),
    "chaos_evidence_free": (None, (c_void_p,)),
    "chaos_evidence_share": (c_void_p, (c_void_p,)),
    "chaos_evidence_tee": (c_int, (c_void_p,)),
    "chaos_evidence_describe": (STATUS, (c_void_p, buffer_p, error_p)),
    "chaos_evidence_hash": (s.Keccak, (c_void_p,)),
    "chaos_evidence_bytes": (s.LentSlice, (c_void_p,)),
    "chaos_evidence_event_log": (s.LentSlice, (c_void_p,)),
    "chaos_evidence_binding": (c_bool, (c_void_p, POINTER(BindingStruct))),
    "chaos_evidence_measurements": (None, (c_void_p, POINTER(MeasurementsStruct))),
    "chaos_binding_report_data": (s.ReportData, (POINTER(BindingStruct),)),
    "chaos_content_hash": (s.Keccak, (s.Slice,)),
    "chaos_address_format": (None, (POINTER(s.Address), c_char_p)),
    "chaos_address_parse": (STATUS, (c_char_p, POINTER(s.Address), error_p)),
    "chaos_agent_reference_parse": (STATUS, (c_char_p, POINTER(AgentReferenceStruct), error_p)),
    "chaos_trust_new": (STATUS, (out, error_p)),
    "chaos_trust_add_root": (STATUS, (c_void_p, s.Slice, error_p)),
    "chaos_trust_free": (None, (c_void_p,)),
    "chaos_collateral_parse": (STATUS, (s.Slice, out, error_p)),
    "chaos_collateral_seal": (STATUS, (c_void_p, c_void_p, c_int64, error_p)),
    "chaos_collateral_get_facts": (STATUS, (c_void_p, POINTER(FactsStruct), error_p)),
    "chaos_collateral_free": (None, (c_void_p,)),
    "chaos_floor_new": (STATUS, (out, error_p)),
    "chaos_floor_parse": (STATUS, (s.Slice, out, error_p)),
    "chaos_floor_write": (STATUS, (c_void_p, buffer_p, error_p)),
    "chaos_floor_check": (STATUS, (c_void_p, POINTER(FactsStruct), error_p)),
    "chaos_floor_raise": (STATUS, (c_void_p, POINTER(FactsStruct), error_p)),
    "chaos_floor_free": (None, (c_void_p,)),
    "chaos_cache_new": (STATUS, (c_size_t, out, error_p)),
    "chaos_cache_get_counts": (None, (c_void_p, POINTER(CountsStruct))),
    "chaos_cache_free": (None, (c_void_p,)),
    "chaos_verify": (STATUS, (c_void_p, c_void_p, c_void_p, c_int64, c_void_p, out, error_p)),
    "chaos_claims_free": (None, (c_void_p,)),
    "chaos_policy_parse": (STATUS, (s.Slice, out, error_p)),
    "chaos_policy_default": (STATUS, (out, error_p)),
    "chaos_policy_none": (STATUS, (out, error_p)),
    "chaos_policy_free": (None, (c_void_p,)),
    "chaos_appraise": (STATUS, (c_void_p, c_void_p, POINTER(ExpectationStruct), c_int64, out, error_p)),
    "chaos_verdict_free": (None, (c_void_p,)),
    "chaos_verdict_tier": (c_int, (c_void_p,)),
    "chaos_tier_name": (c_char_p, (c_int,)),
    "chaos_verdict_verified": (c_int, (c_void_p,)),
    "chaos_verdict_error": (POINTER(s.Error), (c_void_p,)),
    "chaos_verdict_exit_code": (c_int, (c_void_p,)),
    "chaos_verdict_write_json": (STATUS, (c_void_p, buffer_p, error_p)),
    "chaos_verdict_write_text": (STATUS, (c_void_p, buffer_p, error_p)),
    "chaos_check_quote": (STATUS, (s.Slice, s.Slice, s.Slice) + _judge),
    "chaos_check": (STATUS, (s.Slice, s.Slice) + _judge),
    "chaos_check_bundle": (STATUS, (POINTER(BundleSourceStruct), s.Slice, c_void_p, c_void_p,
                                    POINTER(BundleExpectationStruct), c_int64, c_void_p, out, error_p)),
    "chaos_signature_parse": (STATUS, (s.Slice, s.Slice, out, error_p)),
    "chaos_signature_write": (STATUS, (c_void_p, buffer_p, error_p)),
    "chaos_signature_free": (None, (c_void_p,)),
    "chaos_signature_bytes": (s.Signature65, (c_void_p,)),
    "chaos_signature_algorithm": (c_char_p, (c_void_p,)),
    "chaos_signature_digest_kind": (c_int, (c_void_p,)),
    "chaos_signature_digest": (s.Keccak, (c_void_p,)),
    "chaos_signature_provider": (c_char_p, (c_void_p,)),
    "chaos_signature_evidence": (c_void_p, (c_void_p,)),
    "chaos_signature_verified": (c_int, (c_void_p,)),
    "chaos_signature_verify": (STATUS, (c_void_p, s.Slice, s.Slice) + _judge),
})
