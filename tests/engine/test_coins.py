"""Coins: reproducible, strictly inside (0, 1), uniform, and apart for each purpose."""

import hmac

import numpy as np
import pytest

from slider.engine import coins
from tests.engine import exact

SECRET = b"a secret of sixteen bytes"


def test_it_draws_the_same_coin_for_ever() -> None:
    # A changed value would redraw every audit that was ever recorded.
    assert coins.coin(SECRET, 42, "tie") == 0.9766901920810392


def test_a_number_and_its_text_are_one_id() -> None:
    assert coins.coin(SECRET, 7, "tie") == coins.coin(SECRET, "7", "tie")


@pytest.mark.parametrize(
    ("one", "other"),
    [((1, "tie"), (1, "audit|1")), ((1, "tie"), (2, "tie")), (("c", "a|b"), ("b|c", "a"))],
)
def test_another_item_or_purpose_has_another_coin(one: tuple[int, str], other: tuple[int, str]) -> None:
    assert coins.coin(SECRET, *one) != coins.coin(SECRET, *other)


def test_another_secret_has_another_coin() -> None:
    assert coins.coin(SECRET, 1, "tie") != coins.coin(b"another", 1, "tie")


def test_many_are_the_same_as_one_by_one() -> None:
    assert coins.coins(SECRET, [3, 1, 2], "tie").tolist() == [coins.coin(SECRET, i, "tie") for i in (3, 1, 2)]


@pytest.mark.parametrize("below", [1 / 64, 0.3, 0.8])
def test_coins_are_uniform(below: float) -> None:
    drawn = coins.coins(SECRET, range(20_000), "tie")
    assert exact.is_fair(int((drawn < below).sum()), n=20_000, p=below)
    assert not exact.is_fair(int((drawn**1.1 < below).sum()), n=20_000, p=below)


def test_the_coins_of_two_purposes_are_independent() -> None:
    tie, audit = (coins.coins(SECRET, range(20_000), what) < 0.5 for what in ("tie", "audit|1"))
    assert exact.is_fair(int((tie == audit).sum()), n=20_000, p=0.5)
    assert not exact.is_fair(int((tie == tie).sum()), n=20_000, p=0.5)


def test_neither_end_can_come_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for byte, inside in ((b"\x00", 0.0), (b"\xff", 1.0)):
        monkeypatch.setattr(hmac, "digest", lambda *_, byte=byte: byte * 32)
        assert coins.coin(SECRET, 1, "tie") != inside
        assert np.isclose(coins.coin(SECRET, 1, "tie"), inside)


def test_it_refuses_an_empty_secret() -> None:
    with pytest.raises(ValueError, match="secret is empty"):
        coins.coin(b"", 1, "tie")
