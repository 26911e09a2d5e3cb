"""The TEE an agent runs in: which providers there are, keys that never leave it, signatures that carry its evidence.

A provider is a plug-in of the C library, loaded when it is asked for by name and not before. What it gives is checked
before it is believed; whether its evidence is good enough is the relying party's to say.
"""

from __future__ import annotations

import json
import logging
import os
import shlex
import threading
from ctypes import byref, c_uint8, c_void_p, create_string_buffer, pointer, sizeof
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, NoReturn, Optional, Tuple, Union

from . import _structs as s
from . import _values as v
from ._errors import ChaosError, ProviderMissingError
from ._native import (BytesLike, Handle, as_bytes, call, called_by_c, filled, install_advice, is_carried, lib,
                      library_path, make, raise_status)
from ._tee_native import AttestOptionsStruct, KeyOptionsStruct, RegistryOptionsStruct, log_function
from .evidence import Binding, Evidence
from .signature import TEESignature, attestation_of
from .trust import Expectation, Policy, PolicyLike, Roots, TrustRoots, as_policy, as_trust
from .verdict import Verdict
from .verification import CollateralLike

__all__ = [
    "AttestationReport", "PhalaDstackTEE", "ProviderInfo", "SimulatedTEE", "TEE", "TEEKeypair", "TEESignature",
    "identity_path", "known_providers", "open_tee", "probe",
]

logger = logging.getLogger("chaoschain_tee")
_LEVELS = {1: logging.DEBUG, 2: logging.INFO, 3: logging.WARNING, 4: logging.ERROR}
_MAX_REPLY = 16 << 20

# ----------------------------------------------------------------------- registry ----


@called_by_c
def _log_line(_context: Any, name: bytes, level: int, line: bytes) -> None:
    logger.log(_LEVELS.get(level, logging.WARNING), "%s: %s", name.decode("ascii", "replace"),
               line.decode("ascii", "replace"))


_log = log_function(_log_line)
_registries: Dict[Tuple[Optional[str], Optional[str]], Handle] = {}
_registries_lock = threading.Lock()


def _registry(plugin_path: Optional[str], search_path: Optional[str]) -> Handle:
    """The registry for these places. Registries are kept: their plug-ins stay mapped anyway."""
    if search_path is None:
        search_path = os.environ.get("CHAOS_PROVIDER_PATH") or None
    key = (plugin_path, search_path)
    with _registries_lock:
        if key not in _registries:
            options = RegistryOptionsStruct()
            options.size = sizeof(options)
            options.plugin_path = None if plugin_path is None else v.text(plugin_path, "plugin_path")
            options.search_path = None if search_path is None else v.text(search_path, "search_path")
            options.log = _log
            _registries[key] = make(lib.chaos_tee_registry_free, lib.chaos_tee_registry_new, byref(options))
        return _registries[key]


def _find(registry: Handle, name: str) -> int:
    """The provider, loaded. ProviderMissingError says how to install it for this very installation."""
    found = c_void_p()
    try:
        call(lib.chaos_tee_find, registry, v.text(name, "name"), byref(found))
    except ChaosError as error:
        raise _advised(error, name) from None
    return found.value or 0


def _advised(error: ChaosError, name: str) -> ChaosError:
    """The same error; where the plug-ins belong to this package, with the command that mends it here."""
    if os.environ.get("CHAOS_PROVIDER_PATH"):
        return error
    if error.code == "PROVIDER" and error.field in ("mode", "folder") and is_carried():
        error.text += "; mend it with: chmod -R go-w %s" % shlex.quote(str(Path(library_path).parent))
        error.args = (error.text,)
    if isinstance(error, ProviderMissingError) and "\nInstall with: " in error.text:
        command = install_advice(name)
        if command is not None:
            error.text = "%s\nInstall with: %s" % (error.text.split("\n")[0], command)
            error.args = (error.text,)
    return error


class ProviderInfo(NamedTuple):
    """A provider that this version knows by name, installed or not."""

    name: str
    """E.g. "phala-dstack"."""
    summary: str
    """One line for people."""
    is_hardware: bool
    """False: a simulation, for laptops and tests."""
    is_built: bool
    """False: planned; this version has no plug-in for it."""


def known_providers() -> List[ProviderInfo]:
    """The providers that this version knows by name; further ones are found by their names all the same."""
    result = []
    for index in range(lib.chaos_tee_known_count()):
        row = lib.chaos_tee_known_at(index).contents
        result.append(ProviderInfo(row.name.decode("ascii"), row.summary.decode("ascii"), row.is_hardware,
                                   row.is_built))
    return result


