"""What the agent's side calls of libchaoschain: structs and functions of eth.h, erc8004.h, net.h, agent.h, validator.h."""

from __future__ import annotations

from ctypes import (CFUNCTYPE, POINTER, Structure, c_bool, c_char, c_char_p, c_int, c_int64, c_size_t, c_uint8,
                    c_uint32, c_uint64, c_uint, c_void_p, sizeof)
from typing import Any, Tuple

from . import _structs as s
from ._native import STATUS, buffer_p, declare, error_p, out
from ._structs import Address, Keccak, Signature65, U256, layout

LOG = CFUNCTYPE(None, c_void_p, c_char_p)  # chaos_rpc_log_function

CONTENT_URI_SIZE = 80
MAX_GATEWAYS = 4
MAX_ENDPOINTS = 8
MAX_CONTENT = 1024 * 1024   # of what is fetched or kept here: CHAOS_MAX_BUNDLE_CONTENT
MAX_ENVELOPE = 1024 * 1024
MAX_VALUE = 64 * 1024       # of one metadata value that is read
MAX_URI = 256 * 1024        # of an agent URI that is read: it may hold the registration file itself
MAX_REPUTATION = 64 * 1024 * 1024

REGISTRIES = {"identity": 0, "reputation": 1, "validation": 2}
NETWORK_LOCAL = 3


def sized(struct: Any, **values: Any) -> Any:
    """An option struct that begins with its own size, as its ..._INIT macro makes it."""
    return struct(size=sizeof(struct), **values)


# -------------------------------------------------------------------------- eth.h ----


@layout("chaos_rpc_options", "eth.h")
class RpcOptions(Structure):
    _fields_ = [("size", c_size_t), ("urls", POINTER(c_char_p)), ("url_count", c_size_t), ("chain_id", c_uint64),
                ("request_timeout_ms", c_uint32), ("deadline_ms", c_uint32), ("log", LOG), ("log_context", c_void_p)]


@layout("chaos_block_id", "eth.h")
class BlockId(Structure):
    _fields_ = [("tag", c_int), ("number", c_uint64), ("hash", Keccak)]


BLOCK_NUMBER = 4


@layout("chaos_block", "eth.h")
class Block(Structure):
    _fields_ = [("number", c_uint64), ("hash", Keccak), ("parent", Keccak), ("timestamp", c_int64),
                ("gas_limit", c_uint64), ("has_base_fee", c_bool), ("base_fee", U256)]


@layout("chaos_sender_options", "eth.h")
class SenderOptions(Structure):
    _fields_ = [("size", c_size_t), ("rpc", c_void_p), ("account", c_void_p), ("journal", c_char_p),
                ("confirmations", c_uint32), ("deadline_ms", c_uint32), ("poll_ms", c_uint32), ("max_fee", U256),
                ("min_priority_fee", U256), ("dry_run", c_bool), ("log", LOG), ("log_context", c_void_p)]


@layout("chaos_outcome", "eth.h")
class Outcome(Structure):
    _fields_ = [("state", c_int), ("was_done", c_bool), ("nonce", c_uint64), ("transaction_hash", Keccak),
                ("block_number", c_uint64), ("block_hash", Keccak), ("gas_used", c_uint64), ("gas_price", U256),
                ("attempts", c_uint)]


INTENT_CONFIRMED, INTENT_REVERTED, INTENT_ABANDONED = 4, 5, 6

# ---------------------------------------------------------------------- erc8004.h ----


@layout("chaos_network", "erc8004.h")
class Network(Structure):
    _fields_ = [("name", c_char * 32), ("kind", c_int), ("chain_id", c_uint64), ("identity", Address),
                ("reputation", Address), ("validation", Address), ("first_block", c_uint64), ("rpc_url", c_char * 128),
                ("rpc_variable", c_char * 32)]


@layout("chaos_registries_options", "erc8004.h")
class RegistriesOptions(Structure):
    _fields_ = [("size", c_size_t), ("rpc", c_void_p), ("network", POINTER(Network)), ("has_identity", c_bool),
                ("has_reputation", c_bool), ("has_validation", c_bool), ("identity", Address),
                ("reputation", Address), ("validation", Address)]


@layout("chaos_int128", "erc8004.h")
class Int128(Structure):
    _fields_ = [("high", c_int64), ("low", c_uint64)]


