"""The chapters of people's looks: taken, passed on, run out, released, decided."""

from collections.abc import Sequence

from slider.models import Adjudication, Decline, Freed, Handing, Item, Review, ReviewKind, ReviewState, Stands
from slider.models.review import TOGETHER
from slider.queries import handed
from slider.queries.chapters import Chapter, Fact
from slider.queries.marked import Said

_LONGEST_QUOTE = 160
_KINDS = {
    ReviewKind.GATE: "a gate",
    ReviewKind.AUDIT: "an audit",
    ReviewKind.LOOKBACK: "a look back",
    ReviewKind.KNOWN: "a known answer",
    ReviewKind.SECOND: "a second look",
    ReviewKind.PEER: "one of several looks",
}


def looked(item: Item, looks: Sequence[Review], marks: tuple[Said, ...], *, blind: bool) -> list[Chapter]:
    """Every one of these looks, and the claims of them that ended without a verdict.

    Who is `blind` reads nothing of looks that are not decided: that there is one is what they must not know.
    """
    told = [look for look in looks if not blind or look.state == ReviewState.DECIDED]
    ids = [look.pk for look in told]
    found = [_decided(look, item, marks) for look in told if look.state == ReviewState.DECIDED]
    found += [_held(look) for look in told if look.state == ReviewState.HELD]
    given = list(Handing.objects.filter(review__in=ids).select_related("by", "to").order_by("pk"))
    found += [Chapter(one.created_at, handed.told(one), one.note, anchor=f"handed-{one.pk}") for one in given]
    passed_on = {(one.review_id, one.by_id) for one in given}
    skips = Decline.objects.filter(review__in=ids).select_related("user").order_by("pk")
    found += [_declined(one) for one in skips if (one.review_id, one.user_id) not in passed_on]
    freed = Freed.objects.filter(review__in=ids).select_related("holder", "by").order_by("pk")
    return found + [_freed(one) for one in freed]


def stands(look: Review) -> bool:
    """Whether a lead said that this second look stands against the first."""
    return Adjudication.objects.filter(look=look, stands=Stands.SECOND).exists()


def who(look: Review) -> str:
    """Whose word a look is; of several people who agreed it is nobody's alone."""
    return look.holder.get_username() if look.holder is not None else "several people"


def _decided(look: Review, item: Item, marks: tuple[Said, ...]) -> Chapter:
    kind = _KINDS[ReviewKind(look.kind)]
    facts = [Fact("reason", item.task.reason_words.get(look.reason, look.reason))] if look.reason else []
    facts += [Fact("right for the wrong reason", "it counts as evidence for nothing")] if look.lucky else []
    facts += [_mark(one) for one in marks if one.look == look.pk]
    if look.taken_at is not None and look.decided_at is not None:
        facts.append(Fact("looked for", f"{(look.decided_at - look.taken_at).total_seconds():,.0f} s"))
    facts += [Fact("note", look.note)] if look.note else []
    if look.kind == ReviewKind.GATE and look.looks:
        kind = f"what most of {look.looks} looks say" if look.holder is None else "a lead, where the looks disagreed"
    elif look.page == TOGETHER:
        facts.append(Fact("decided", "in one go with like items"))
    at = look.decided_at or look.created_at
    title = f"{look.get_verdict_display().capitalize()} by {who(look)}"
    return Chapter(at, title, f"as {kind}", tuple(facts), anchor=f"look-{look.pk}")


def _held(look: Review) -> Chapter:
    who = look.holder.get_username() if look.holder is not None else "somebody"
    until = f"{look.lease_until:%H:%M:%S} UTC" if look.lease_until is not None else "now"
    title, text = f"In the hands of {who}", f"as {_KINDS[ReviewKind(look.kind)]}; the lease runs until {until}"
    return Chapter(look.taken_at or look.created_at, title, text, anchor=f"held-{look.pk}-{look.token}")


def _declined(one: Decline) -> Chapter:
    title = f"Skipped by {one.user.get_username()}"
    return Chapter(one.created_at, title, "It is not offered to them again.", anchor=f"declined-{one.pk}")


def _freed(one: Freed) -> Chapter:
    """A claim that ended without a verdict."""
    who = one.holder.get_username()
    facts = () if one.taken_at is None else (Fact("held for", f"{(one.at - one.taken_at).total_seconds():,.0f} s"),)
    if one.by is None:
        title, text = f"The lease of {who} ran out", "It was open to everybody again."
    else:
        title, text = f"Taken out of the hands of {who} by {one.by.get_username()}", one.words
    return Chapter(one.at, title, text, facts, anchor=f"freed-{one.pk}")


def _mark(one: Said) -> Fact:
    if one.is_span:
        quote = one.quote if len(one.quote) <= _LONGEST_QUOTE else f"{one.quote[:_LONGEST_QUOTE]}…"
        return Fact(f"passage {one.number}", f"“{quote}”: {one.reason}")
    return Fact(f"field {one.label}", f"{one.kind.label}{f': {one.reason}' if one.reason else ''}")
