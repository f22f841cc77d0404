"""Fingerprints: the same reply with another name is near, another reply is not."""

import json

from slider.engine.sanity import near
from slider.management.demo import brief

REPLY = (
    "Dear {}, thank you for your message. We are very sorry that your order {} has not arrived yet. We have asked the "
    "carrier for news and shall write to you again by tomorrow evening at the latest. Kind regards, your support desk"
)


def printed(text: str) -> int:
    found = near.fingerprint(text)
    assert found is not None
    return found


def test_the_same_reply_to_another_person_is_near() -> None:
    assert near.are_near(printed(REPLY.format("Ms Weber", 44871)), printed(REPLY.format("Mr Dupont", 19930)))


def test_different_messages_are_not() -> None:
    texts = [json.loads(line)["text"] for line in brief.MESSAGES_PATH.read_text().splitlines()][:200]
    prints = [found for text in texts if (found := near.fingerprint(text)) is not None]
    pairs = [(a, b) for place, a in enumerate(prints) for b in prints[place + 1 :]]
    assert len(pairs) > 5_000
    assert sum(near.are_near(a, b) for a, b in pairs) / len(pairs) < 1e-3


def test_short_texts_have_none() -> None:
    assert near.fingerprint("Thank you, it works again.") is None
    assert near.fingerprint("") is None


def test_it_is_the_same_on_every_machine() -> None:
    assert near.fingerprint(REPLY) == near.fingerprint(REPLY) == 0x88F12B6A9FF96366