@layout("chaos_feedback_draft", "erc8004.h")
class FeedbackDraft(Structure):
    _fields_ = [("value", Int128), ("decimals", c_uint8), ("tag1", c_char_p), ("tag2", c_char_p),
                ("endpoint", c_char_p), ("uri", c_char_p), ("hash", Keccak)]


@layout("chaos_validation", "erc8004.h")
class Validation(Structure):
    _fields_ = [("validator", Address), ("agent_id", U256), ("is_answered", c_bool), ("response", c_uint8),
                ("response_hash", Keccak), ("last_update", c_int64)]


@layout("chaos_registration_fields", "erc8004.h")
class RegistrationFields(Structure):
    _fields_ = [("size", c_size_t), ("name", c_char_p), ("description", c_char_p), ("image", c_char_p),
                ("services", c_void_p), ("service_count", c_size_t), ("x402_support", c_bool), ("active", c_bool),
                ("registrations", c_void_p), ("registration_count", c_size_t), ("supported_trust", c_void_p),
                ("supported_trust_count", c_size_t)]


@layout("chaos_request_content", "erc8004.h")
class RequestContent(Structure):
    _fields_ = [("name", c_char_p), ("uri", c_char_p), ("hash", Keccak)]


@layout("chaos_tee_head", "erc8004.h")
class TeeHead(Structure):
    _fields_ = [("sequence", c_uint64), ("digest", Keccak)]


@layout("chaos_log", "eth.h")
class LogEntry(Structure):
    _fields_ = [("address", Address), ("topics", Keccak * 4), ("topic_count", c_size_t), ("data", s.LentSlice),
                ("block_number", c_uint64), ("block_hash", Keccak), ("transaction_hash", Keccak),
                ("transaction_index", c_uint32), ("log_index", c_uint32)]


class Alternatives(Structure):
    """Topics of one position: a struct without a name of its own."""
    _fields_ = [("any_of", POINTER(Keccak)), ("count", c_size_t)]


ON_LOG = CFUNCTYPE(STATUS, c_void_p, POINTER(LogEntry), error_p)
ON_ROLLBACK = CFUNCTYPE(STATUS, c_void_p, c_uint64, error_p)
ON_PROGRESS = CFUNCTYPE(None, c_void_p, c_uint64, c_uint64)
EVENT_METADATA_SET = 3


@layout("chaos_log_reader_options", "erc8004.h")
class LogReaderOptions(Structure):
    _fields_ = [("size", c_size_t), ("rpc", c_void_p), ("addresses", POINTER(Address)), ("address_count", c_size_t),
                ("topics", Alternatives * 4), ("first_block", c_uint64), ("depth", c_uint32), ("range", c_uint32),
                ("store", c_char_p), ("name", c_char_p), ("context", c_void_p), ("on_log", ON_LOG),
                ("on_rollback", ON_ROLLBACK), ("on_progress", ON_PROGRESS)]


# -------------------------------------------------------------------------- net.h ----


@layout("chaos_content_options", "net.h")
class ContentOptions(Structure):
    _fields_ = [("size", c_size_t), ("folder", c_char_p), ("base", c_char_p), ("gateways", c_char_p * MAX_GATEWAYS),
                ("allow_local", c_bool), ("timeout_ms", c_uint32)]


# ------------------------------------------------------------ evidence.h, agent.h ----



@layout("chaos_action", "evidence.h")
class Action(Structure):
    _fields_ = [("chain_id", U256), ("agent_registry", Address), ("agent_id", U256), ("sequence", c_uint64),
                ("previous", Keccak), ("action_type", c_char * 65), ("payload_hash", Keccak), ("input_hash", Keccak),
                ("output_hash", Keccak), ("issued_at", c_uint64), ("evidence_hash", Keccak)]


@layout("chaos_receipt", "evidence.h")
class CReceipt(Structure):
    _fields_ = [("action", Action), ("signature", Signature65)]


@layout("chaos_agent_config", "agent.h")
class AgentConfig(Structure):
    _fields_ = [("size", c_size_t), ("name", c_char_p), ("network", c_char_p), ("tee", c_void_p),
                ("keypair", c_void_p), ("has_identity_registry", c_bool), ("identity_registry", Address),
                ("generation", c_uint32), ("registries", c_void_p), ("sender", c_void_p), ("content", c_void_p),
                ("store", c_char_p), ("description", c_char_p), ("endpoint", c_char_p), ("collateral", s.Slice),
                ("log", LOG), ("log_context", c_void_p), ("has_agent_id", c_bool), ("agent_id", U256)]


