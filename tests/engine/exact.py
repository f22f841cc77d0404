"""Exact binomial judgements for tests of promises."""

import math

TOO_SMALL = 1e-3
"""Below this chance a result is held to contradict the promise; seeds are fixed, so a verdict never changes."""


def log_pmf(k: int, *, n: int, p: float) -> float:
    """Return the log of P(Binomial(n, p) = k) for 0 < p < 1."""
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return ways + k * math.log(p) + (n - k) * math.log1p(-p)


def at_least(k: int, *, n: int, p: float) -> float:
    """Return P(Binomial(n, p) >= k)."""
    return math.fsum(math.exp(log_pmf(i, n=n, p=p)) for i in range(k, n + 1))


def at_most(k: int, *, n: int, p: float) -> float:
    """Return P(Binomial(n, p) <= k)."""
    return math.fsum(math.exp(log_pmf(i, n=n, p=p)) for i in range(k + 1))


def keeps(failures: int, *, n: int, p: float) -> bool:
    """Say whether `failures` in n runs agree with a promise to fail with probability p at most."""
    return at_least(failures, n=n, p=p) > TOO_SMALL


def is_fair(k: int, *, n: int, p: float) -> bool:
    """Say whether k in n agree with a probability of exactly p."""
    return 2.0 * min(at_least(k, n=n, p=p), at_most(k, n=n, p=p)) > TOO_SMALL
