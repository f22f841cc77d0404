"""Reproducible chance: a coin per item that a retry draws again and no outsider can foretell."""

import hashlib
import hmac
from collections.abc import Sequence

import numpy as np

from slider.engine.arrays import Floats

_BITS = 52
_BLOCK = hashlib.sha256().block_size
_INNER, _OUTER = bytes(byte ^ 0x36 for byte in range(256)), bytes(byte ^ 0x5C for byte in range(256))


def coin(secret: bytes, item_id: str | int, what: str) -> float:
    """Draw the coin of one item for one purpose.

    The promise: the same (secret, item_id, what) gives the same coin on every machine and for ever; over
    items, and over purposes, coins are independent and uniform for anybody who does not know the secret
    (HMAC-SHA256 as a pseudo-random function, RFC 2104). That second half is what the certificate rests on, so
    a task keeps its secret to itself, and the id is the item's own, never a hash of what it holds: two items
    with the same content must not share a coin.

    Args:
        secret: the task's coin secret, not empty.
        item_id: the item's own id. The number 7 and the text "7" are the same id.
        what: the purpose, such as "tie" or "audit|3". Each purpose has its own coins.

    Returns:
        A number strictly between 0 and 1, a multiple of 2**-53.

    Raises:
        ValueError: the secret is empty.
    """
    _refuse_empty(secret)
    # The length in front keeps ("a|b", "c") and ("a", "b|c") apart.
    message = f"{len(what)}|{what}|{item_id}".encode()
    digest = hmac.digest(secret, message, hashlib.sha256)
    # 52 bits and a half: exact in a float, so that neither 0 nor 1 can come out by rounding.
    return ((int.from_bytes(digest[:8], "big") >> (64 - _BITS)) + 0.5) / 2.0**_BITS


def coins(secret: bytes, ids: Sequence[int] | Sequence[str], what: str) -> Floats:
    """Draw `coin` for many items: shape (n,), in the order of `ids`, equal to drawing them one by one.

    The hash of the key, and of the purpose after it, is begun once for all: HMAC as its definition says it.
    """
    _refuse_empty(secret)
    key = hashlib.sha256(secret).digest() if len(secret) > _BLOCK else secret
    key = key.ljust(_BLOCK, b"\0")
    begun = hashlib.sha256(key.translate(_INNER) + f"{len(what)}|{what}|".encode())
    around = hashlib.sha256(key.translate(_OUTER))
    digests = bytearray()
    for item_id in ids:
        inner, outer = begun.copy(), around.copy()
        inner.update(str(item_id).encode())
        outer.update(inner.digest())
        digests += outer.digest()[:8]
    drawn = np.frombuffer(digests, dtype=">u8") >> np.uint64(64 - _BITS)
    result: Floats = (drawn.astype(np.float64) + 0.5) / 2.0**_BITS
    return result


def _refuse_empty(secret: bytes) -> None:
    if not secret:
        raise ValueError("The coin secret is empty: give the task's own random bytes, 16 or more.")
