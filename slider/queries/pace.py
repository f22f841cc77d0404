"""How fast verdicts come in, from which lane, and how long the next step takes at that pace."""

from dataclasses import dataclass

from django.db import connection

from slider.models import Mode, Policy
from slider.queries import shares

NEWEST = 1_000  # verdicts that are looked at
_LONGEST_DAYS = 365


@dataclass(frozen=True, slots=True)
class Pace:
    """Verdicts a day, like the last one: on what goes to people, on audits, and those that count for the next step."""

    gates: float
    audits: float
    counting: float

    def words(self, missing: int, *, blind: bool = False) -> str:
        """Where `missing` verdicts come from and how long they take; `blind` people don't read of which lane."""
        if self.gates + self.audits == 0:
            return "Nobody has reviewed anything in the last 24 hours, so there is no telling when."
        gates, audits, all_ = _count(self.gates), _count(self.audits), _count(self.gates + self.audits)
        come = f"They come from people's lane ({gates} a day) and from audits ({audits} a day)"
        if blind:
            come = f"They come in at {all_} a day"
        if self.counting == 0:
            return f"{come}; none of the last day's counts for that step, so there is no telling when."
        return f"{come}; at the pace of the last day that takes {_how_long(missing / self.counting)}."


def pace(policy: Policy) -> Pace:
    """Count the verdicts of the last 24 hours; where they were more than `NEWEST`, the rate of those."""
    following = shares.next_cut(shares.proven(policy) or 0.0)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*), count(*) FILTER (WHERE r.kind = 'gate'), count(*) FILTER (WHERE r.kind = 'audit'),
                   count(*) FILTER (WHERE d.epoch = %(epoch)s AND d.rank <= %(cut)s),
                   extract(epoch FROM clock_timestamp() - min(r.decided_at))
            FROM (
                SELECT item_id, kind, decided_at FROM slider_review
                WHERE task_id = %(task)s AND state = 'decided' AND kind NOT IN ('known', 'second', 'peer')
                  AND decided_at > clock_timestamp() - interval '1 day'
                ORDER BY decided_at DESC LIMIT %(most)s
            ) AS r JOIN slider_decision d ON d.item_id = r.item_id
            """,
            {"task": policy.task_id, "epoch": policy.epoch, "cut": following or 0.0, "most": NEWEST},
        )
        seen, gates, audits, counting, span_s = cursor.fetchone()
    days = float(span_s) / 86_400 if seen == NEWEST else 1.0
    return Pace(gates / days, audits / days, counting / days)


def words(policy: Policy, *, blind: bool = False) -> str:
    """The sentence that follows «about N more verdicts would allow M %»; empty where that isn't said."""
    more = policy.certificate.get("more")
    if not more or policy.mode == Mode.TRIAL or shares.next_cut(shares.proven(policy) or 0.0) is None:
        return ""
    return pace(policy).words(more, blind=blind)


def _count(number: float) -> str:
    return f"{number:,.0f}" if number < 1_000 else f"{round(number, -2):,.0f}"


def _how_long(days: float) -> str:
    """A time as roughly as it is known."""
    if days > _LONGEST_DAYS:
        return "more than a year"
    if days >= 1.5:
        return f"about {days:.0f} days"
    if days >= 1 / 16:
        hours = max(1, round(days * 24))
        return f"about {hours} hour{'' if hours == 1 else 's'}"
    return "less than an hour"
