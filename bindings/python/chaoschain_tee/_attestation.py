"""What `register_identity(tee_attestation=…)` takes, and what is made of it.

An envelope (`TEEKeypair.attestation`) speaks of one key: the library refuses one of another key. A report
(`TEEProvider.get_attestation_report()`) speaks of an environment and of no key: it is never published. It is compared
with a quote that the TEE makes now over the agent's own key. Both must come from the same machine, the same quoting
enclave and the same code; then the agent registers with the evidence of its key.
"""

from __future__ import annotations

import base64
import binascii
import json
from ctypes import byref
from typing import Any, Dict, Mapping, Tuple, Union

from . import _native_agent as n
from . import _structs as s
from ._errors import FormatError, TrustError
from ._native import Handle, filled, lib, make, slice_of
from ._settings import usage

ENVELOPE_SCHEMA = "chaoschain/envelope/1"
_MAX_REPORT = 2 * 1024 * 1024
_MAX_DESCRIPTION = 1024 * 1024

Attestation = Union[bytes, str, Mapping[str, Any]]


def _malformed(text: str, field: str) -> FormatError:
    return FormatError(text, code="EVIDENCE_FORMAT", status=0x201, stage="parse", field=field)


def _once(pairs: Any) -> Dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key comes twice")
    return found


def _octets(value: Any, field: str) -> bytes:
    """Bytes, hex (0x or not) or base64."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if not isinstance(value, str):
        raise _malformed("%s must be bytes, hex or base64" % field, field)
    digits = value[2:] if value.startswith("0x") else value
    try:
        return bytes.fromhex(digits)
    except ValueError:
        pass
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise _malformed("%s is neither hex nor base64" % field, field) from None


def _log_bytes(value: Any) -> bytes:
    if value is None:
        return b""
    if isinstance(value, (bytes, bytearray)):
        return bytes(value)
    if isinstance(value, str):
        return value.encode("utf-8")
    if isinstance(value, (list, tuple)):
        return json.dumps(value, separators=(",", ":")).encode("utf-8")
    raise _malformed("event_log must be JSON text or its list", "event_log")


def parse_envelope(data: bytes) -> Handle:
    """An envelope, read and not believed."""
    return make(lib.chaos_evidence_free, lib.chaos_envelope_parse, slice_of(data, "envelope"))


def parse_quote(quote: bytes, event_log: bytes = b"") -> Handle:
    """A quote with its event log, read and not believed."""
    return make(lib.chaos_evidence_free, lib.chaos_evidence_parse_with_log, slice_of(quote, "quote"),
                slice_of(event_log, "event_log"))


def _from_mapping(value: Mapping[str, Any]) -> Tuple[Handle, bool]:
    if value.get("schema") == ENVELOPE_SCHEMA:
        text = json.dumps(dict(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return parse_envelope(text.encode("utf-8")), True
    if value.get("envelope") is not None:
        return as_evidence(value["envelope"])
    if value.get("quote") is None:
        raise _malformed("an attestation has an envelope, or a quote", "tee_attestation")
    evidence = parse_quote(_octets(value["quote"], "quote"), _log_bytes(value.get("event_log")))
    claimed = value.get("report_data")
    if claimed is not None and _octets(claimed, "report_data") != bytes.fromhex(describe(evidence)["body"]["report_data"]):
        raise _malformed("the report says other report data than its quote", "report_data")
    return evidence, False


def as_evidence(value: Any) -> Tuple[Handle, bool]:
    """Evidence from what a provider gave, and whether it is an envelope (of a key) rather than a report."""
    if isinstance(value, Mapping):
        return _from_mapping(value)
    if isinstance(value, str):
        value = value.encode("utf-8")
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise usage("tee_attestation must be a report or an envelope, not %s" % type(value).__name__, "tee_attestation")
    data = bytes(value)
    if len(data) > _MAX_REPORT:
        raise usage("the attestation is larger than %d bytes" % _MAX_REPORT, "tee_attestation")
    if not data.lstrip().startswith(b"{"):
        return parse_quote(data), False
    try:
        parsed = json.loads(data.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise _malformed("the attestation is no JSON object", "tee_attestation") from None
    if parsed.get("schema") == ENVELOPE_SCHEMA:
        return parse_envelope(data), True
    return _from_mapping(parsed)


def describe(evidence: Handle) -> Dict[str, Any]:
    """What evidence says of itself, by the specification's names; nothing of it is verified."""
    text = filled(_MAX_DESCRIPTION, lib.chaos_evidence_describe, evidence.pointer)
    result: Dict[str, Any] = json.loads(text)
    return result


# -------------------------------------------------------------------- environment ----


def _environment(evidence: Handle) -> Dict[str, Any]:
    """Machine, quoting enclave and code of a quote; all of it but what it says about one key."""
    said = describe(evidence)
    body = {key: value for key, value in said["body"].items() if key != "report_data"}
    signer = said["signature_data"]
    header = said["header"]
    flat = {"body." + key: value for key, value in body.items()}
    flat.update(("pck_certificate." + key, value) for key, value in signer.get("pck_certificate", {}).items())
    flat.update(("header." + key, header[key]) for key in ("version", "att_key_type", "tee_type", "qe_vendor_id"))
    flat["attestation_key"] = signer["attestation_key"]
    return flat


def must_be_same_environment(report: Handle, own: Handle) -> None:
    """TrustError when a report is of another machine, quoting enclave or code than the quote over the agent's key."""
    told, known = _environment(report), _environment(own)
    for field in sorted(set(told) | set(known)):
        if told.get(field) != known.get(field):
            raise TrustError("the attestation report is not of the environment that holds this agent's key",
                             code="MEASUREMENT", status=0x38f, stage="policy", field=field.rsplit(".", 1)[-1],
                             expected=str(known.get(field))[:96], found=str(told.get(field))[:96])


def fresh_evidence(tee: Any, keypair: int, network: n.Network) -> Handle:
    """Stage-0 evidence ("before registration") of the key, made now."""
    binding = n.Binding(stage=n.STAGE_BEFORE_REGISTRATION, chain_id=s.U256.from_int(network.chain_id),
                        identity_registry=network.identity, agent_id=s.U256.from_int((1 << 256) - 1))
    options = n.sized(n.AttestOptions)
    options.binding.contents = binding
    return make(lib.chaos_evidence_free, lib.chaos_attest, tee, keypair, byref(options))
