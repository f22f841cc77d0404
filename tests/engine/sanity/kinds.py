"""Texts of many kinds, by chance and the same ones every time: whatever may come into a free text."""

import json
import random
import string
from collections.abc import Iterator

from slider.management.demo import brief
from tests.engine.sanity import normal

MESSAGES: tuple[str, ...] = tuple(json.loads(line)["text"] for line in brief.MESSAGES_PATH.read_text().splitlines())
_WORDS = tuple(" ".join(MESSAGES[:80]).split())
_ODD_SIGNS = (
    "\0\x07\x1c\x1e\x85\u00a0\u00ad\u180e\u200b\u200d\u2028\u3000\ufeff\ufffd\ue000"  # blanks and broken ones
    "Σςσİıſßẞŉǰΐ\u0130ǿǽﬁﬀÅ"  # letters whose small form is another, or two
    "\u0300\u0301\u0327\u0345\u05b0\u0e31\u3099"  # marks
    "٣३４²½Ⅷ①_'’-.…;|\t\n\r :,"  # digits and signs between words
    "가힣がカ漢𠮷ไทยကខក្😂👩‍👧🇩🇪❤️"
    "\ud800\udfff"
)
_SCRIPTS = tuple("абвгдежзийё αβγδεςσάή אבגדה ابتثج अआइईकख 가나다라마 かがきぎカガ 漢字語東京 ไทยกขค ကခဂ កខគ".split())  # noqa: SIM905
_RUNS = (
    *("a@b.org", "x.y", "OK.thanks", "U.S.", "NASA", "TOOLONG", "iPhone", "e.g.", "A-1", "don't", "f(x)", "I", "C3PO"),
    *(".", "OK...", "OK." + "x" * 31, "NASA-" + "y" * 30),
)


def texts(count: int, *, seed: int) -> Iterator[str]:
    """So many texts: each kind in turn."""
    chance = random.Random(seed)
    makers = (
        _prose,
        _shuffled,
        _prose,
        _repeated,
        _gibberish,
        _mixed,
        _code,
        _signs,
        _script,
        _ordinary,
        _joined,
        _short,
    )
    for number in range(count):
        yield makers[number % len(makers)](chance)


def extremes() -> tuple[str, ...]:
    """The longest and the shortest, and what stands at the edges of what is read."""
    return (
        "",
        " ",
        "\n\n\n",
        "a",
        "ab",
        "xkqzw " * 20_000,
        "x" * 100_000,
        "ß" * 3_000,
        "漢" * 6_000,
        "가나 " * 4_000,
        "\u0301" * 200,
        "ΑΣ\nΑΣ'Σ Σ" * 20,
        " ".join(_WORDS * 12)[:100_000],
        "\n".join(MESSAGES)[:100_000],
        json.dumps(list(MESSAGES))[:100_000],
        "".join(map(chr, [*range(0xD7F0), *range(0xE000, 0x12000)])),
        "a" * 2_499 + "." + "b" * 40,
        ("word " * 499) + "wordA@b.c word",
        "the " * 1_500 + "end of it all",
        "1 " * 40 + "incomprehensibilities",
        "a b c d e f g incomprehensibilities",
        "a b c d e f g h i j k l m n o p q r s t u v w x y z " * 60,
    )


def _prose(chance: random.Random) -> str:
    return chance.choice(MESSAGES)


def _shuffled(chance: random.Random) -> str:
    known = chance.choices(_WORDS, k=chance.choice((6, 14, 40)))
    return " ".join(chance.choices(known, k=chance.randint(1, 300)))


def _repeated(chance: random.Random) -> str:
    unit = " ".join(chance.choices((*_WORDS, "12", "no", "7:30", "哈", "dadadada", "x;"), k=chance.randint(1, 70)))
    lead, tail = (" ".join(chance.choices(_WORDS, k=chance.randint(0, 12))) for _ in range(2))
    return f"{lead} {' '.join([unit] * chance.randint(1, 12))} {tail}"


def _gibberish(chance: random.Random) -> str:
    letters = chance.choice((string.ascii_lowercase, string.ascii_letters, "etaoinshrdlu", string.printable))
    return " ".join("".join(chance.choices(letters, k=chance.randint(1, 12))) for _ in range(chance.randint(1, 80)))


def _mixed(chance: random.Random) -> str:
    """Prose with sentences of gibberish in it, so that many lie close to the limit."""
    halves = [_prose(chance).split(), _gibberish(chance).split()]
    return " ".join(word for half in halves for word in chance.sample(half, chance.randint(0, len(half))))


def _code(chance: random.Random) -> str:
    return " ".join(chance.choice(chance.choice((_RUNS, _RUNS, _WORDS))) for _ in range(chance.randint(1, 60)))


def _signs(chance: random.Random) -> str:
    odd = "".join(chance.choices(_ODD_SIGNS + string.printable, k=chance.randint(1, 120)))
    return odd if chance.random() < 0.5 else f"{_prose(chance)} {odd}"


def _script(chance: random.Random) -> str:
    letters = chance.choice(_SCRIPTS)
    words = ["".join(chance.choices(letters, k=chance.randint(1, 9))) for _ in range(chance.randint(1, 60))]
    return " ".join([*words, *chance.choices(_WORDS, k=chance.choice((0, 0, 3, 20)))])


def _ordinary(chance: random.Random) -> str:
    return chance.choice(normal.ALL)


def _joined(chance: random.Random) -> str:
    return chance.choice(("\n", "", " ", "\t", ";", "_")).join(_ordinary(chance) for _ in range(chance.randint(2, 5)))


def _short(chance: random.Random) -> str:
    return " ".join(chance.choices((*_WORDS, *_RUNS, "👍", ":", "Thought process:"), k=chance.randint(1, 9)))