def probe(name: str, *, search_path: Optional[str] = None, plugin_path: Optional[str] = None, **options: Any) -> None:
    """Is the TEE of this provider there? Returns when it is; else raises why not: ProviderMissingError, NotInTeeError,
    NetworkFault, … The plug-in runs in a helper process that is killed after a second, and not in this one.

    Args:
        name, search_path, plugin_path, options: as in `open_tee`.
    """
    registry = _registry(plugin_path, search_path)
    try:
        call(lib.chaos_tee_probe, registry, v.text(name, "name"), _options_json(options))
    except ChaosError as error:
        raise _advised(error, name) from None


def _options_json(options: Dict[str, Any]) -> bytes:
    return v.text(v.json_text(options, "options"), "options")


def identity_path(chain_id: int, registry: v.Hex, label: str, generation: int = 0) -> str:
    """The path of an agent's identity key: ``chaoschain/1/CHAINID/0xREGISTRY/LABEL/secp256k1/GENERATION``.

    Args:
        chain_id: of the chain, not 0.
        registry: the identity registry's address.
        label: ``[a-z0-9-]``, 1 to 32 characters.
        generation: 0, and one more after each hand-over.
    """
    path = create_string_buffer(192)
    if v.whole(generation, "generation") >= 1 << 32:
        raise ValueError("generation must lie in 0 ... 2**32 - 1")
    number, address = v.number(chain_id, "chain_id"), v.address(registry, "registry")
    call(lib.chaos_identity_path, byref(number), byref(address), v.text(label, "label"), generation, path)
    return path.value.decode("ascii")


# --------------------------------------------------------------------------- keys ----


class TEEKeypair:
    """A key that the TEE made, with evidence for it. Only a TEE's ``generate_key`` makes one.

    The private key is not here: it stays in the TEE, or in locked memory of the library. Immutable.
    """

    __slots__ = ("_handle", "_attestation")

    def __init__(self, handle: Handle) -> None:
        if not isinstance(handle, Handle):
            raise TypeError("only generate_key of a TEE makes a TEEKeypair")
        self._handle = handle
        self._attestation: Optional[Dict[str, Any]] = None

    @property
    def public_key(self) -> str:
        """SEC1, uncompressed, as hex: 0x04, X, Y."""
        buffer = (c_uint8 * 65)()
        lib.chaos_keypair_public_key(self._handle, buffer)
        return "0x" + bytes(buffer).hex()

    @property
    def private_key(self) -> str:
        """Where the TEE keeps it, e.g. ``"phala-dstack:chaoschain/default"``: a name and no secret."""
        name: bytes = lib.chaos_keypair_reference(self._handle)
        return name.decode("utf-8")

    @property
    def address(self) -> str:
        """The Ethereum address, with the capitals of EIP-55."""
        return v.address_text(lib.chaos_keypair_address(self._handle))

    @property
    def algorithm(self) -> str:
        """``"secp256k1"``."""
        name: bytes = lib.chaos_keypair_algorithm(self._handle)
        return name.decode("ascii")

    @property
    def provider(self) -> str:
        """The provider's name."""
        name: bytes = lib.chaos_keypair_provider(self._handle)
        return name.decode("ascii")

    @property
    def evidence(self) -> Evidence:
        """The envelope that binds this key."""
        return Evidence._lent(lib.chaos_keypair_evidence(self._handle))

    @property
    def attestation(self) -> Dict[str, Any]:
        """The evidence as a dict: ``measurements``, ``evidence_hash``, the whole ``envelope``, ``tee``, ``provider``,
        ``stage``, and ``verified``, which is None: who makes evidence does not judge it."""
        if self._attestation is None:
            self._attestation = attestation_of(self.evidence, self.provider)
        return self._attestation

    def __repr__(self) -> str:
        return "<TEEKeypair %s in %s>" % (self.address, self.private_key)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a TEEKeypair cannot be copied or pickled: its private key stays where it is")


class AttestationReport(Dict[str, Any]):
    """What the TEE says of itself, as a dict that JSON can hold, with the `Evidence` behind it.

    Keys: ``provider``, ``tee``, ``quote`` (0x and hex), ``event_log`` (text or None), ``report_data``,
    ``measurements``, and ``verified``, which is None.
    """

    def __init__(self, evidence: Evidence, provider: str) -> None:
        measurements = evidence.measurements
        log: bytes = evidence.event_log
        super().__init__(provider=provider, tee=evidence.tee, quote="0x" + evidence.bytes.hex(),
                         event_log=log.decode("utf-8") if log else None,
                         report_data="0x" + measurements["report_data"], measurements=measurements, verified=None)
        self._evidence = evidence

    @property
    def evidence(self) -> Evidence:
        """The quote and its event log."""
        return self._evidence


