"""Files of networks: weights small enough to commit and enough to train on from, and what serving reads (ONNX)."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pid.drawing import GROUPS
from pid.errors import InputError

OPSET = 17
LEAST_HALVED = 512
"""Weights of fewer elements stay in full precision: they weigh nothing."""
_CLASS_LAYER = re.compile(r"\.cv3\.\d+\.2\.(weight|bias)$|^kind\.(weight|bias)$")
"""State entries with a row for each class."""


def save_stripped(network: nn.Module, path: Path, about: dict[str, Any]) -> None:
    """Weights in half precision with `about`, small enough to commit and enough to train on from."""
    state = {n: (v.half() if v.is_floating_point() else v).cpu() for n, v in network.state_dict().items()}
    part = path.with_suffix(".part")
    torch.save({"state": state, **about}, part)
    part.replace(path)


def load_stripped(network: nn.Module, path: Path, *, labels: Sequence[str] | None = None) -> int:
    """Fill `network` from `save_stripped`'s file; layers of another size keep their start. Returns how many did fit.

    Where `labels` are not the file's (its ``labels``, or the groups), the rows of the last layer follow their names:
    classes with a new name keep their start. Raises `InputError` for a file of something else.
    """
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
        state: dict[str, Tensor] = saved["state"]
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    except Exception as error:  # torch raises pickle's, zipfile's and its own
        raise InputError(f"{path} is not a file of weights that a training wrote.") from error
    own = network.state_dict()
    filled = {n: v.float() if v.is_floating_point() else v for n, v in state.items()}
    known = list(saved.get("labels") or GROUPS)
    if labels is not None and list(labels) != known:
        for name in [n for n in filled if _CLASS_LAYER.search(n)]:
            if name in own and len(own[name]) == len(labels) and own[name].shape[1:] == filled[name].shape[1:]:
                rows = own[name].detach().cpu().clone()
                for i, label in enumerate(labels):
                    if label in known:
                        rows[i] = filled[name][known.index(label)]
                filled[name] = rows
            else:
                filled.pop(name)
    fitting = {n: v for n, v in filled.items() if n in own and own[n].shape == v.shape}
    if not fitting:
        raise InputError(f"{path} holds the weights of another network.")
    network.load_state_dict(fitting, strict=False)
    return len(fitting)


def export_network(
    network: nn.Module,
    examples: tuple[Tensor, ...],
    path: Path,
    *,
    inputs: Mapping[str, Sequence[str]],
    outputs: Mapping[str, Sequence[str]],
) -> Path:
    """Write `network` as an ONNX file. `inputs` and `outputs` name their leading axes, which may have any length."""
    import onnx

    axes = {name: dict(enumerate(free)) for name, free in [*inputs.items(), *outputs.items()]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracing exporter is announced as old; the new one needs a further package
        torch.onnx.export(
            network, examples, str(path), input_names=list(inputs), output_names=list(outputs), opset_version=OPSET,
            dynamic_axes=axes, dynamo=False,
        )  # fmt: skip
    model = onnx.load(str(path))
    _halve_weights(model)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path


def _halve_weights(model: Any) -> None:
    """Store large weights in half precision behind a cast: half the file, the same arithmetic."""
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < LEAST_HALVED:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT, name=f"{name}.cast"))
    for cast in reversed(casts):
        model.graph.node.insert(0, cast)
