"""Which looks are offered to be decided together: half of those that may be, by a coin of their own."""

from collections.abc import Sequence

from slider.engine import coins
from slider.engine.arrays import Bools

OFFERED = 0.5


def offered(secret: bytes, ids: Sequence[int]) -> Bools:
    """Say which items may be decided together with others.

    The other half is left out for good, so that being absent proves nothing: audits are never offered, and an item
    that is not offered is an audit at most 1 / (1 - OFFERED) times as likely, in odds, as before one looked.

    Args:
        secret: the task's coin secret.
        ids: the items' own ids.

    Returns:
        Shape (n,), the same at every asking.
    """
    found: Bools = coins.coins(secret, ids, "together") < OFFERED
    return found
