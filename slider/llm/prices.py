"""What a call costs: the worker's own prices first, else the public catalogue, else it is not known."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from genai_prices import Usage, calc_price

_MILLION = Decimal(1_000_000)


class Source(StrEnum):
    """Where a cost comes from."""

    OWN = "own"
    CATALOGUE = "catalogue"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Prices:
    """A worker's own prices, in US dollars per million tokens; a model on one's own machine may cost 0."""

    per_million_in: Decimal
    per_million_out: Decimal

    def __post_init__(self) -> None:
        for name, price in (
            ("per_million_in", self.per_million_in),
            ("per_million_out", self.per_million_out),
        ):
            if not price.is_finite() or price < 0:
                raise ValueError(f"{name} is {price}: a price is a number from 0 upward")


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a call in US dollars; `usd` is None when it is not known, which is not the same as free."""

    usd: Decimal | None
    source: Source


UNKNOWN = Cost(None, Source.UNKNOWN)


def cost(
    model: str, *, base_url: str, tokens_in: int | None, tokens_out: int | None, own: Prices | None = None
) -> Cost:
    """Cost of one call.

    The catalogue is asked by the endpoint's address too, so that a model of the same name on another machine
    is not billed at its maker's price.
    """
    if tokens_in is None or tokens_out is None:
        return UNKNOWN
    if own is not None:
        return Cost((own.per_million_in * tokens_in + own.per_million_out * tokens_out) / _MILLION, Source.OWN)
    try:
        price = calc_price(Usage(input_tokens=tokens_in, output_tokens=tokens_out), model, provider_api_url=base_url)
    except LookupError:
        return UNKNOWN
    return Cost(price.total_price, Source.CATALOGUE)
