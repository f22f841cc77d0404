"""Hard rules: what is meant stays with people however it is written, and what can't be read does as well."""

import pytest

from slider.models import hard_rules


def kept(rule: object, body: dict[str, object] | None = None, origin: str = "key shop") -> bool:
    return bool(hard_rules.broken([rule], body or {}, origin))


@pytest.mark.parametrize("amount", [1000, 1000.0, 5000, "1000", "1e3", 10**400, None, "a lot", "1.000,00", "nan", True])
def test_a_stake_at_the_bound_or_above_it_or_unknown_stays_with_people(amount: object) -> None:
    assert kept({"field": "amount", "at_least": 1000}, {"amount": amount})


@pytest.mark.parametrize("amount", [999.99, 0, -5000, "999", " 7 "])
def test_a_stake_below_the_bound_is_free(amount: object) -> None:
    assert not kept({"field": "amount", "at_least": 1000}, {"amount": amount})


@pytest.mark.parametrize(("amount", "stays"), [(0, True), (-1, True), (0.01, False), ("x", True)])
def test_a_rule_may_name_what_is_low(amount: object, stays: bool) -> None:
    assert kept({"field": "amount", "at_most": 0}, {"amount": amount}) == stays


def test_an_item_that_lacks_the_field_has_an_unknown_stake() -> None:
    said = hard_rules.broken([{"field": "amount", "at_least": 1}], {}, "")
    assert said == "amount is not known as a number"


@pytest.mark.parametrize(
    ("source", "origin", "stays"),
    [
        ("key", "key crm", True),
        ("key:crm", "key crm", True),
        ("key:CRM", "key crm", True),
        ("key:crm", "key crm-2", False),
        ("key:crm", "import 3: crm.csv", False),
        ("import", "import 3: legacy.csv", True),
        ("import:legacy", "import 3: Legacy-2024.csv", True),
        ("import:legacy", "import 3: new.csv", False),
        ("import:legacy", "import 3", True),  # written down before files had names there
        ("import:" + "x" * 140, "import 3: " + "x" * 110, True),  # a long name is cut
        ("person", "anna by hand", True),
        ("person:anna", "anna by hand", True),
        ("person:anna", "annabel by hand", False),
        ("person:import 3", "import 3 by hand", True),
        ("key:crm", "somebody", True),
        ("key:crm", "", True),
    ],
)
def test_a_rule_by_source_keeps_what_came_that_way_or_nobody_knows_how(source: str, origin: str, stays: bool) -> None:
    assert kept({"source": source}, origin=origin) == stays


@pytest.mark.parametrize(
    "rule",
    [{}, {"field": "a"}, {"field": 3, "equals": 1}, {"field": "a", "at_least": "x"}, {"source": 1}, "x", None, []],
)
def test_a_rule_that_can_not_be_read_keeps_everything_with_people(rule: object) -> None:
    assert "can't be read" in hard_rules.broken([rule], {"a": 1}, "key shop")


def test_the_first_rule_that_holds_is_named() -> None:
    rules = [{"field": "a", "equals": 2}, {"field": "b", "at_most": 5}, {"source": "key"}]
    assert hard_rules.broken(rules, {"a": 1, "b": 4}, "key shop") == "b is 5 or less"
    assert hard_rules.ask_for_source(rules)
    assert not hard_rules.ask_for_source(rules[:2])
    assert hard_rules.broken([], {}, "") == ""
