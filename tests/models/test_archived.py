"""A story is packed small, and read again to the letter."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slider.models.archived import pack, unpack

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)


@given(TEXTS)
def test_it_is_read_to_the_letter(story: str) -> None:
    assert unpack(pack(story)) == story


def test_what_stories_have_in_common_costs_next_to_nothing() -> None:
    move = {"from_state": "ready", "to_state": "working", "token": 1, "reason": "claimed by work@host:1234"}
    story = json.dumps({"moves": [move]})
    assert len(pack(story)) < len(story) / 3


@pytest.mark.parametrize("broken", [b"", b"\x01", b"\x01\xff\xff\xff", b"\x63" + pack("a story")[1:]])
def test_what_never_was_a_story_is_refused(broken: bytes) -> None:
    with pytest.raises(ValueError, match="can't be read"):
        unpack(broken)


def test_a_story_that_was_cut_off_is_refused() -> None:
    with pytest.raises(ValueError, match="can't be read"):
        unpack(pack("a story of which the end is missing")[:-6])
