"""Where what an item holds stands, place by place: what is deleted there, and what somebody may ask to be shown.

A new table with anything of an item in it gets its line here. `slider.flow.emptying` deletes by this table,
`slider.queries.subject` tells by it, and a test asks of every column that holds JSON or long text whether it is in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from slider.models.emptied import GONE
from slider.models.past import BARE_COLUMNS, CLOSED


class Goes(StrEnum):
    """When it goes: with the contents, or only where somebody asked that nothing be left."""

    CONTENTS = "contents"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class Holding:
    """Rows of one table that hold something of items. Its SQL has the parameters `ids`, and `spelt`: the items' names
    as refusals quote them.

    Attributes:
        name: what it is called where it is told.
        of: which rows are of the items, as SQL about `t`.
        empties: what each column becomes, as SQL; without any, the rows themselves are deleted.
        only: which of the rows change, as SQL about `t`.
        hides: columns that are not told to whom the item is about: secrets, and how the queue runs.
    """

    name: str
    table: str
    of: str
    empties: Mapping[str, str] = field(default_factory=dict)
    only: str = "true"
    goes: Goes = Goes.CONTENTS
    hides: tuple[str, ...] = ()
    key: str = "id"


_ITEM = "t.item_id = ANY(%(ids)s)"
_LOOK = "t.review_id IN (SELECT r.id FROM slider_review r WHERE r.item_id = ANY(%(ids)s))"
_TASK = "(SELECT i.task_id FROM slider_item i WHERE i.id = ANY(%(ids)s))"
_IMPORT = f"SELECT m.id FROM slider_import m WHERE m.task_id IN {_TASK}"  # noqa: S608  # nothing but words of ours
_RESULT = "t.publication_id IN (SELECT o.id FROM slider_publication o WHERE o.item_id = ANY(%(ids)s))"
# News name the item that they are about in their bytes alone: found by the index `parcel_of_item`, as it is written.
NEWS = """
    SELECT n.id FROM slider_parcel n
    WHERE n.publication_id IS NULL AND n.event IN ('item.waiting', 'item.withdrawn')
    AND (n.body::jsonb #>> '{data,item}')::bigint = ANY(%(ids)s)
"""
_NAMES_IT = """
    EXISTS (SELECT FROM slider_item i WHERE i.id = ANY(%(ids)s) AND strpos(t.reason, i.external_id) > 0)
    OR EXISTS (SELECT FROM unnest(%(spelt)s::text[]) AS n(name) WHERE strpos(t.reason, n.name) > 0)
"""
_WORDS = f"'{GONE}'"
_QUEUE = ("token", "lease_until", "page", "turn", "pressing", "hidden_chance", "declined", "aimed")

HOLDINGS: tuple[Holding, ...] = (
    Holding("payload", "slider_payload", _ITEM, {"body": "'{}'"}, hides=("sha256",), key="item_id"),
    Holding(
        "attempts",
        "slider_attempt",
        _ITEM,
        {"answer": "NULL", "samples": "'[]'", "fields": "'[]'", "raw": "''", "detail": "''"},
        hides=("token",),
    ),
    # What a sentinel said of an answer quotes it: no score has such words any more, older ones lose them.
    Holding(
        "evidence",
        "slider_score",
        "t.attempt_id IN (SELECT a.id FROM slider_attempt a WHERE a.item_id = ANY(%(ids)s))",
        {"sentinels": "slider_wordless(t.sentinels)"},
        key="attempt_id",
    ),
    Holding("results", "slider_publication", _ITEM, {"answer": "NULL"}, hides=("webhook_id",)),
    # What has not left can't leave any more: its bytes would be others.
    Holding(
        "deliveries",
        "slider_parcel",
        _RESULT,
        {"state": "'failed'", "last_problem": "'its contents were deleted'"},
        only="t.state = 'due'",
        hides=("webhook_id",),
    ),
    Holding(
        "what receivers answered",
        "slider_try",
        f"t.parcel_id IN (SELECT p.id FROM slider_parcel p WHERE {_RESULT.replace('t.', 'p.')})",  # noqa: S608
        {"said": "''", "problem": "''"},
    ),
    Holding("tries to tell", "slider_try", f"t.parcel_id IN ({NEWS})", goes=Goes.REQUEST),
    Holding("news for receivers", "slider_parcel", f"t.id IN ({NEWS})", goes=Goes.REQUEST, hides=("webhook_id",)),
    Holding("looks", "slider_review", _ITEM, {"answer": "NULL", "note": "''"}, hides=_QUEUE),
    Holding("corrections", "slider_correction", _ITEM, {"answer": "NULL", "note": "''"}),
    Holding("late verdicts", "slider_secondopinion", _LOOK, {"answer": "NULL", "note": "''"}, hides=("token",)),
    Holding("verdicts taken back", "slider_undone", _LOOK, {"answer": "NULL", "note": "''"}, hides=("token",)),
    Holding("answers before the draft", "slider_ownanswer", _LOOK, {"answer": "NULL"}, hides=("token",)),
    Holding("notes to colleagues", "slider_handing", _LOOK, {"note": _WORDS}, only="t.note <> ''"),
    Holding("marks", "slider_mark", _LOOK, goes=Goes.REQUEST),
    Holding(
        "known answer",
        "slider_known",
        _ITEM,
        {"answer": "NULL", "explanation": _WORDS, "retired_at": "coalesce(t.retired_at, clock_timestamp())"},
        only=f"t.explanation <> {_WORDS} OR t.retired_at IS NULL",
        key="item_id",
    ),
    Holding(
        "words on two looks",
        "slider_adjudication",
        _LOOK.replace("t.review_id", "t.look_id"),
        {"words": _WORDS},
        key="look_id",
    ),
    Holding("practice", "slider_practice", _ITEM, {"answer": "NULL"}),
    Holding("decision", "slider_decision", _ITEM, {"detail": "''"}, key="item_id"),  # it may quote the answer
    Holding(
        "decisions before it went back to its worker",
        "slider_requeued",
        _ITEM,
        {"decision": "jsonb_set(t.decision, '{detail}', '\"\"')"},
    ),
    # Why it was routed so, which may quote the answer as its decision does.
    Holding(
        "routing",
        "slider_move",
        f"{_ITEM} AND t.from_state IN ('ready', 'working') AND t.to_state IN ('review', 'done')",
        {"reason": _WORDS},
        only="strpos(t.reason, ': ') > 0",
        hides=("token",),
    ),
    Holding(
        "moves",
        "slider_move",
        f"{_ITEM} AND NOT (t.from_state IN ('ready', 'working') AND t.to_state IN ('review', 'done'))",
        {"reason": _WORDS},
        only="t.by_id IS NOT NULL AND t.to_state IN ('withdrawn', 'ready')",
        goes=Goes.REQUEST,
        hides=("token",),
    ),
    Holding(
        "claims that were ended",
        "slider_freed",
        _LOOK,
        {"words": _WORDS},
        only="t.by_id IS NOT NULL",
        goes=Goes.REQUEST,
        hides=("token",),
    ),
    # Whole files, in which nobody can find one row without reading them: all that have been read, of the task.
    Holding(
        "pieces of files",
        "slider_importchunk",
        f"t.of_id IN ({_IMPORT} AND m.state IN ('done', 'failed', 'dropped') AND NOT EXISTS (SELECT FROM slider_past p "
        "WHERE p.file_id = m.id AND p.state IN ('reading', 'asking', 'ready')))",
        goes=Goes.REQUEST,
        hides=("content",),
    ),
    Holding(
        "first rows of files",
        "slider_import",
        f"t.task_id IN {_TASK}",
        {"sample": "NULL", "columns": "NULL"},
        only="t.state IN ('done', 'failed', 'dropped')",
        goes=Goes.REQUEST,
        hides=("sha256", "shape", "once", "once_said", "sample", "columns", "mapping", "tried"),
    ),
    Holding(
        "refused rows",
        "slider_refusedrow",
        f"t.of_id IN ({_IMPORT}) AND ({_NAMES_IT})",
        goes=Goes.REQUEST,
    ),
    Holding(
        "columns of histories",
        "slider_past",
        f"t.task_id IN {_TASK}",
        {"columns": BARE_COLUMNS},
        only=CLOSED,
        goes=Goes.REQUEST,
        hides=("columns", "answers", "findings", "counters", "calibration"),
    ),
    # What API calls were answered in the last day: those that name the item, by its number or its id. As jsonb every
    # text is written in one way.
    Holding(
        "answers to API calls",
        "slider_answered",
        "EXISTS (SELECT FROM slider_item i JOIN slider_task k ON k.id = i.task_id JOIN slider_apikey a ON "
        "a.project_id = k.project_id WHERE i.id = ANY(%(ids)s) AND a.id = t.key_id AND t.body LIKE '{%%' AND ("
        "strpos(t.body::jsonb::text, '\"external_id\": ' || to_json(i.external_id)) > 0 "
        "OR t.body::jsonb::text ~ ('\"item\": ' || i.id || '[,}]')))",
        {"body": "'{}'"},
        goes=Goes.REQUEST,
        hides=("asked", "key_id", "body"),
    ),
)
