"""The keys of the desk: one table, and what may be made of it."""

import pytest

from slider.models import hotkeys
from slider.models.hotkeys import Clash


def test_no_two_deeds_of_the_table_share_a_key() -> None:
    hotkeys.check({})
    assert len(set(hotkeys.NAMES)) == len(hotkeys.DEEDS)


def test_two_keys_may_change_places_and_one_may_be_off() -> None:
    own = {"a": "s", "s": "a", "d": ""}
    hotkeys.check(own)
    assert hotkeys.of(own) | own == hotkeys.of(own)


@pytest.mark.parametrize("key", ["1", "?", "Enter", " ", "é", "ф", "ab", "A"])
def test_only_letters_can_be_keys(key: str) -> None:
    with pytest.raises(Clash) as refused:
        hotkeys.check({"a": key})
    assert refused.value.deed == "a"


def test_a_key_that_is_taken_is_refused_where_it_was_changed() -> None:
    with pytest.raises(Clash, match="S is also “skip”") as refused:
        hotkeys.check({"a": "s"})
    assert refused.value.deed == "a"
    with pytest.raises(Clash) as refused:
        hotkeys.check({"u": "a"})
    assert refused.value.deed == "u"


@pytest.mark.parametrize("own", [None, [], {"x": "y"}, {"a": 1}])
def test_what_is_no_table_is_refused(own: object) -> None:
    with pytest.raises(Clash):
        hotkeys.check(own)
