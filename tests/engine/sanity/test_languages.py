"""Languages and scripts: told where they can be told, and nothing where not."""

import pytest

from slider.engine.sanity import languages, scripts
from slider.engine.sanity.samples import SENTENCES, SMALL_WORDS
from tests.engine.sanity import normal

SCRIPTS = {"Russian": "Cyrillic", "Ukrainian": "Cyrillic", "Greek": "Greek", "Arabic": "Arabic", "Hebrew": "Hebrew"}
SCRIPTS |= {"Persian": "Arabic", "Hindi": "Devanagari", "Thai": "Thai", "Chinese": "Han", "Japanese": "Japanese"}
SCRIPTS |= {"Korean": "Hangul"}


@pytest.mark.parametrize("language", SENTENCES)
def test_each_language_knows_its_own_sentences(language: str) -> None:
    assert languages.main(SENTENCES[language]) in (language, None)


def test_the_large_ones_are_told_by_a_few_words() -> None:
    assert languages.main("Where is my parcel? It was sent to the wrong address.") == "English"
    assert (
        languages.main("Wo ist mein Paket? Es wurde an die falsche Anschrift geschickt, und ich warte noch.")
        == "German"
    )
    assert languages.main("Où est mon colis ? Il a été envoyé à la mauvaise adresse, et je ne suis pas là.") == "French"
    assert languages.main("¿Dónde está mi paquete? No ha llegado a la dirección y no me contestan.") == "Spanish"


@pytest.mark.parametrize(("language", "script"), SCRIPTS.items())
def test_other_scripts_are_told_by_their_letters(language: str, script: str) -> None:
    assert scripts.main(normal.FOREIGN[language]) == languages.main(normal.FOREIGN[language]) == script


@pytest.mark.parametrize(
    "text", ["", "ok", "Jane Doe, Berlin", "12,90 EUR", "👍👍👍👍", "SELECT * FROM t", "XK-9921-BLK"]
)
def test_names_codes_and_short_texts_have_no_language(text: str) -> None:
    assert languages.main(text) is None


def test_two_scripts_in_equal_parts_are_no_script() -> None:
    assert scripts.main("Привет, как дела сегодня? Hello, how are you today?") is None


def test_every_language_has_both_its_sentences_and_its_small_words() -> None:
    assert SENTENCES.keys() == SMALL_WORDS.keys()
