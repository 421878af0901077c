"""The plant graph as GraphML and as node-link JSON, and back.

GraphML holds strings, whole and real numbers and truth values only. What it cannot hold is packed: an attribute without
a value is named in ``null_keys`` of its node or edge, and sequences and tables become JSON text whose keys the graph
names in ``json_keys``. Reading unpacks both, so that the graph comes back equal; sequences come back as tuples.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

from pid.errors import InputError

if TYPE_CHECKING:
    import networkx as nx

NULL_KEYS = "null_keys"
JSON_KEYS = "json_keys"


def write_graphml(graph: nx.MultiDiGraph, path: Path) -> None:
    """Write a plant graph as GraphML. Raises `InputError` where the file cannot be written."""
    import networkx as nx

    packed = graph.copy()
    tables = list(_attribute_tables(packed))
    structured = {key for table in tables for key, value in table.items() if not _is_simple(value)}
    for attributes in tables:
        _pack(attributes, structured)
    packed.graph[JSON_KEYS] = json.dumps(sorted(structured))
    _save(path, lambda: nx.write_graphml_xml(packed, path))


def read_graphml(path: Path) -> nx.MultiDiGraph:
    """The graph that `write_graphml` wrote, or any directed GraphML. Raises `InputError` for a file that is none."""
    import networkx as nx

    try:
        # Edge ids are element ids, which the reader would drop from a graph without parallel edges.
        graph = nx.read_graphml(path, force_multigraph=True)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except (ParseError, nx.NetworkXError, ValueError, KeyError) as error:
        raise InputError(f"{path} is not a GraphML file: {error}.") from error
    structured = set(json.loads(graph.graph.pop(JSON_KEYS, "[]")))
    for defaults in ("node_default", "edge_default"):  # what the reader adds of its own
        graph.graph.pop(defaults, None)
    for attributes in _attribute_tables(graph):
        _unpack(attributes, structured)
    return graph


def write_node_link(graph: nx.MultiDiGraph, path: Path) -> None:
    """Write a plant graph as node-link JSON (keys ``nodes`` and ``edges``, as D3 and networkx read it)."""
    import networkx as nx

    text = json.dumps(nx.node_link_data(graph, edges="edges"), indent=1, default=_plain, ensure_ascii=False)
    _save(path, lambda: path.write_text(text + "\n", encoding="utf-8"))


def read_node_link(path: Path) -> nx.MultiDiGraph:
    """The graph that `write_node_link` wrote. Raises `InputError` for a file that is none."""
    import networkx as nx

    try:
        data = json.loads(path.read_bytes())
        graph = nx.node_link_graph(data, directed=True, multigraph=True, edges="edges")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is not a node-link graph: {error}.") from error
    for attributes in _attribute_tables(graph):
        attributes.update({key: _as_tuples(value) for key, value in attributes.items()})
    return graph


def _attribute_tables(graph: nx.MultiDiGraph) -> Iterator[dict[str, Any]]:
    """The attribute dictionaries of the graph, its nodes and its edges, in place."""
    yield graph.graph
    yield from (attributes for _, attributes in graph.nodes(data=True))
    yield from (attributes for _, _, attributes in graph.edges(data=True))


def _is_simple(value: Any) -> bool:
    return value is None or isinstance(value, str | bool | int | float) or isinstance(_plain(value), int | float)


def _pack(attributes: dict[str, Any], structured: set[str]) -> None:
    missing = sorted(key for key, value in attributes.items() if value is None)
    for key, value in list(attributes.items()):
        if value is None:
            del attributes[key]
        elif key in structured:
            attributes[key] = json.dumps(value, default=_plain, ensure_ascii=False)
        elif not isinstance(value, str | bool | int | float):
            attributes[key] = _plain(value)
    if missing:
        attributes[NULL_KEYS] = json.dumps(missing)


def _unpack(attributes: dict[str, Any], structured: Iterable[str]) -> None:
    for key in structured:
        if isinstance(attributes.get(key), str):
            attributes[key] = _as_tuples(json.loads(attributes[key]))
    for key in json.loads(attributes.pop(NULL_KEYS, "[]")):
        attributes[key] = None


def _plain(value: Any) -> Any:
    """A value as JSON can hold it: numpy's numbers and arrays, sets and tuples become plain ones."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, set | frozenset):
        return sorted(value)
    return dict(value) if isinstance(value, dict) else list(value)


def _as_tuples(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_as_tuples(item) for item in value)
    if isinstance(value, dict):
        return {key: _as_tuples(item) for key, item in value.items()}
    return value


def _save(path: Path, write: Callable[[], object]) -> None:
    try:
        write()
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error