@layout("chaos_act", "agent.h")
class Act(Structure):
    _fields_ = [("size", c_size_t), ("action_type", c_char_p), ("payload", s.Slice), ("input", s.Slice),
                ("output", s.Slice), ("keep", c_bool)]


PROGRESS = CFUNCTYPE(None, c_void_p, c_uint64, c_uint64)


@layout("chaos_reputation_options", "agent.h")
class ReputationOptions(Structure):
    _fields_ = [("size", c_size_t), ("registries", c_void_p), ("agent_id", U256), ("validators", POINTER(Address)),
                ("validator_count", c_size_t), ("clients", POINTER(Address)), ("client_count", c_size_t),
                ("first_block", c_uint64), ("has_last_block", c_bool), ("last_block", c_uint64),
                ("max_age_s", c_uint64), ("on_progress", PROGRESS), ("context", c_void_p)]


# ----------------------------------------------------------- validator.h, check.h ----


@layout("chaos_validator_config", "validator.h")
class ValidatorConfig(Structure):
    _fields_ = [("size", c_size_t), ("registries", c_void_p), ("sender", c_void_p), ("content", c_void_p),
                ("store", c_char_p), ("trust", c_void_p), ("policy", s.Slice), ("collateral", s.Slice),
                ("collateral_source", c_void_p), ("collateral_context", c_void_p), ("cache", c_void_p),
                ("first_block", c_uint64), ("confirmations", c_uint32), ("log", LOG), ("log_context", c_void_p)]


@layout("chaos_validation_result", "validator.h")
class ValidationOutcome(Structure):
    _fields_ = [("decision", c_int), ("reason", s.Error), ("response", c_uint8), ("tag", c_char * 32),
                ("agent_id", U256), ("block", Block), ("report_uri", c_char * CONTENT_URI_SIZE),
                ("report_hash", Keccak), ("outcome", Outcome), ("verdict", c_void_p)]


# ---------------------------------------------------------------------- functions ----

_p = c_void_p
_id = POINTER(U256)
_address = POINTER(Address)
_keccak = POINTER(Keccak)
_outcome = POINTER(Outcome)
_at = POINTER(BlockId)

