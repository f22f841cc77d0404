"""A cost is the worker's own price, the catalogue's, or unknown; it is never guessed."""

from decimal import Decimal

import pytest

from slider.llm import prices
from slider.llm.prices import Cost, Prices, Source

OPENAI = "https://api.openai.com/v1"
OWN = Prices(per_million_in=Decimal("0.5"), per_million_out=Decimal("2"))


def test_own_prices_come_first() -> None:
    cost = prices.cost("gpt-4o-mini", base_url=OPENAI, tokens_in=1_000_000, tokens_out=10, own=OWN)
    assert cost == Cost(Decimal("0.50002"), Source.OWN)


def test_free_is_not_the_same_as_unknown() -> None:
    free = Prices(per_million_in=Decimal(0), per_million_out=Decimal(0))
    assert prices.cost("x", base_url=OPENAI, tokens_in=5, tokens_out=5, own=free) == Cost(Decimal(0), Source.OWN)


def test_the_catalogue_knows_a_public_model() -> None:
    cost = prices.cost("gpt-4o-mini", base_url=OPENAI, tokens_in=1_000_000, tokens_out=0)
    assert cost.source is Source.CATALOGUE
    assert cost.usd is not None
    assert cost.usd > 0


@pytest.mark.parametrize(
    ("model", "base_url"),
    [("no-such-model", OPENAI), ("gpt-4o-mini", "http://127.0.0.1:8000/v1"), ("", "")],
)
def test_it_guesses_no_price(model: str, base_url: str) -> None:
    assert prices.cost(model, base_url=base_url, tokens_in=1, tokens_out=1) == prices.UNKNOWN


def test_without_a_count_of_tokens_the_cost_is_unknown() -> None:
    assert prices.cost("gpt-4o-mini", base_url=OPENAI, tokens_in=None, tokens_out=3, own=OWN) == prices.UNKNOWN


@pytest.mark.parametrize("price", ["-1", "NaN", "Infinity"])
def test_it_refuses_a_price_that_is_none(price: str) -> None:
    with pytest.raises(ValueError, match="a price is a number from 0 upward"):
        Prices(per_million_in=Decimal(price), per_million_out=Decimal(0))
