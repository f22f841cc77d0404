"""Reads of histories: what was found, what is asked, and what the rows would allow, in words."""

from dataclasses import asdict, dataclass
from typing import Any

from slider.engine import certificate, once, percents
from slider.models import Past, PastState, Policy, Task
from slider.queries import shares

EARLIER = 20


@dataclass(frozen=True, slots=True)
class Proof:
    """What a history would allow under the limits in force. All shares are 0-1."""

    rows: int
    cap: float
    error: float | None  # inside the cap, or of all rows where nothing is allowed
    upper: float | None
    more: int | None
    error_limit: float
    delta: float

    @property
    def words(self) -> str:
        """What it comes to, in a sentence or two."""
        limit = f"{self.error_limit * 100:g} % wrong"
        if self.cap == 0:
            more = "" if self.more is None else f" About {self.more:,} more rows like these would open the first step."
            return f"{self.rows:,} rows are not enough to allow any share at {limit}.{more}"
        return f"{self.rows:,} rows vouch for {shares.said(self.cap)} unattended: at most {limit}."


def proof(past: Past, policy: Policy) -> Proof | None:
    """What a history that is ready proves under this policy's limits; None for one that can prove nothing."""
    if not past.counters or past.rows == 0:
        return None
    counters = certificate.Counters.from_json(past.counters)
    delta = policy.delta * once.SHARE  # the other half is for the epoch that it begins
    found = once.certify(counters, error_limit=policy.error_limit, delta=delta)
    place = int((found.cap >= certificate.CUTS).sum()) - 1 if found.cap else len(certificate.CUTS) - 1
    wrong, right = counters.wrong[place].sum(), counters.right[place].sum()
    following = shares.next_cut(found.cap)
    needed = certificate.labels_needed(counters, found, error_limit=policy.error_limit, delta=delta)
    more = None if following is None else float(needed[certificate.CUTS.tolist().index(following)])
    return Proof(
        rows=past.rows,
        cap=found.cap,
        error=float(wrong / (wrong + right)) if wrong + right else None,
        upper=float(once.upper(counters, delta=delta)[place]),
        more=None if more is None or more > 1e8 else int(more),
        error_limit=policy.error_limit,
        delta=policy.delta,
    )


def as_json(found: Proof | None) -> dict[str, Any] | None:
    """A proof for a program."""
    return None if found is None else asdict(found)


def question(code: str, past: Past) -> str:
    """What only a person can answer, in a sentence."""
    found = past.findings
    if code == "outcome":
        return "Which column says whether an answer was right? None could be recognised."
    if code == "signals":
        return "Which column says how sure the worker was? None could be recognised."
    if code == "task":
        return f"The file holds rows of several tasks ({_names(found['tasks'])}): which of them is this one?"
    if code == "model":
        return f"The file holds rows of several models ({_names(found['models'])}): which of them is the worker?"
    one, other = readings(past)
    return (
        "Does a right answer say right in this file? "
        f"As it stands, {one.words} The other way round, {other.words} Nothing is kept before this is answered."
    )


def _names(counts: dict[str, int]) -> str:
    return ", ".join(f"{name or 'no name'}: {count:,}" for name, count in list(counts.items())[:6])


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read the verdicts."""

    right: int
    wrong: int
    auroc: float | None
    low: float | None
    high: float | None

    @property
    def share(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def words(self) -> str:
        ranks = ""
        if self.auroc is not None and self.right and self.wrong:
            surer = "surer of right answers" if self.auroc >= 0.5 else "surer of wrong answers"
            ranks = f", and the worker was {surer} (AUROC {self.auroc:.2f}, {self.low:.2f} to {self.high:.2f})"
        return f"{self.right:,} of {self.right + self.wrong:,} answers were right{ranks}."


def readings(past: Past) -> tuple[Reading, Reading]:
    """The verdicts as the file has them, and the other way round, in numbers."""
    found = past.findings
    measured = found["auroc"] or {"value": None, "low": None, "high": None}
    value, low, high = measured["value"], measured["low"], measured["high"]
    mirrored = (None, None, None) if value is None else (1 - value, 1 - high, 1 - low)
    this = Reading(found["right"], found["wrong"], value, low, high)
    that = Reading(found["wrong"], found["right"], *mirrored)
    return (that, this) if past.answers.get("reading") == "flipped" else (this, that)


def read_as(past: Past) -> Reading:
    """The verdicts as they are read now."""
    return readings(past)[1 if past.answers.get("reading") == "flipped" else 0]


def order_words(past: Past) -> str:
    """Whether the file was in an order, with the chance that chance would give so few runs."""
    tests = [test for test in past.findings.get("order", []) if test["by"] == "file"]
    if not tests:
        return ""
    worst = min(tests, key=lambda test: test["p"])
    p = min(1.0, worst["p"] * len(tests))
    if past.findings["sorted"]:
        chance = "p < 0.0001" if p < 1e-4 else f"p = {p:.4f}"
        return (
            f"The file is sorted: «{worst['what']}» comes in {worst['runs']:,} runs where chance gives about "
            f"{worst['expected']:,.0f} ({chance}). The rows were shuffled, so their order has no say."
        )
    return f"No order is to be seen in the file (p = {p:.2f}). The rows are shuffled all the same."


def lines(past: Past, note: str, count: int) -> list[str]:
    """The findings for a terminal."""
    found = past.findings
    said = [f"{past.name}: {note}, {count:,} rows"]
    names = {
        "rows": "usable rows of the worker",
        "others": "rows of other models",
        "unlabelled": "without a verdict",
        "identical": "twice, counted once",
        "contradicting": "contradict an earlier row",
        "live": "are live items",
        "used": "were evidence before",
        "elsewhere": "of other tasks",
        "refused": "refused",
    }
    said += [f"  {found[key]:>9,}  {words}" for key, words in names.items() if found.get(key) or key == "rows"]
    if found["rows"] and not {"task", "model"} & set(found["questions"]):
        said.append(read_as(past).words)
        said.append(order_words(past))
    said += [f"{s['name']} <- {s['column']} ({s['way']}), in {s['present']:,} rows" for s in found["signals"]]
    return said + [f"Beware: {words}" for words in found["warnings"]]


def proof_lines(found: Proof | None) -> list[str]:
    """What the rows prove, for a terminal."""
    if found is None:
        return ["These rows say where the ranking begins, and prove nothing."]
    limit, sure = found.error_limit, percents.said(1 - found.delta)
    upper = "" if found.upper is None else f", at most {percents.at_most(found.upper, limit=limit)} ({sure} sure)"
    inside = "up to there" if found.cap else "in all rows"
    seen = "" if found.error is None else f" Wrong {inside}: {percents.error(found.error, limit=limit)}{upper}."
    return [found.words + seen]


def earlier(task: Task, *, before: int | None = None, most: int = EARLIER) -> list[Past]:
    """The histories of a task, newest first, without those that were dropped."""
    found = Past.objects.filter(task=task).exclude(state=PastState.DROPPED).select_related("task", "by", "policy")
    return list((found if before is None else found.filter(pk__lt=before))[:most])


def in_force(policy: Policy) -> Past | None:
    """The history that this policy's evidence began with."""
    return Past.objects.filter(task_id=policy.task_id, epoch=policy.epoch, state=PastState.IN_FORCE).first()
