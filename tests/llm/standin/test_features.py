"""Words count whatever their case and accents; numbers are alike; common words count only in pairs."""

from slider.llm.standin.features import text_features, words


def test_case_and_accents_do_not_matter() -> None:
    assert text_features("Défaut GRÖSSE") == text_features("defaut grosse")


def test_every_number_is_the_same_word() -> None:
    assert text_features("order 4711") == text_features("order 12")


def test_common_words_count_only_in_pairs() -> None:
    assert text_features("what is the") == {"what is": 0.5, "is the": 0.5}


def test_words_of_one_family_share_features() -> None:
    assert text_features("returned").keys() & text_features("returning").keys()


def test_question_and_exclamation_marks_are_words() -> None:
    assert list(words("Why?? Now!!!")) == ["why", "?", "now", "!"]
