"""Numbers that carry their own check: IBANs (ISO 13616, mod 97) and card numbers (Luhn)."""

from collections.abc import Iterator

# How long an IBAN of a country is: the registry of SWIFT.
IBAN_LENGTHS = {
    name: length
    for length, names in {
        15: "NO",
        16: "BE",
        18: "DK FI FO FK GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH CR HR LI LV",
        22: "BG BH DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ DJ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for name in names.split()
}
_BETWEEN = frozenset(" .-\t\r\n")
_FIRST = frozenset("23456")
_TWICE = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def iban_end(text: str) -> int:
    """How many characters from the beginning of this text are an IBAN; 0: none."""
    length = IBAN_LENGTHS.get(text[:2].upper(), 0)
    taken = _first(text, length)
    if not length or not taken:
        return 0
    plain = "".join(character for character in text[:taken] if character not in _BETWEEN).upper()
    if not plain.isascii() or not plain.isalnum():
        return 0
    digits = "".join(str(int(character, 36)) for character in plain[4:] + plain[:4])
    return taken if int(digits) % 97 == 1 else 0


def cards(run: str) -> Iterator[tuple[int, int]]:
    """The card numbers in digits with blanks, dots and hyphens between them, from left to right, the longest first.

    One begins where a group of digits begins, and ends where one ends. In linear time.
    """
    places = [place for place, character in enumerate(run) if character.isdigit()]
    digits = "".join(run[place] for place in places)
    sums = _luhn_sums(digits)
    taken = 0
    for first, place in enumerate(places):
        if place < taken or digits[first] not in _FIRST or (place > 0 and run[place - 1].isdigit()):
            continue
        for length in range(min(19, len(digits) - first), 11, -1):
            end = places[first + length - 1] + 1
            if run[end : end + 1].isdigit() or not _checks(sums, first, length):
                continue
            if _issued(digits[first : first + length]):
                taken = end
                yield place, end
                break


def luhn(digits: str) -> bool:
    """Whether the last digit checks the others."""
    return _checks(_luhn_sums(digits), 0, len(digits))


def _luhn_sums(digits: str) -> tuple[list[int], list[int]]:
    """Sums up to each place in which the digits at even places count twice, and those at odd ones."""
    even, odd = [0], [0]
    for place, character in enumerate(digits):
        once = int(character)
        twice = _TWICE[once]
        even.append(even[-1] + (twice if place % 2 == 0 else once))
        odd.append(odd[-1] + (twice if place % 2 else once))
    return even, odd


def _checks(sums: tuple[list[int], list[int]], first: int, length: int) -> bool:
    """The last digit counts once, the one before it twice, and so on."""
    own = sums[(first + length) % 2]
    return (own[first + length] - own[first]) % 10 == 0


def _issued(digits: str) -> bool:
    """Whether cards of this length begin so: Visa, Mastercard, Amex, Diners, JCB, Discover, UnionPay, Maestro, Mir."""
    length, two, three, four = len(digits), int(digits[:2]), int(digits[:3]), int(digits[:4])
    if digits[0] == "4":
        return length in (13, 16, 18, 19)
    if 51 <= two <= 55 or 2221 <= four <= 2720:
        return length == 16
    if two in (34, 37):
        return length == 15
    if two in (36, 38, 39) or 300 <= three <= 305:
        return 14 <= length <= 19
    if 3528 <= four <= 3589 or 2200 <= four <= 2204:
        return 16 <= length <= 19
    return digits[0] == "6" or two == 50 or 56 <= two <= 58


def _first(text: str, wanted: int) -> int:
    """So many characters hold the first `wanted` letters and digits; 0: there are fewer, or something else between."""
    seen = 0
    for place, character in enumerate(text):
        if character in _BETWEEN:
            continue
        if not character.isalnum():
            return 0
        seen += 1
        if seen == wanted:
            return place + 1
    return 0
