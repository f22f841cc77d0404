"""Text of people and models on a page: escaped, and nothing in it hidden."""

import pytest

from slider.templatetags.shown import chance, value, visible


@pytest.mark.parametrize(
    "hidden", ["\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\x00", "\x1b", "\r", "\u2028", "\U000e0041", "\u3164"]
)
def test_a_hidden_character_is_shown_by_its_number(hidden: str) -> None:
    assert visible(f"a{hidden}b") == f'a<mark class="ghost">U+{ord(hidden):04X}</mark>b'


def test_line_ends_and_tabs_stay() -> None:
    assert visible("a\r\nb\tc\n") == "a\nb\tc\n"


def test_the_joiner_inside_a_picture_stays() -> None:
    assert visible("👩‍💻") == "👩‍💻"


def test_markup_is_escaped_beside_a_hidden_character() -> None:
    assert visible("<b>\u202e</b>") == '&lt;b&gt;<mark class="ghost">U+202E</mark>&lt;/b&gt;'


def test_deeper_values_are_shown_as_escaped_json() -> None:
    assert value({"a": "<i>"}) == '<code class="json">{\n  &quot;a&quot;: &quot;&lt;i&gt;&quot;\n}</code>'


@pytest.mark.parametrize(
    ("p", "said"), [(0.0, "0.00"), (0.001, "under 0.01"), (0.536, "0.54"), (0.999, "over 0.99"), (1.0, "1.00")]
)
def test_a_chance_is_never_rounded_to_a_certainty(p: float, said: str) -> None:
    assert chance(p) == said
