"""Decoder key generation: from a vending key and a meter's identity to the key in that meter.

The project's one byte order: keys are integers, most significant byte first. (Some implementations list 64-bit
decoder keys least significant byte first; the conformance figures under tests/vectors do.)
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from meter_sim.sts.errors import NotSupported, WrongIdentity
from meter_sim.sts.identity import Encryption, KeyIdentity, KeyType


class Dkga(StrEnum):
    """The decoder key generation algorithms that are built: 02 (DES) and 04 (HMAC-SHA-256)."""

    DKGA02 = "02"
    DKGA04 = "04"

    @property
    def vending_key_bytes(self) -> int:
        """Length of the vending key: 8 bytes for DKGA02, 20 for DKGA04 (C)."""
        return 8 if self is Dkga.DKGA02 else 20


_REFUSED = {
    "01": "DKGA01 is legacy (IIN 600727, KRN 1, listed DRN ranges) and its formula is unverified; use 02 or 04",
    "03": "DKGA03 is withdrawn; use 02 or 04",
}


def dkga_named(code: str) -> Dkga:
    """The algorithm of a two-digit code; raises NotSupported, with the reason, for 01, 03 and unknown ones."""
    if code in _REFUSED:
        raise NotSupported(_REFUSED[code])
    try:
        return Dkga(code)
    except ValueError:
        raise NotSupported(f"DKGA {code!r} does not exist; use 02 or 04") from None


@dataclass(frozen=True, slots=True)
class DecoderKey:
    """The key in a meter: 64 bits for EA07, 128 bits for EA11. Its value does not show in its repr."""

    encryption: Encryption
    value: int = field(repr=False)


def derive(identity: KeyIdentity, dkga: Dkga, vending_key: bytes) -> DecoderKey:
    """The decoder key of one meter (IEC 62055-41, decoder key generation; C).

    A common key (DCTK) leaves the individual part out of DKGA02's PANBlock (C); DKGA04 has no such rule here, so that
    its common keys differ from meter to meter (G).

    Raises WrongIdentity for a vending key of the wrong length, NotSupported for DKGA02 with a 128-bit key.
    """
    if len(vending_key) != dkga.vending_key_bytes:
        raise WrongIdentity(f"a vending key for DKGA{dkga} has {dkga.vending_key_bytes} bytes")
    if dkga is Dkga.DKGA04:
        return DecoderKey(identity.encryption, _dkga04(identity, vending_key))
    if identity.encryption is not Encryption.EA07:
        raise NotSupported(f"DKGA02 makes 64-bit keys only; EA{identity.encryption} needs DKGA04")
    return DecoderKey(identity.encryption, _dkga02(identity, vending_key))


def _pan_block(identity: KeyIdentity) -> bytes:
    iin, drn = identity.pan.iin, identity.pan.drn
    if identity.key_type is KeyType.DCTK:
        drn = "0" * len(drn)
    return bytes.fromhex((iin + drn)[-16:])


def _control_block(identity: KeyIdentity) -> bytes:
    kt, krn = identity.key_type.value, identity.key_revision
    return bytes.fromhex(f"{kt}{identity.supply_group}{identity.tariff_index}{krn}FFFFFF")


def _dkga02(identity: KeyIdentity, vending_key: bytes) -> int:
    data = bytes(a ^ b for a, b in zip(_pan_block(identity), _control_block(identity), strict=True))
    des = Cipher(TripleDES(vending_key * 3), modes.ECB()).encryptor()
    return int.from_bytes(bytes(a ^ b ^ c for a, b, c in zip(des.update(data), data, vending_key, strict=True)), "big")


def _dkga04(identity: KeyIdentity, vending_key: bytes) -> int:
    bits = identity.encryption.key_bits
    mac = hmac.new(vending_key, dkga04_message(identity), hashlib.sha256).digest()
    return int.from_bytes(mac[: bits // 8], "big")


def dkga04_message(identity: KeyIdentity) -> bytes:
    """The bytes that DKGA04 authenticates: items with a length byte each, then the key length in bits (C)."""
    items = (
        "04",
        identity.base_date.code,
        str(identity.encryption),
        identity.tariff_index,
        "",
        None,
        identity.supply_group,
        str(identity.key_type.value),
        str(identity.key_revision),
        identity.pan.digits,
    )
    message = b"\x04"
    for item in items:
        message += b"\x04" if item is None else bytes([len(item)]) + item.encode("ascii")
    return message + identity.encryption.key_bits.to_bytes(4, "big")