declare({
    # evidence.h
    "chaos_action_digest": (Keccak, (POINTER(Action),)),
    # eth.h
    "chaos_account_open_keystore": (STATUS, (c_char_p, s.Slice, out, error_p)),
    "chaos_account_free": (None, (_p,)),
    "chaos_account_address": (Address, (_p,)),
    "chaos_rpc_open": (STATUS, (POINTER(RpcOptions), out, error_p)),
    "chaos_rpc_free": (None, (_p,)),
    "chaos_rpc_chain_id": (c_uint64, (_p,)),
    "chaos_rpc_block": (STATUS, (_p, _at, POINTER(Block), error_p)),
    "chaos_rpc_balance": (STATUS, (_p, _address, _at, _id, error_p)),
    "chaos_rpc_request": (STATUS, (_p, c_char_p, c_char_p, buffer_p, error_p)),
    "chaos_sender_open": (STATUS, (POINTER(SenderOptions), out, error_p)),
    "chaos_sender_free": (None, (_p,)),
    "chaos_sender_address": (Address, (_p,)),
    "chaos_sender_find": (STATUS, (_p, c_char_p, _outcome, error_p)),
    # net.h
    "chaos_content_open": (STATUS, (POINTER(ContentOptions), out, error_p)),
    "chaos_content_free": (None, (_p,)),
    "chaos_content_put": (STATUS, (_p, s.Slice, c_char_p, error_p)),
    "chaos_content_get": (STATUS, (_p, c_char_p, buffer_p, POINTER(c_bool), error_p)),
    # erc8004.h
    "chaos_network_find": (STATUS, (c_char_p, POINTER(Network), error_p)),
    "chaos_network_load": (STATUS, (c_char_p, c_char_p, POINTER(Network), error_p)),
    "chaos_registries_open": (STATUS, (POINTER(RegistriesOptions), out, error_p)),
    "chaos_registries_free": (None, (_p,)),
    "chaos_registries_has": (c_bool, (_p, c_int)),
    "chaos_registries_address": (Address, (_p, c_int)),
    "chaos_decimal_parse": (STATUS, (c_char_p, POINTER(Int128), POINTER(c_uint8), error_p)),
    "chaos_agent_exists": (STATUS, (_p, _id, _at, POINTER(c_bool), error_p)),
    "chaos_agent_owner": (STATUS, (_p, _id, _at, _address, error_p)),
    "chaos_agent_wallet": (STATUS, (_p, _id, _at, _address, error_p)),
    "chaos_agent_uri": (STATUS, (_p, _id, _at, buffer_p, error_p)),
    "chaos_agent_metadata": (STATUS, (_p, _id, c_char_p, _at, buffer_p, error_p)),
    "chaos_agent_register": (STATUS, (_p, _p, c_char_p, c_char_p, _p, c_size_t, _id, _outcome, error_p)),
    "chaos_agent_set_metadata": (STATUS, (_p, _p, c_char_p, _id, c_char_p, s.Slice, _outcome, error_p)),
    "chaos_feedback_give": (STATUS, (_p, _p, c_char_p, _id, POINTER(FeedbackDraft), POINTER(c_uint64), _outcome,
                                     error_p)),
    "chaos_validation_status": (STATUS, (_p, _keccak, _at, POINTER(Validation), buffer_p, error_p)),
    "chaos_validation_respond": (STATUS, (_p, _p, c_char_p, _keccak, c_uint8, c_char_p, _keccak, c_char_p, _outcome,
                                          error_p)),
    "chaos_log_reader_open": (STATUS, (POINTER(LogReaderOptions), out, error_p)),
    "chaos_log_reader_free": (None, (_p,)),
    "chaos_log_reader_poll": (STATUS, (_p, POINTER(c_uint64), error_p)),
    "chaos_event_topic": (Keccak, (c_int,)),
    "chaos_registration_file_write": (STATUS, (POINTER(RegistrationFields), buffer_p, error_p)),
    "chaos_tee_head_read": (STATUS, (_p, _id, _at, POINTER(TeeHead), error_p)),
    # agent.h
    "chaos_agent_open": (STATUS, (POINTER(AgentConfig), out, error_p)),
    "chaos_agent_free": (None, (_p,)),
    "chaos_agent_keypair": (_p, (_p,)),
    "chaos_agent_sign": (STATUS, (_p, s.Slice, out, error_p)),
    "chaos_agent_id": (c_bool, (_p, _id)),
    "chaos_agent_register_identity": (STATUS, (_p, _p, _id, _keccak, error_p)),
    "chaos_agent_renew_evidence": (STATUS, (_p, error_p)),
    "chaos_agent_evidence": (_p, (_p,)),
    "chaos_agent_attest": (STATUS, (_p, _id, out, error_p)),
    "chaos_agent_begin_session": (STATUS, (_p, error_p)),
    "chaos_agent_session_evidence": (_p, (_p,)),
    "chaos_agent_act": (STATUS, (_p, POINTER(Act), POINTER(CReceipt), error_p)),
    "chaos_agent_receipt_count": (STATUS, (_p, POINTER(c_uint64), error_p)),
    "chaos_agent_receipt_at": (STATUS, (_p, c_uint64, POINTER(CReceipt), error_p)),
    "chaos_agent_anchor": (STATUS, (_p, _outcome, error_p)),
    "chaos_agent_export": (STATUS, (_p, c_uint64, c_uint64, s.Slice, c_char_p, error_p)),
    "chaos_agent_request_validation": (STATUS, (_p, _address, POINTER(RequestContent), c_size_t, c_uint32, _keccak,
                                                _outcome, error_p)),
    "chaos_reputation_read": (STATUS, (POINTER(ReputationOptions), out, error_p)),
    "chaos_reputation_free": (None, (_p,)),
    "chaos_reputation_write_json": (STATUS, (_p, buffer_p, error_p)),
    # validator.h, check.h
    "chaos_validator_open": (STATUS, (POINTER(ValidatorConfig), out, error_p)),
    "chaos_validator_free": (None, (_p,)),
    "chaos_validator_validate": (STATUS, (_p, _keccak, c_int64, POINTER(ValidationOutcome), error_p)),
    "chaos_decision_name": (c_char_p, (c_int,)),
})


def addresses(values: Tuple[Address, ...]) -> Any:
    """An array of addresses for C, and NULL for none."""
    return (Address * len(values))(*values) if values else None
