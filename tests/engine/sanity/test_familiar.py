"""The profile: usual items are almost never strange, another kind is, and it stays small."""

import json
import random

import pytest

from slider.engine.sanity import familiar
from slider.engine.sanity.familiar import Distance, Profile
from slider.management.demo import brief
from tests.engine import exact
from tests.engine.sanity import normal

MESSAGES = [json.loads(line) for line in brief.MESSAGES_PATH.read_text().splitlines()]
TEXTS = [f"{message['subject']}\n{message['text']}" for message in MESSAGES]


def learn(profile: Profile, texts: list[str]) -> tuple[list[Distance], Profile]:
    return familiar.learn(profile, [familiar.grams(text) for text in texts])


@pytest.fixture(scope="module")
def taught() -> Profile:
    return learn(familiar.empty(), TEXTS)[1]


def strange(profile: Profile, texts: list[str]) -> int:
    return sum(learn(profile, [text])[0][0].is_unfamiliar for text in texts)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_usual_items_are_strange_in_less_than_half_a_per_cent(seed: int) -> None:
    texts = random.Random(seed).sample(TEXTS, len(TEXTS))
    found = sum(distance.is_unfamiliar for distance in learn(familiar.empty(), texts)[0])
    assert exact.keeps(found, n=len(texts) - familiar.LEAST_SEEN, p=0.005)


def test_other_scripts_code_and_letters_at_random_are_strange(taught: Profile) -> None:
    rng = random.Random(5)
    heaps = [" ".join("".join(rng.choices("asdfghjklqwertz", k=7)) for _ in range(9)) for _ in range(50)]
    assert strange(taught, heaps) >= 45
    assert strange(taught, [normal.FOREIGN[name] for name in ("Russian", "Greek", "Arabic", "Hindi", "Japanese")]) == 5


def test_it_says_nothing_before_it_has_seen_enough_nor_of_short_texts(taught: Profile) -> None:
    first = learn(familiar.empty(), TEXTS[: familiar.LEAST_SEEN])[0]
    assert {distance.far for distance in first} == {None}
    assert learn(taught, ["ok"])[0] == [Distance()]


def test_a_burst_of_strange_items_stays_strange_for_long_and_is_learned_in_the_end(taught: Profile) -> None:
    rng = random.Random(6)
    burst = [" ".join("".join(rng.choices("бвгджзклмн", k=6)) for _ in range(8)) for _ in range(3_000)]
    found = [distance.is_unfamiliar for distance in learn(taught, burst)[0]]
    assert sum(found[:100]) >= 95
    assert sum(found[-100:]) <= 5


def test_one_at_a_time_or_in_batches_it_learns_the_same_counts() -> None:
    profile = familiar.empty()
    for text in TEXTS[:140]:
        profile = learn(profile, [text])[1]
    assert profile.to_json() == learn(familiar.empty(), TEXTS[:140])[1].to_json()


def test_it_survives_json_and_stays_small(taught: Profile) -> None:
    long = learn(taught, ["x" * 100_000, *TEXTS * 12])[1]
    stored = json.dumps(long.to_json(), allow_nan=False)
    assert len(stored) < 10_000
    again = Profile.from_json(json.loads(stored))
    assert again.to_json() == long.to_json()
    assert learn(again, TEXTS[:1])[0][0].far == pytest.approx(learn(long, TEXTS[:1])[0][0].far, abs=0.01)


@pytest.mark.parametrize(
    "change", [{"counts": "?"}, {"counts": ""}, {"window": ["x"]}, {"window": [0.0] * 500}, {"seen": None}]
)
def test_what_is_no_profile_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="profile"):
        Profile.from_json(familiar.empty().to_json() | change)
