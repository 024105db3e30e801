"""The two checksums of a token.

CRC-16 with polynomial 0xA001 (reflected), initial value 0xFFFF, over the 50 bits of class, subclass and content,
left-padded to seven bytes, most significant byte first; the two bytes of the result are swapped before they are
stored (IEC 62055-41, CRC checksum; C).
"""


def _table() -> tuple[int, ...]:
    rows = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
        rows.append(value)
    return tuple(rows)


_TABLE = _table()


def _crc16(data: bytes) -> int:
    value = 0xFFFF
    for byte in data:
        value = (value >> 8) ^ _TABLE[(value ^ byte) & 0xFF]
    return (value & 0xFF) << 8 | value >> 8


def crc(bits50: int) -> int:
    """The 16-bit CRC of a token's 50 bits (class 2, subclass 4, content 44), as stored (C)."""
    return _crc16(bits50.to_bytes(7, "big"))


def crc_c(bits50: int) -> int:
    """The 16-bit CRC_C of a currency token's 50 bits: the CRC with one byte 0x01 appended (C)."""
    return _crc16(bits50.to_bytes(7, "big") + b"\x01")