# ---------------------------------------------------------------------------- TEE ----

_KEY_OPTIONS = ("path", "purpose", "algorithm", "nonce", "binding", "endorser", "collateral")


class TEE:
    """An opened provider. `open_tee` makes one; so do the classes of the providers that this package names.

    Args:
        name: of the provider.
        search_path: folders of plug-ins, ``:`` between; None: CHAOS_PROVIDER_PATH, or those beside the library.
        plugin_path: one plug-in file, taken for its own name.
        collateral, trust_roots, policy, expectation: what ``verify_attestation`` judges with (see there).
        options: the provider's own (docs/providers/NAME.md), e.g. ``endpoint="/var/run/dstack.sock"``; unknown ones are
            UsageError.

    Raises:
        ProviderMissingError: the plug-in is not installed; the text says how to install it.
        EnvironmentFault: PROVIDER, the plug-in is refused.

    It opens outside the TEE, too. Calls may come from any thread and are done one after the other.
    """

    __slots__ = ("_handle", "_settings", "__weakref__")

    def __init__(self, name: str, *, search_path: Optional[str] = None, plugin_path: Optional[str] = None,
                 collateral: CollateralLike = None, trust_roots: Roots = None, policy: PolicyLike = None,
                 expectation: Optional[Expectation] = None, **options: Any) -> None:
        registry = _registry(plugin_path, search_path)
        provider = _find(registry, name)
        self._handle = make(lib.chaos_tee_free, lib.chaos_tee_open, provider, _options_json(options),
                            parents=(registry,))
        self._settings = _Settings(collateral, trust_roots, policy, expectation)

    @property
    def provider_name(self) -> str:
        """E.g. ``"phala-dstack"``."""
        name: bytes = lib.chaos_tee_name(self._handle)
        return name.decode("ascii")

    @property
    def is_available(self) -> bool:
        """Is the TEE there? Never raises, and takes a second at most; `unavailable_reason` says why not."""
        available: bool = lib.chaos_tee_is_available(self._handle, None)
        return available

    @property
    def unavailable_reason(self) -> Optional[ChaosError]:
        """Why ``is_available`` is false, asked anew; None when it is true."""
        err = s.Error()
        if lib.chaos_tee_is_available(self._handle, byref(err)):
            return None
        try:
            raise_status(err.status, err)
        except ChaosError as error:
            return error

    # ------------------------------------------------------------- keys ----

    def generate_key(self, **kwargs: Any) -> TEEKeypair:
        """Makes a key in the TEE (or the same key again) and evidence for it, checked.

        Keyword arguments; any other name is a TypeError:
            path: names the key; the same path gives the same key. ``"chaoschain/default"`` if left out.
            purpose: ``"chaoschain-agent"`` if left out; ``"session"`` for a key that is made anew (path ``""``).
            algorithm: ``"secp256k1"``, the only one.
            nonce: 32 bytes, hex or a number: what makes the evidence fresh for whoever chose it.
            binding: a `Binding`: what the quote shall say of the key. Left out: stage 4, "this TEE made this key",
                which is WARNING at most for whoever checks it.
            endorser: the identity key's TEEKeypair, for stages 2, 3 and 5.
            collateral: the interchange JSON, to be carried along in the envelope.

        Asks the TEE for a quote, which takes some 10 to some 100 milliseconds on hardware.
        """
        for name in kwargs:
            if name not in _KEY_OPTIONS:
                raise TypeError("generate_key() got an unexpected keyword argument %r; there are: %s" %
                                (name, ", ".join(_KEY_OPTIONS)))
        options, kept = _key_options(kwargs)
        made = make(lib.chaos_keypair_free, lib.chaos_tee_generate_key, self._handle, byref(options),
                    parents=(self._handle,))
        del kept
        return TEEKeypair(made)

    def attest(self, keypair: TEEKeypair, *, binding: Optional[Binding] = None,
               endorser: Optional[TEEKeypair] = None, collateral: Optional[BytesLike] = None) -> Evidence:
        """New evidence for a key that there is; the arguments are those of `generate_key`."""
        _check_keypair(keypair)
        options, kept = _attest_options(binding, endorser, collateral)
        made = Evidence(make(lib.chaos_evidence_free, lib.chaos_attest, self._handle,
                             keypair._handle, byref(options)))
        del kept
        return made

    # ---------------------------------------------------------- signing ----

    def sign(self, message: BytesLike, keypair: TEEKeypair) -> TEESignature:
        """Signs any bytes as a personal message (EIP-191). The signature carries the key's evidence."""
        data = as_bytes(message, "message")
        return self._sign(lib.chaos_tee_sign, data, keypair)

    def sign_typed_data(self, typed_data: Union[BytesLike, str, Dict[str, Any]], keypair: TEEKeypair) -> TEESignature:
        """Signs typed data (EIP-712, the JSON of eth_signTypedData_v4)."""
        return self._sign(lib.chaos_tee_sign_typed_data, v.json_bytes(typed_data, "typed_data"), keypair)

    def _sign(self, function: Any, data: bytes, keypair: TEEKeypair) -> TEESignature:
        _check_keypair(keypair)
        made = make(lib.chaos_signature_free, function, self._handle, s.Slice(data, len(data)),
                    keypair._handle)
        return TEESignature(made, data)

    # -------------------------------------------------------- verifying ----

    def verify_attestation(self, signature: TEESignature) -> bool:
        """True only if every required check ran and passed: the verdict of `verify` is AFFIRMING. Everything else is
        false, also evidence that could not be judged for want of collateral; `verify` says why. A fault (a file that is
        not there, memory) is no answer and raises.

        With what it judges: the arguments of this object's constructor, else
            CHAOS_COLLATERAL    a file with the interchange JSON; without any the envelope's own is used, if it has any,
                                and the verdict cannot be AFFIRMING
            CHAOS_TRUST_ROOTS   files with further root certificates, ``:`` between
            CHAOS_POLICY        a file with a policy, or ``default``
        A key that was made without a binding (stage 4) is WARNING at most, so never true.

        False is not always a judgement against the signature: what was not bad and only could not be affirmed is said on
        the logger ``chaoschain_tee`` as a warning, with what is missing.
        """
        verdict = self.verify(signature)
        if verdict.tier == "WARNING" or verdict.verified is None:
            logger.warning("verify_attestation is false, and nothing was found to be wrong: %s. verify(signature) says all.",
                           _what_is_open(verdict))
        return verdict.tier == "AFFIRMING"

    def verify(self, signature: TEESignature, *, at: v.Time = None) -> Verdict:
        """The verdict behind `verify_attestation`. Raises as `chaoschain_tee.check` does."""
        if not isinstance(signature, TEESignature):
            raise TypeError("signature must be a TEESignature, not %s" % type(signature).__name__)
        settings = self._settings.resolved()
        return signature.verify(settings.collateral, at=at, trust_roots=settings.trust_roots, policy=settings.policy,
                                expectation=settings.expectation)

    def get_attestation_report(self, report_data: Optional[v.Hex] = None) -> AttestationReport:
        """A quote of this environment over ``report_data`` (64 bytes; None: zeros, which bind it to nothing), with its
        event log. It names no key: evidence for a key is ``keypair.evidence``, or `attest`."""
        data = s.ReportData.of(bytes(64) if report_data is None else v.octets(report_data, 64, "report_data"))
        evidence = Evidence(make(lib.chaos_evidence_free, lib.chaos_tee_get_attestation_report, self._handle,
                                 byref(data)))
        return AttestationReport(evidence, self.provider_name)

    def invoke(self, method: str, params: Optional[Dict[str, Any]] = None) -> Any:
        """A method that only this TEE has, by its own name and JSON (docs/providers/NAME.md), e.g.
        ``invoke("Info")``. Methods that would give out a key are refused."""
        text = v.text(v.json_text({} if params is None else params, "params"), "params")
        return json.loads(filled(_MAX_REPLY, lib.chaos_tee_invoke, self._handle, v.text(method, "method"),
                                 text, wipe=True))

    def __repr__(self) -> str:
        return "<%s %s>" % (type(self).__name__, self.provider_name)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a TEE cannot be copied or pickled: open another one")


