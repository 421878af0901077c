"""Tables of what people say of taught kinds."""

from pathlib import Path

import numpy as np
import pytest

from pid.errors import InputError
from pid.structure.library import Example
from pid.structure.wishes import Wish, apply_wishes, check_group, read_wishes


def test_a_table_with_or_without_a_head(tmp_path: Path) -> None:
    table = tmp_path / "groups.csv"
    table.write_text('name,group,code,title\nclass-1,Valve,C1,"Valve, gate"\n\nclass-2,heat exchanger\nclass-3,,X\n')
    wishes = read_wishes(table)
    assert wishes == {
        "class-1": Wish("valve", "C1", "Valve, gate"),
        "class-2": Wish("heat_exchanger"),
        "class-3": Wish(code="X"),
    }
    table.write_bytes("\ufeffclass-1,valve\n".encode())
    assert read_wishes(table) == {"class-1": Wish("valve")}


def test_wishes_overrule_guesses_and_nothing_else() -> None:
    picture = np.full((20, 20), 255, np.uint8)
    guessed = ("group", "code", "title", "ports")
    examples = [
        Example(kind=kind, group="fitting", picture=picture, box=(4, 4, 16, 16), bom_code="OLD", guessed=guessed)
        for kind in ("class-1", "class-2")
    ]
    (first, second), unused = apply_wishes(examples, {"Class- 1": Wish("valve", code="NEW"), "class-9": Wish("pump")})
    assert (first.group, first.bom_code, first.guessed) == ("valve", "NEW", ("title", "ports"))
    assert (second.group, second.bom_code, second.guessed) == ("fitting", "OLD", guessed)
    assert unused == ("class-9",)


def test_tables_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    table = tmp_path / "groups.csv"
    table.write_text("class-1,valve\n,valve\n")
    with pytest.raises(InputError, match=r"groups\.csv, line 2: the name is missing"):
        read_wishes(table)
    table.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(InputError, match="cannot be read as a table"):
        read_wishes(table)
    with pytest.raises(InputError, match="known are valve, actuator"):
        check_group("gadget")
