"""Characters as drawings use them: look-alikes that an engine confuses, put right where the pattern leaves no doubt."""

from __future__ import annotations

import re
from collections.abc import Sequence

from numpy.typing import ArrayLike

from pid.drawing import Box, Word
from pid.geometry import as_boxes

_PLAIN = str.maketrans(
    {
        "–": "-", "—": "-", "―": "-", "−": "-", "‐": "-", "‑": "-", "一": "-", "ー": "-",
        "“": '"', "”": '"', "„": '"', "″": '"', "‟": '"', "‘": "'", "’": "'", "′": "'", "´": "'", "‚": ",",
        "º": "°", "˚": "°", "℃": "°C", "℉": "°F", "Ω": "Ω", "µ": "µ", "…": "...", "¦": "|",
    }
)  # fmt: skip
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}

_INCHES = re.compile(
    r"""(?<![^xX/(])(?:(?P<size>(?:\d[.\- ]?)?\d/\d{1,2}|[1-468]|1[02468]|2[04]|3[06]|4[28])['*]
    |(?P<fraction>(?:\d[.\- ]?)?\d/\d{1,2})°)(?=$|[-xX/,;)])""",
    re.VERBOSE,
)
"""A nominal size in inches (ASME B36.10) at the start of a word or of a part of it, its mark misread."""


def clean_text(text: str) -> str:
    """One word with the characters that drawings use; only what the pattern of the word leaves no doubt about changes.

    Multiplication signs between digits become x, tilde and doubled quotes after a digit become the inch mark, and so do
    a single quote and a star after a nominal pipe size, for two short strokes close together are read as these. O and I
    inside a run of digits become 0 and 1, bars left over from lines at the ends go.
    """
    out = text.translate(_FULL_WIDTH).translate(_PLAIN).strip().strip("|").replace("°°", "°")
    out = re.sub(r"(?<=\d)\s*[×✕✖⨯]\s*(?=\d)", "x", out)
    out = re.sub(r"(?<=\d)(?:''|``|~|\"\")(?=$|[-xX,;)/])", '"', out)
    out = _INCHES.sub(lambda m: f'{m["size"] or m["fraction"]}"', out)
    return re.sub(r"[A-Za-z0-9]+", lambda m: _digits_only(m.group()), out)


_MARKS = frozenset("o°.,:;-_~'\"|()[]{}<>^*")
LEAST_LONE_SCORE = 0.7
"""A stroke of a symbol reads as some letter, but seldom with more than this."""


def is_mark(word: Word) -> bool:
    """Whether a lone character is a drawn mark rather than lettering: the o of a data link, a dash, a tick, a dot."""
    return len(word.text) == 1 and (word.text in _MARKS or word.score < LEAST_LONE_SCORE)


_LETTERS = str.maketrans({"1": "I", "l": "I", "|": "I", "5": "S", "0": "O", "8": "B"})
_RUN_TOGETHER = {"n": "TI", "π": "TI", "Π": "TI", "u": "LI", "U": "LI", "ll": "LI"}
"""T and I, L and I drawn so close that the engine reads one letter; none of these is a function code by itself."""


def mend_function_letters(words: Sequence[Word], regions: ArrayLike) -> list[Word]:
    """Words with the function letters in bubbles mended: the word right above a number in the same region.

    Function codes (ISA-5.1) are two to five capitals, so look-alike digits in them become letters. Only inside
    `regions`: outside, N1 above 1000 is a nozzle and its size.
    """
    out = list(words)
    for x0, y0, x1, y1 in as_boxes(regions):
        inside = [i for i, w in enumerate(out) if x0 < (w.box[0] + w.box[2]) / 2 < x1 and y0 < _middle(w) < y1]
        numbers = [i for i in inside if re.match(r"\d{3,}", out[i].text)]
        for i in inside:
            b = out[i].box
            if any(
                _middle(out[i]) < out[n].box[1] < b[3] + (b[3] - b[1]) and _overlap_x(b, out[n].box) for n in numbers
            ):
                out[i] = out[i].model_copy(update={"text": _function_code(out[i].text)})
    return out


def _middle(word: Word) -> float:
    return (word.box[1] + word.box[3]) / 2


def _overlap_x(a: Box, b: Box) -> bool:
    return min(a[2], b[2]) - max(a[0], b[0]) > 0.5 * min(a[2] - a[0], b[2] - b[0])


def _function_code(text: str) -> str:
    if text in _RUN_TOGETHER:
        return _RUN_TOGETHER[text]
    mended = text.translate(_LETTERS)
    return mended if re.match(r"[A-Z]", text) and re.fullmatch(r"[A-Z]{2,5}", mended) else text


def _digits_only(run: str) -> str:
    """`1OO` as 100 and `2I4` as 214: begins with a digit, two digits at least, nothing else but look-alikes."""
    if re.fullmatch(r"\d[\dOIl]*", run) and sum(c.isdigit() for c in run) >= 2:
        return run.translate(str.maketrans("OIl", "011"))
    return re.sub("O", "0", run) if re.fullmatch(r"\dOO*", run) else run