def _what_is_open(verdict: Verdict) -> str:
    """Why a verdict that found nothing wrong does not affirm."""
    if verdict.error is not None:
        return "%s (%s)" % (verdict.error.text, verdict.error.code)
    rows = [row for row in verdict.checks if row.result in ("warn", "not-checked")]
    return "it is %s, with %s" % (verdict.tier, "; ".join(
        "%s %s%s" % (row.name, row.result, ": " + row.expected if row.expected else "") for row in rows))


def _check_keypair(keypair: Any) -> None:
    if not isinstance(keypair, TEEKeypair):
        raise TypeError("keypair must be a TEEKeypair of this TEE, not %s" % type(keypair).__name__)


def _attest_options(binding: Optional[Binding], endorser: Optional[TEEKeypair],
                    collateral: Any) -> Tuple[AttestOptionsStruct, List[Any]]:
    """The struct, and what must live as long as it is used."""
    options = AttestOptionsStruct()
    options.size = sizeof(options)
    kept: List[Any] = [endorser]
    if binding is not None:
        if not isinstance(binding, Binding):
            raise TypeError("binding must be a Binding, not %s" % type(binding).__name__)
        struct = binding._to_struct()
        options.binding = pointer(struct)
        kept.append(struct)
    if endorser is not None:
        _check_keypair(endorser)
        options.endorser = endorser._handle.pointer
    if collateral is not None:
        text = v.json_bytes(collateral, "collateral")
        options.collateral = s.Slice(text, len(text))
        kept.append(text)
    return options, kept


