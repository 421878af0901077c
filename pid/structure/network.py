"""The graph network as a torch module, its losses and its ONNX file.

Each node keeps a vector, each edge another. A layer forms a message on every edge from both nodes and the edge, adds it
to the edge, and tells a node the largest and the mean of its messages. With a fixed number of neighbours this is
gathering and reducing alone, so training and serving run the same arithmetic.
"""

from __future__ import annotations

import copy
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from pid.learning.network import export_network
from pid.structure.encode import EDGE_NUMBERS, KNOWN, NODE_NUMBERS
from pid.structure.relate import NEIGHBOURS

LAYERS = 5
PARTS = ("kind", "background", "same")
"""Names of the parts of the loss: kinds of symbol primitives, background or symbol, one symbol or not."""
SAME_GAIN, BACKGROUND_GAIN = 1.0, 1.0


class _Layer(nn.Module):  # type: ignore[misc]  # torch is not typed here
    """One round of messages."""

    def __init__(self, width: int, edge_width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.own, self.other = nn.Linear(width, width), nn.Linear(width, width, bias=False)
        self.edge, self.back = nn.Linear(edge_width, width, bias=False), nn.Linear(width, edge_width)
        self.update = nn.Sequential(nn.Linear(3 * width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))

    def forward(self, nodes: Tensor, edges: Tensor, known: Tensor, neighbours: Tensor) -> tuple[Tensor, Tensor]:
        x = self.norm(nodes)
        message = (self.own(x)[:, None] + self.other(x)[neighbours] + self.edge(edges)).relu() * known
        # Messages are not negative, so that missing neighbours, which say 0, change the largest in no way.
        largest, mean = message.amax(dim=1), message.sum(dim=1) / known.sum(dim=1).clamp(min=1.0)
        return nodes + self.update(torch.cat([x, largest, mean], dim=1)), edges + self.back(message)


class StructureNet(nn.Module):  # type: ignore[misc]
    """Numbers of nodes (N, F), of edges (N, K, E) and neighbours (N, K) to class logits (N, C) and affinity logits.

    The affinity (N, K) of an edge is whether both primitives belong to one symbol.
    """

    def __init__(self, classes: int, *, width: int = 80, edge_width: int = 40, layers: int = LAYERS) -> None:
        super().__init__()
        self.enter = nn.Sequential(nn.Linear(NODE_NUMBERS, width), nn.ReLU(), nn.Linear(width, width))
        self.enter_edge = nn.Sequential(nn.Linear(EDGE_NUMBERS, 64), nn.ReLU(), nn.Linear(64, edge_width))
        self.layers = nn.ModuleList(_Layer(width, edge_width) for _ in range(layers))
        self.leave = nn.LayerNorm(width)
        self.kind = nn.Linear(width, classes)
        self.pair, self.pair_edge = nn.Linear(width, edge_width), nn.Linear(edge_width, edge_width)
        self.same = nn.Linear(edge_width, 1)

    def forward(self, nodes: Tensor, edges: Tensor, neighbours: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of classes and affinities."""
        known = edges[:, :, KNOWN : KNOWN + 1]
        x, e = self.enter(nodes), self.enter_edge(edges)
        for layer in self.layers:
            x, e = layer(x, e, known, neighbours)
        x = self.leave(x)
        pair = self.pair(x)
        both = (pair[:, None] + pair[neighbours] + self.pair_edge(e)).relu()
        return self.kind(x), self.same(both)[:, :, 0]


def structure_loss(
    network: nn.Module,
    numbers: tuple[Tensor, Tensor, Tensor],
    classes: Tensor,
    instances: Tensor,
    weights: Tensor,
    *,
    background: int,
) -> dict[str, Tensor]:
    """The loss by `PARTS` of one batch of graphs.

    Args:
        network: a `StructureNet`.
        numbers: of nodes (N, F) and edges (N, K, E), and neighbours (N, K).
        classes: (N,) true classes.
        instances: (N,) number of the true symbol, different in each graph; -1 for none.
        weights: (N,) of the primitives in the loss of kinds.
        background: the class from which on classes are background.
    """
    logits, same = network(*numbers)
    logits = logits.float()
    neighbours, known = numbers[2], numbers[1][:, :, KNOWN] > 0
    symbol = classes < background
    # Whether symbol at all, which decides most, and then which.
    every = functional.cross_entropy(logits, classes, reduction="none")
    kind = (every * weights * symbol).sum() / (weights * symbol).sum().clamp(min=1e-6)
    rest = (every * ~symbol).sum() / (~symbol).sum().clamp(min=1)
    other = instances[neighbours]
    told = known & ((instances >= 0)[:, None] | (other >= 0))
    truth = (instances[:, None] == other) & (instances >= 0)[:, None]
    pairs = functional.binary_cross_entropy_with_logits(same.float()[told], truth[told].float())
    return {"kind": kind, "background": BACKGROUND_GAIN * rest, "same": SAME_GAIN * pairs}


class _Probabilities(nn.Module):  # type: ignore[misc]
    """Probabilities behind the network."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, nodes: Tensor, edges: Tensor, neighbours: Tensor) -> tuple[Tensor, Tensor]:
        kind, same = self.network(nodes, edges, neighbours)
        return kind.softmax(1), same.sigmoid()


def export_structure(network: nn.Module, path: Path) -> Path:
    """Write the network as ONNX: nodes, edges and neighbours of any number to class and affinity probabilities."""
    served = _Probabilities(copy.deepcopy(network).float().cpu().eval())
    examples = (
        torch.zeros(3, NODE_NUMBERS),
        torch.zeros(3, NEIGHBOURS, EDGE_NUMBERS),
        torch.zeros(3, NEIGHBOURS, dtype=torch.int64),
    )
    return export_network(
        served, examples, path, inputs=dict.fromkeys(("nodes", "edges", "neighbours"), ("primitives",)),
        outputs=dict.fromkeys(("classes", "same"), ("primitives",)),
    )  # fmt: skip
