"""GraphML and node-link JSON: what is written comes back equal."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

from pid.drawing import Drawing
from pid.errors import InputError
from pid.graph.build import build_graph
from pid.graph.export import read_graphml, read_node_link, write_graphml, write_node_link
from pid.resources import data_path

from .plant import make_plant

WAYS = [(write_graphml, read_graphml, "g.graphml"), (write_node_link, read_node_link, "g.json")]
Write, Read = Callable[[Any, Path], None], Callable[[Path], Any]


@pytest.mark.parametrize(("write", "read", "name"), WAYS)
@pytest.mark.parametrize("sheet", ["plant", "sample"])
def test_plant_graph_comes_back_equal(write: Write, read: Read, name: str, sheet: str, tmp_path: Path) -> None:
    drawing = make_plant() if sheet == "plant" else Drawing.read(data_path("samples", "truth", "sample.json"))
    graph = build_graph(drawing)
    write(graph, tmp_path / name)
    back = read(tmp_path / name)
    assert graph.number_of_edges() >= len(drawing.lines)
    assert isinstance(back, nx.MultiDiGraph)
    assert nx.utils.graphs_equal(graph, back)


@pytest.mark.parametrize(("write", "read", "name"), WAYS)
def test_values_of_all_kinds(write: Write, read: Read, name: str, tmp_path: Path) -> None:
    graph = nx.MultiDiGraph(name="p", sheets=("a", "b"))
    graph.add_node("x", tag=None, score=np.float64(0.5), ports=((1, 2.5), (3, 4)), note="[1]", mixed=(1,), seen=True)
    graph.add_node("y", tag="P-1 <&> \u00e9", score=1, sizes={"a": 1}, mixed="[2]")
    graph.add_edge("x", "y", key="l1", spec=None)
    graph.add_edge("x", "y", key="l2", spec="A1")
    graph.add_edge("y", "y", key="l3")
    write(graph, tmp_path / name)
    assert nx.utils.graphs_equal(graph, read(tmp_path / name))


def test_graphml_is_plain_for_other_readers(tmp_path: Path) -> None:
    write_graphml(build_graph(make_plant()), tmp_path / "g.graphml")
    foreign = nx.read_graphml(tmp_path / "g.graphml", force_multigraph=True)
    assert foreign.nodes["hv"]["tag"] == "HV-1"
    assert foreign.nodes["hv"]["score"] == 0.5
    assert "tag" not in foreign.nodes["act"]


@pytest.mark.parametrize(("read", "text"), [(read_graphml, "<a"), (read_graphml, "<a/>"), (read_node_link, "[]")])
def test_no_graph_is_one_sentence(read: Read, text: str, tmp_path: Path) -> None:
    (tmp_path / "g").write_text(text)
    with pytest.raises(InputError, match=r"g is not a .*\."):
        read(tmp_path / "g")
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path / "none")
