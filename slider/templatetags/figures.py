"""How numbers are said on the pages: shares, counts that stopped counting, money, and how long ago."""

import json
import math
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django import template
from django.utils import timezone

from slider.engine import percents
from slider.engine.forecast import Range

register = template.Library()


@register.filter
def percent(share: float | None) -> str:
    """A share, 0-1, as «62 %»; what is not known is said so."""
    return "not known yet" if share is None else percents.said(share)


@register.filter
def points(difference: float) -> str:
    """A difference of two shares in percentage points, with its sign: «+12», «\N{MINUS SIGN}3», «0»."""
    whole = round(difference * 100)
    return f"+{whole}" if whole > 0 else f"\N{MINUS SIGN}{-whole}" if whole < 0 else "0"


@register.filter
def error(rate: float | None, limit: float | None = None) -> str:
    """An error rate, 0-1, with about two digits: «1.3 %»; beside a limit, on its side of it."""
    return "not known yet" if rate is None else percents.error(rate, limit=limit)


@register.filter
def at_most(bound: float | None, limit: float | None = None) -> str:
    """An upper bound of an error rate, rounded up; beside a limit, on its side of it."""
    return "not known yet" if bound is None else percents.at_most(bound, limit=limit)


@register.filter
def at_least(bound: float | None, limit: float | None = None) -> str:
    """A lower bound of an error rate, rounded down; beside a limit, on its side of it."""
    return "not known yet" if bound is None else percents.at_least(bound, limit=limit)


@register.filter
def nines(certified: float) -> str:
    """A lower bound in nines, rounded down: 1.96 is not yet «2.0»."""
    return f"{math.floor(round(certified * 10, 6)) / 10:.1f}"


@register.filter(is_safe=True)
def unbroken(words: str) -> str:
    """A sentence whose numbers keep their «%» on the same line."""
    return words.replace(" %", "\N{NO-BREAK SPACE}%")


_SHARES = {"share": "in effect", "effective": "in effect", "allowed": "evidence allows", "requested": "asked"}
_IN_WORDS = frozenset({"wrong", "looked", "expected", "looks", "regions"})  # a notice's words say these themselves


@register.filter
def facts(found: Mapping[str, object]) -> list[str]:
    """The numbers behind a notice that its words don't say, each as people read it."""
    told: list[str] = []
    for name, value in found.items():
        if name in _SHARES:
            told.append(f"{_SHARES[name]} {percent(value if isinstance(value, (int, float)) else None)}")
        elif name == "by":
            told.append(f"found by: {value}")
        elif name not in _IN_WORDS:
            told.append(f"{name}: {value:.3g}" if isinstance(value, float) else f"{name}: {value}")
    return told


@register.filter
def count(number: int, most: int = 10_000) -> str:
    """A count with thousands apart; one that reached `most` was not counted further."""
    return f"{most:,}+" if number >= most else f"{number:,}"


@register.filter
def money(amount: Decimal | float | None) -> str:
    """Money without a currency: small sums keep the digits that tell them from nothing."""
    if amount is None:
        return "not known"
    value = Decimal(amount)
    if value != 0 and abs(value) < Decimal("0.01"):
        return f"{value:.4f}"
    return f"{value:,.2f}"


@register.filter
def ago(moment: datetime | None) -> str:
    """How long ago, in one unit."""
    if moment is None:
        return "never"
    seconds = (timezone.now() - moment).total_seconds()
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            whole = int(seconds // size)
            return f"{whole} {unit}{'s' if whole > 1 else ''} ago"
    return "just now"


@register.filter
def x(share: float | None, width: float = 100) -> str:
    """A share, 0-1, as a length in a picture that is `width` wide."""
    return f"{max(0.0, min(1.0, share or 0.0)) * width:.2f}"


@register.filter
def hours(number: float | None) -> str:
    """Hours with one digit; a few minutes are said as minutes."""
    if number is None:
        return "not known yet"
    return f"{number * 60:.0f} min" if number < 1 else f"{number:,.1f}"


@register.filter
def hours_between(found: Range) -> str:
    """An interval of hours of work: «12 min», «45 min to 1.3 hours»; one figure where both ends read alike."""
    low, high = _work(found.low), _work(found.high)
    if low == high:
        return low
    if low.endswith(" hours") and high.endswith(" hours"):
        low = low.removesuffix(" hours")
    return f"{low} to {high}"


def _work(number: float) -> str:
    return f"{number * 60:.0f} min" if round(number * 60) < 60 else f"{number:,.1f} hours"


@register.filter
def a_day(number: float | None) -> str:
    """How many a day: small numbers keep a digit, large ones don't pretend to any."""
    if number is None:
        return "not known yet"
    return f"{number:,.0f}" if number >= 10 or number == 0 else f"{number:.1f}"


@register.filter
def percent_1(share: float | None) -> str:
    """A measured share, 0-1, with one digit: «61.8 %»."""
    return "not known yet" if share is None else percents.fixed(share)


@register.filter
def percent_0(share: float | None) -> str:
    """A chance, 0-1, without digits that it does not have: «88 %»."""
    return "not known yet" if share is None else percents.said(share, digits=0)


@register.filter
def plain(number: float | str | None) -> str:
    """A number for a form's field without needless noughts; what a person typed stays as they typed it."""
    return f"{number:.10g}" if isinstance(number, (int, float)) else number or ""


@register.filter
def as_percent(share: float) -> str:
    """A share, 0-1, as a bare number of per cent for a form."""
    return f"{round(share * 100, 4):g}"


@register.filter
def pretty(value: object) -> str:
    """JSON with its lines and indents."""
    return json.dumps(value, indent=2, ensure_ascii=False)
