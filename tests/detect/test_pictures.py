"""A user's data set is read as ultralytics reads it, and what is wrong with one is said in a sentence."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from pid.catalog import load_catalog
from pid.detect.classes import mean_classes, read_served
from pid.detect.look import Look, choose_look
from pid.detect.pictures import PictureSet, label_path, read_data_yaml, read_labels
from pid.drawing import GROUPS
from pid.errors import InputError


@pytest.fixture
def data(make_toys: Callable[..., Path], tmp_path: Path) -> Path:
    return make_toys(tmp_path, train=3, val=2, size=(160, 120), shapes=2, seed=1)


def test_pictures_and_boxes_are_read(data: Path, toy_names: tuple[str, ...]) -> None:
    found = read_data_yaml(data)
    assert found.names == toy_names
    assert [p.name for p in found.train] == ["0000.png", "0001.png", "0002.png"]
    pictures = PictureSet(found.train, found.names, look=Look("fit", paper=False))
    first = pictures.get(0)
    assert first.image.shape == (120, 160)
    for x0, y0, x1, y1 in first.boxes:  # the outline touches its box on every side
        ink = first.image[round(y0) : round(y1) + 1, round(x0) : round(x1) + 1] < 128
        assert ink[:4].any()
        assert ink[-4:].any()
        assert ink[:, :4].any()
        assert ink[:, -4:].any()
    assert sum(pictures.counts().values()) == sum(len(pictures.get(i).boxes) for i in range(3)) > 0


def test_lists_of_pictures_names_as_a_list_and_polygons(data: Path, toy_names: tuple[str, ...]) -> None:
    folder = data.parent
    (folder / "some.txt").write_text("./images/train/0001.png\nimages/train/0002.png\n")
    data.write_text(f"train: some.txt\nval: [images/val, some.txt]\nnames: {list(toy_names)}\n")
    found = read_data_yaml(data)
    assert [p.name for p in found.train] == ["0001.png", "0002.png"]
    assert len(found.val) == 4
    (folder / "poly.txt").write_text("1 0.1 0.2 0.5 0.2 0.3 0.6\n\n2 0.5 0.5 1.0 1.004\n")
    boxes, labels = read_labels(folder / "poly.txt", 3)
    assert labels.tolist() == [1, 2]
    assert boxes[0].tolist() == [0.1, 0.2, 0.5, 0.6]
    assert boxes[1] == pytest.approx([0, 0, 1, 1], abs=0.01)


def test_labels_are_looked_for_beside_the_last_images_folder() -> None:
    assert label_path(Path("/a/images/b/images/train/x.jpg")) == Path("/a/images/b/labels/train/x.txt")
    assert label_path(Path("/a/pictures/x.jpg")) == Path("/a/pictures/x.txt")


def change(old: str, new: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(path.read_text().replace(old, new))


def label(text: str) -> Callable[[Path], object]:
    return lambda path: (path.parent / "labels" / "train" / "0000.txt").write_text(text)


def without_labels(path: Path) -> None:
    for file in path.parent.rglob("labels/**/*.txt"):
        file.unlink()


def without_pictures(path: Path) -> None:
    for file in path.parent.rglob("images/**/*.png"):
        file.unlink()


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "not YAML": (lambda p: p.write_text("names: [a, b\ntrain: {"), "toys.yaml is not a YAML file"),
    "not a mapping": (lambda p: p.write_text("- a\n- b\n"), "is not a data set"),
    "no val": (change("val: images/val\n", ""), "has no entry 'val'"),
    "no names": (lambda p: p.write_text("train: images/train\nval: images/val\n"), "has no entry 'names'"),
    "gaps in names": (change("  1: ", "  7: "), "must be numbered 0 to 2"),
    "equal names": (change("house", "star"), "must differ"),
    "no root": (change("path: .", "path: nowhere"), "nowhere .'path'. does not exist"),
    "no folder": (change("train: images/train", "train: images/training"), "'train' names .*training, which is not"),
    "no pictures": (without_pictures, "'train' names no pictures"),
    "no labels": (without_labels, "None of 3 pictures has labels"),
    "wrong class": (label("3 0.5 0.5 0.1 0.1\n"), r"0000\.txt, line 1: class 3 is not one of 0 to 2"),
    "broken class": (label("\n0.5 0.5 0.5 0.1 0.1\n"), r"0000\.txt, line 2: class 0\.5 is not"),
    "pixels": (label("0 120 80 30 30\n"), "must be shares of the picture"),
    "words": (label("star 0.5 0.5 0.1 0.1\n"), "is not numbers"),
    "a number short": (label("0 0.5 0.5 0.1\n"), "4 numbers, but"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_data_set_is_one_sentence(name: str, data: Path) -> None:
    spoil, sentence = BAD[name]
    spoil(data)
    with pytest.raises(InputError, match=sentence) as told:
        found = read_data_yaml(data)
        PictureSet(found.train, found.names)
    assert str(told.value).endswith(".")
    assert "\n" not in str(told.value)


def test_missing_yaml_and_broken_picture(data: Path) -> None:
    with pytest.raises(InputError, match=r"none\.yaml cannot be read"):
        read_data_yaml(data.parent / "none.yaml")
    (data.parent / "images" / "train" / "0000.png").write_bytes(b"no picture")
    found = read_data_yaml(data)
    with pytest.raises(InputError, match=r"0000\.png is not a picture"):
        PictureSet(found.train, found.names).get(0)


def test_the_look_suits_the_pictures() -> None:
    paper, steel = np.full((1200, 1800), 250, np.uint8), np.full((1200, 1800), 90, np.uint8)
    assert choose_look([paper]) == Look("sheet", paper=True)
    assert choose_look([paper[:600, :800]]) == Look("fit", paper=True)
    assert choose_look([steel]) == Look("fit", paper=False)
    assert choose_look([steel], mode="native", paper=True) == Look("native", paper=True)
    assert Look.from_dict(Look("fit", paper=False).to_dict()) == Look("fit", paper=False)
    assert Look("native").passes(5000) == (5000,)
    assert (Look("fit", paper=False).prepare(steel) == steel).all()
    with pytest.raises(InputError, match="is not a look"):
        Look.from_dict({"mode": "sideways", "paper": True})


def test_classes_mean_groups_kinds_or_themselves(tmp_path: Path) -> None:
    catalog = load_catalog()
    valve, gate, star = mean_classes(("valve", "gate_valve", "star"), catalog)
    assert (valve.kind, valve.group) == (None, "valve")
    assert (gate.kind, gate.group) == ("gate_valve", "valve")
    assert (star.kind, star.group) == ("star", "other")
    card = tmp_path / "shape.json"
    assert read_served(card, catalog).classes == GROUPS
    card.write_text('{"classes": ["star", "valve"], "look": {"mode": "fit", "paper": false}}')
    served = read_served(card, catalog)
    assert served.classes == ("star", "valve")
    assert served.look == Look("fit", paper=False)
    card.write_text('{"classes": "star"}')
    with pytest.raises(InputError, match=r"shape\.json is not a detector's card"):
        read_served(card, catalog)


def test_grey_pictures_are_read_from_colour(data: Path) -> None:
    path = data.parent / "images" / "train" / "0000.png"
    cv2.imwrite(str(path), np.dstack([np.full((120, 160), v, np.uint8) for v in (10, 20, 200)]))
    found = read_data_yaml(data)
    assert PictureSet(found.train, found.names).open(0).shape == (120, 160)
