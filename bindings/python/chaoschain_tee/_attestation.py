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
from typing import Any, Dict, Mapping, Union

from . import _native_agent as n
from ._errors import FormatError, TrustError
from ._settings import usage, wrong_type
from ._values import address_text
from .evidence import Binding, Evidence

ENVELOPE_SCHEMA = "chaoschain/envelope/1"
_MAX_REPORT = 2 * 1024 * 1024

Attestation = Union[bytes, str, Mapping[str, Any], Evidence]


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


def _from_mapping(value: Mapping[str, Any]) -> Evidence:
    if value.get("schema") == ENVELOPE_SCHEMA:
        return Evidence.from_envelope(json.dumps(dict(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False))
    if value.get("envelope") is not None:
        return as_evidence(value["envelope"])
    if value.get("quote") is None:
        raise _malformed("an attestation has an envelope, or a quote", "tee_attestation")
    evidence = Evidence.from_quote(_octets(value["quote"], "quote"), _log_bytes(value.get("event_log")))
    claimed = value.get("report_data")
    if claimed is not None and _octets(claimed, "report_data").hex() != evidence.measurements["report_data"]:
        raise _malformed("the report says other report data than its quote", "report_data")
    return evidence


def as_evidence(value: Any) -> Evidence:
    """Evidence from what a provider gave: an envelope, which has a binding, or a report, which has none."""
    if isinstance(value, Evidence):
        return value
    if isinstance(value, Mapping):
        return _from_mapping(value)
    if isinstance(value, str):
        value = value.encode("utf-8")
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise wrong_type("tee_attestation", "a report or an envelope", value)
    data = bytes(value)
    if len(data) > _MAX_REPORT:
        raise usage("the attestation is larger than %d bytes" % _MAX_REPORT, "tee_attestation")
    if not data.lstrip().startswith(b"{"):
        return Evidence.from_quote(data)
    try:
        parsed = json.loads(data.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise _malformed("the attestation is no JSON object", "tee_attestation") from None
    if parsed.get("schema") == ENVELOPE_SCHEMA:
        return Evidence.from_envelope(data)
    return _from_mapping(parsed)


# -------------------------------------------------------------------- environment ----


def _environment(evidence: Evidence) -> Dict[str, Any]:
    """Machine, quoting enclave and code of a quote; all of it but what it says about one key."""
    said = evidence.describe()
    body = {key: value for key, value in said["body"].items() if key != "report_data"}
    signer = said["signature_data"]
    header = said["header"]
    flat = {"body." + key: value for key, value in body.items()}
    flat.update(("pck_certificate." + key, value) for key, value in signer.get("pck_certificate", {}).items())
    flat.update(("header." + key, header[key]) for key in ("version", "att_key_type", "tee_type", "qe_vendor_id"))
    flat["attestation_key"] = signer["attestation_key"]
    return flat


def must_be_same_environment(report: Evidence, own: Evidence) -> None:
    """TrustError when a report is of another machine, quoting enclave or code than the quote over the agent's key."""
    told, known = _environment(report), _environment(own)
    for field in sorted(set(told) | set(known)):
        if told.get(field) != known.get(field):
            raise TrustError("the attestation report is not of the environment that holds this agent's key",
                             code="MEASUREMENT", status=0x38f, stage="policy", field=field.rsplit(".", 1)[-1],
                             expected=str(known.get(field))[:96], found=str(told.get(field))[:96])


def before_registration(network: n.Network) -> Binding:
    """What a quote over a key says before its agent has an id: stage 0."""
    return Binding(stage=0, chain_id=network.chain_id, identity_registry=address_text(network.identity))
