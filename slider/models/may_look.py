"""The rule of who may take a look, as a condition in SQL, for the claim and for whatever counts what waits."""

# The rule itself is the function `slider_may_look` (migration 0014). What stands before it follows from it and is asked
# once a statement, so that a person walks quickly past many looks that take what they don't know, or are for leads.
_MAY = """(
    ({row}.skills IS NULL OR {row}.skills <@ (
        SELECT coalesce(jsonb_agg(known.skill), '[]')
        FROM slider_membership mine CROSS JOIN jsonb_array_elements(mine.skills) AS known(skill)
        WHERE mine.user_id = {person}
    ))
    AND (NOT {row}.for_lead OR EXISTS (
        SELECT FROM slider_membership mine WHERE mine.user_id = {person} AND mine.role IN ('lead', 'admin')
    ))
    AND slider_may_look({row}, {person})
)"""


# The same for the tasks of a project, with the person's membership in it at hand: then a look that takes a skill, or is
# for a lead, costs no call either.
_MEMBER_MAY = """(
    ({row}.assignee_id IS NULL OR {row}.assignee_id = {person})
    AND ({row}.skills IS NULL OR {row}.skills <@ {member}.skills)
    AND (NOT {row}.for_lead OR {member}.role IN ('lead', 'admin'))
    AND CASE WHEN {row}.kind IN ('gate', 'audit', 'lookback') AND {row}.looks IS NULL AND NOT {row}.declined THEN true
        ELSE slider_may_look({row}.id, {row}.item_id, {row}.kind, {person}) END
)"""


def member_may_look(row: str, *, member: str, person: str) -> str:
    """The condition where `member` is the person's row of slider_membership in the project of the look's task."""
    return _MEMBER_MAY.format(row=row, member=member, person=person)


def may_look(row: str, *, person: str) -> str:
    """The condition for rows of slider_review under the name `row`; `person` is the placeholder of a user's id."""
    return _MAY.format(row=row, person=person)
