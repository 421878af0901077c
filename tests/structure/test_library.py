"""The library of taught symbols: what goes in comes out, and broken files are named."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pid.drawing import Symbol
from pid.errors import InputError
from pid.structure.library import Example, add_examples, file_stem, read_library, remove_kind, with_library_terms


def make_example(kind: str = "class-1", **changes: object) -> Example:
    picture = np.full((28, 48), 255, np.uint8)
    picture[4:24, 4:44] = np.arange(800).reshape(20, 40) % 200
    example = Example(
        kind=kind, group="valve", picture=picture, box=(4, 4, 44, 24), ports=((4, 14, 180), (44, 14, 0)),
        lettering=("AAA", "999"), text_boxes=((10, 6, 30, 12),), bom_code="C1", title="Class 1", source="legend.png",
        place=(104, 204, 144, 224), taught="2026-01-01T00:00:00+00:00", guessed=("group",),
    )  # fmt: skip
    return replace(example, **changes)  # type: ignore[arg-type]


def test_round_trip(tmp_path: Path) -> None:
    example = make_example()
    assert add_examples(tmp_path / "lib", [example]) == ("added",)
    (read,) = read_library(tmp_path / "lib")
    assert np.array_equal(read.picture, example.picture)
    assert replace(read, picture=example.picture).__dict__ == example.__dict__


def test_kinds_come_in_natural_order_and_share_file_names(tmp_path: Path) -> None:
    kinds = ["class-10", "class-2", "a/b", "a:b", "../up", "밸브"]
    add_examples(tmp_path, [make_example(kind) for kind in kinds])
    assert [e.kind for e in read_library(tmp_path)] == ["../up", "a/b", "a:b", "class-2", "class-10", "밸브"]
    assert {p.parent for p in tmp_path.rglob("*.json")} == {tmp_path}


def test_same_place_is_replaced_another_is_kept_beside(tmp_path: Path) -> None:
    add_examples(tmp_path, [make_example()])
    again = make_example(lettering=(), place=(106, 204, 146, 226))
    elsewhere = make_example(place=(504, 204, 544, 224))
    assert add_examples(tmp_path, [again, elsewhere]) == ("replaced", "added beside 1")
    assert sorted(e.lettering for e in read_library(tmp_path)) == [(), ("AAA", "999")]
    assert sorted(e.place[0] for e in read_library(tmp_path)) == [106, 504]
    assert len(list(tmp_path.glob("*.png"))) == 2
    assert add_examples(tmp_path, [make_example(source="other.png")], replace_kinds=True) == ("replaced",)
    assert [e.source for e in read_library(tmp_path)] == ["other.png"]
    assert len(list(tmp_path.iterdir())) == 2


def test_examples_of_one_kind_agree_on_what_was_said(tmp_path: Path) -> None:
    unsaid = ("group", "code", "title")
    guessed = make_example(
        group="fitting", title="X", guessed=unsaid, taught="2026-01-03T00:00:00+00:00", place=(0, 0, 40, 20)
    )  # fmt: skip
    said = make_example(bom_code="XX", guessed=("ports",), taught="2026-01-02T00:00:00+00:00", place=(500, 0, 540, 20))
    add_examples(tmp_path, [guessed, said])
    read = {(e.group, e.bom_code, e.title, e.guessed) for e in read_library(tmp_path)}
    assert read == {("valve", "XX", "Class 1", ()), ("valve", "XX", "Class 1", ("ports",))}


def test_remove(tmp_path: Path) -> None:
    add_examples(tmp_path, [make_example(), make_example(source="b.png"), make_example("other")])
    assert remove_kind(tmp_path, "class-1") == 2
    assert [e.kind for e in read_library(tmp_path)] == ["other"]
    with pytest.raises(InputError, match="no symbol called 'class-1'"):
        remove_kind(tmp_path, "class-1")


def spoil_record(tmp_path: Path, **changes: object) -> None:
    path = next(tmp_path.glob("*.json"))
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"group": "valves"}, "group"),
        ({"kind": ""}, "kind"),
        ({"box": [0, 0, 500, 10]}, "box does not lie in its picture"),
        ({"picture": "../../secret.png"}, "another folder"),
        ({"picture": "gone.png"}, "gone.png cannot be read"),
        ({"size_px": [300, 300]}, "has not the size"),
        ({"schema": "pid-example/9"}, "schema"),
        ({"more": 1}, "more"),
    ],
)
def test_broken_records_are_named(tmp_path: Path, changes: dict[str, object], reason: str) -> None:
    add_examples(tmp_path, [make_example()])
    spoil_record(tmp_path, **changes)
    with pytest.raises(InputError, match=reason):
        read_library(tmp_path)


def test_broken_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_library(tmp_path / "none")
    with pytest.raises(InputError, match="holds no taught symbols"):
        read_library(tmp_path)
    add_examples(tmp_path, [make_example()])
    picture = next(tmp_path.glob("*.png"))
    picture.write_bytes(b"no picture")
    with pytest.raises(InputError, match="is not a PNG picture"):
        read_library(tmp_path)
    picture.write_bytes(b"")
    with pytest.raises(InputError, match="is not a PNG picture"):
        read_library(tmp_path)
    next(tmp_path.glob("*.json")).write_text("{")
    with pytest.raises(InputError, match="is not a taught symbol"):
        read_library(tmp_path)


def test_a_library_is_a_folder(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    for call in (lambda: read_library(file), lambda: add_examples(file, [make_example()])):
        with pytest.raises(InputError, match="is a file; a library is a folder"):
            call()
    with pytest.raises(InputError, match="cannot be made"):
        add_examples(file / "lib", [make_example()])


def test_names_have_a_length(tmp_path: Path) -> None:
    for kind in ("", " ", "x" * 121):
        with pytest.raises(InputError, match="characters"):
            add_examples(tmp_path, [make_example(kind)])
    assert file_stem("../../etc/passwd") == "etc_passwd"
    assert file_stem("밸브") == "symbol"
    assert len(file_stem("x" * 500)) <= 60


def test_an_interrupted_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InputError, match=r"cannot be written: No space left on device\."):
        add_examples(tmp_path, [make_example()])
    assert list(tmp_path.iterdir()) == []


def test_symbols_carry_the_library_terms() -> None:
    symbols = [
        Symbol(id="t1", kind="class-1", box=(0, 0, 9, 9), attributes={"size": "2"}),
        Symbol(id="s1", box=(0, 0, 1, 1)),
    ]
    first, second = with_library_terms(symbols, [make_example()])
    assert first.attributes == {"size": "2", "taught": True, "bom_code": "C1", "title": "Class 1"}
    assert second == symbols[1]
