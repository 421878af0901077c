"""Words are corrected where one reading alone fits and the reader was unsure, and left alone otherwise."""

from pathlib import Path

import pytest

from pid.document.lexicon import Lexicon, read_terms, shipped_terms
from pid.errors import InputError

TERMS = ("COMPRESSOR", "PRESSURE", "VALVE", "COOLER", "WATER", "LATER", "KÜHLER")


def correct(text: str, score: float = 0.5, at: int | None = None) -> str:
    """With the character at `at` (all where not given) scored so, the others sure."""
    scores = [score if at is None or i == at else 0.99 for i in range(len(text))]
    return Lexicon(TERMS).correct(text, scores)


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("C0OLER", "COOLER"),
        ("PRESURE", "PRESSURE"),
        ("COMPRESSQR", "COMPRESSOR"),
        ("Compressqr", "Compressor"),
        ("(VALVF)", "(VALVE)"),
        ("KUHLER", "KÜHLER"),
        ("WATER", "WATER"),
        ("HV-92526", "HV-92526"),
        ("VALV", "VALV"),
    ],
)
def test_one_slip_is_put_right(read: str, meant: str) -> None:
    assert correct(read) == meant


def test_two_terms_that_fit_change_nothing() -> None:
    assert correct("XATER") == "XATER"


def test_a_sure_character_stays() -> None:
    assert correct("VALVF", 0.99) == "VALVF"
    assert correct("VALVF", 0.5, at=0) == "VALVF"
    assert correct("VALVF", 0.5, at=4) == "VALVE"


def test_a_tag_is_mended_unless_it_is_a_term() -> None:
    lexicon = Lexicon(TERMS, mend_tag={"GBBSOOR": "GBBS00R", "WATER": "WAT3R"}.get)
    assert lexicon.correct("GBBSOOR", [1.0] * 7) == "GBBS00R"
    assert lexicon.correct("WATER", [1.0] * 5) == "WATER"


def test_what_is_nearly_a_term_is_not_mended_to_a_tag() -> None:
    lexicon = Lexicon(("SHUTDOWN",), mend_tag={"SHUTOOWN": "SHUT00WN"}.get)
    assert lexicon.correct("SHUTOOWN", [1.0] * 8) == "SHUTOOWN"
    assert lexicon.correct("SHUTOOWN", [0.5] * 8) == "SHUTDOWN"


def test_lists_are_read_and_strange_files_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_text("# ours\nSCHLEUSE WEHR # at the river\n\nRECHEN\n", encoding="utf-8")
    assert read_terms(path) == ["SCHLEUSE", "WEHR", "RECHEN"]
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not text"):
        read_terms(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_terms(tmp_path / "none.txt")


def test_shipped_terms_are_words_in_capitals() -> None:
    terms = shipped_terms()
    assert len(terms) > 1000
    assert all(term == term.upper() for term in terms)
    assert {"COMPRESSOR", "RÜCKSCHLAGKLAPPE", "SJØVANN"} <= set(terms)
