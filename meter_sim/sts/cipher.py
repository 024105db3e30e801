"""Tokens under a decoder key: the block cipher that an EA names, applied to what travels enciphered.

A further algorithm is one more file beside `ea07.py` and `ea11.py`, and one more row in the table below.
"""

from collections.abc import Callable

from meter_sim.sts import ea07, ea11
from meter_sim.sts.dkga import DecoderKey
from meter_sim.sts.errors import NotSupported
from meter_sim.sts.identity import Encryption
from meter_sim.sts.token import Token, block_of, digits_of, join_class, number_of, split_class, token_of

BlockCipher = Callable[[int, int], int]

_CIPHERS: dict[Encryption, tuple[BlockCipher, BlockCipher]] = {
    Encryption.EA07: (ea07.encrypt, ea07.decrypt),
    Encryption.EA11: (ea11.encrypt, ea11.decrypt),
}


def encrypt_block(block: int, key: DecoderKey) -> int:
    """A 64-bit block enciphered under a decoder key."""
    return _CIPHERS[key.encryption][0](block, key.value)


def decrypt_block(block: int, key: DecoderKey) -> int:
    """A 64-bit block deciphered under a decoder key."""
    return _CIPHERS[key.encryption][1](block, key.value)


def encipher(token: Token, key: DecoderKey | None) -> str:
    """The 20 digits of a token. Class 1 needs no key, class 0 and 2 do.

    Raises FieldOutOfRange, and NotSupported where the key is missing.
    """
    block = block_of(token)
    if token.token_class != 1:
        if key is None:
            raise NotSupported(f"a class {token.token_class} token needs a decoder key")
        block = encrypt_block(block, key)
    return digits_of(join_class(token.token_class, block))


def decipher(digits: str, key: DecoderKey | None) -> Token | None:
    """What 20 digits say under a key; None where they do not decipher (FormatError, CRCError, class 3)."""
    number = number_of(digits)
    if number is None:
        return None
    token_class, block = split_class(number)
    if token_class == 3 or (token_class != 1 and key is None):
        return None
    if token_class == 1 or key is None:
        return token_of(token_class, block)
    return token_of(token_class, decrypt_block(block, key), key.encryption)