def _key_options(given: Dict[str, Any]) -> Tuple[KeyOptionsStruct, List[Any]]:
    options = KeyOptionsStruct()
    options.size = sizeof(options)
    for name in ("path", "purpose", "algorithm"):
        if given.get(name) is not None:
            setattr(options, name, v.text(given[name], name))
    if options.purpose == b"session" and given.get("path") is None:
        options.path = b""
    attest, kept = _attest_options(given.get("binding"), given.get("endorser"), given.get("collateral"))
    options.attest = attest
    if given.get("nonce") is not None:
        options.has_nonce = True
        options.nonce = v.number(given["nonce"], "nonce")
    return options, kept + [attest]


class _Settings:
    """What a TEE object judges with: given to its constructor, or found in the environment when it is first needed."""

    __slots__ = ("collateral", "trust_roots", "policy", "expectation")

    def __init__(self, collateral: CollateralLike, trust_roots: Roots, policy: PolicyLike,
                 expectation: Optional[Expectation]) -> None:
        self.collateral = collateral
        self.trust_roots = None if trust_roots is None else as_trust(trust_roots)
        self.policy = None if policy is None else as_policy(policy)
        self.expectation = expectation

    def resolved(self) -> "_Settings":
        """The same with what the environment names in the places that are empty."""
        collateral, trust_roots, policy = self.collateral, self.trust_roots, self.policy
        if collateral is None and os.environ.get("CHAOS_COLLATERAL"):
            collateral = _file(os.environ["CHAOS_COLLATERAL"])
        if trust_roots is None and os.environ.get("CHAOS_TRUST_ROOTS"):
            trust_roots = TrustRoots([_file(name) for name in os.environ["CHAOS_TRUST_ROOTS"].split(":") if name])
        if policy is None and os.environ.get("CHAOS_POLICY", "default") != "default":
            policy = Policy(_file(os.environ["CHAOS_POLICY"]))
        return _Settings(collateral, trust_roots, policy, self.expectation)


def _file(name: str) -> bytes:
    with open(name, "rb") as file:
        return file.read(1 << 21)


def open_tee(name: str, *, search_path: Optional[str] = None, plugin_path: Optional[str] = None,
             collateral: CollateralLike = None, trust_roots: Roots = None, policy: PolicyLike = None,
             expectation: Optional[Expectation] = None, **options: Any) -> TEE:
    """Opens any provider by its name: ``open_tee("phala-dstack", endpoint="/tmp/dstack.sock")``. The arguments are
    those of `TEE`."""
    return TEE(name, search_path=search_path, plugin_path=plugin_path, collateral=collateral, trust_roots=trust_roots,
               policy=policy, expectation=expectation, **options)


class PhalaDstackTEE(TEE):
    """Agents in dstack confidential VMs (Intel TDX), Phala Cloud's among them (docs/providers/phala-dstack.md).

    Args:
        endpoint: the guest agent's socket or URL; None: where it is usually found, or what
            DSTACK_SIMULATOR_ENDPOINT names.
        others: as of `TEE`; options are ``api``, ``connect_timeout_ms``, ``timeout_ms``.
    """

    __slots__ = ()

    def __init__(self, endpoint: Optional[str] = None, **others: Any) -> None:
        if endpoint is not None:
            others["endpoint"] = endpoint
        super().__init__("phala-dstack", **others)


class SimulatedTEE(TEE):
    """No hardware: real formats under a simulated root, for laptops and tests. Every verdict says so.

    Args:
        others: as of `TEE`; docs/providers/simulated.md lists the options.
    """

    __slots__ = ()

    def __init__(self, **others: Any) -> None:
        super().__init__("simulated", **others)
