"""The networks as torch modules: how they are built, their losses, and the files they are kept in.

With `pid.detect.train` the only files of this folder that import torch and ultralytics (AGPL-3.0, extra ``train``). The
detector is ultralytics' YOLO11n definition with its loss, for one grey channel.
"""

from __future__ import annotations

import copy
import logging
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

os.environ.setdefault("YOLO_CONFIG_DIR", str(Path(tempfile.gettempdir()) / "pid-ultralytics"))
os.environ.setdefault("YOLO_OFFLINE", "true")

import numpy as np
import torch
from torch import Tensor, nn
from ultralytics.nn.tasks import DetectionModel
from ultralytics.utils import SETTINGS

from pid.catalog import load_catalog
from pid.detect.crops import CROP_PX, NOTHING, POSES, CropBatch
from pid.detect.dataset import Tile, TileBatch
from pid.detect.tiles import TILE_PX
from pid.drawing import GROUPS
from pid.learning.network import export_network

if SETTINGS.get("sync"):
    SETTINGS.update({"sync": False})  # no usage analytics
logging.getLogger("ultralytics").setLevel(logging.WARNING)

LOSS_GAINS = {"box": 7.5, "cls": 0.5, "dfl": 1.5}
"""ultralytics' defaults."""
POSE_GAIN = 0.3
"""Weight of the pose beside the kind: a symmetrical symbol's pose cannot be known, so this loss never falls to 0."""
SHAPE_PARTS, KIND_PARTS = ("box", "cls", "dfl"), ("kind", "pose")
"""Names of the parts of the two losses."""


class KindNet(nn.Module):  # type: ignore[misc]  # torch is not typed here
    """Crops (B, 1, 64, 64), ink 1 and paper 0, to kind logits (B, K) and pose logits (B, 8)."""

    def __init__(self, kinds: int, width: int = 32) -> None:
        super().__init__()
        sizes = [width, 2 * width, 4 * width, 6 * width]
        layers: list[nn.Module] = [_block(1, width, 1)]
        for i, size in enumerate(sizes):
            layers += [_block(sizes[max(i - 1, 0)], size, 2), _block(size, size, 1)]
        self.body = nn.Sequential(*layers)
        features = sizes[-1] * (CROP_PX // 16) ** 2
        self.neck = nn.Sequential(nn.Flatten(), nn.Dropout(0.2), nn.Linear(features, 256), nn.ReLU(inplace=True))
        self.kind, self.pose = nn.Linear(256, kinds), nn.Linear(256, POSES)
        self.frozen = False

    def freeze_body(self) -> None:
        """Let only neck and heads learn: a third of the time a step, and little is forgotten."""
        self.frozen = True
        self.body.requires_grad_(False)

    def train(self, mode: bool = True) -> KindNet:
        """As ever, but a frozen body keeps its norms as they are."""
        super().train(mode)
        if self.frozen:
            self.body.eval()
        return self

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of kind and pose."""
        found = self.neck(self.body(crops))
        return self.kind(found), self.pose(found)


def _block(inside: int, outside: int, stride: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, stride, 1, bias=False), nn.BatchNorm2d(outside), nn.ReLU(inplace=True)
    )


def build_shape_network(classes: int = len(GROUPS)) -> nn.Module:
    """YOLO11n for one grey channel and so many classes, by default the groups of `pid.drawing`, untrained."""
    network = DetectionModel("yolo11n.yaml", ch=1, nc=classes, verbose=False)
    network.args = SimpleNamespace(**LOSS_GAINS)
    return network


def kind_labels() -> list[str]:
    """What the classifier tells apart: the catalogue's kinds, then `NOTHING`."""
    return [*load_catalog(), NOTHING]


def shape_loss(network: nn.Module, tiles: TileBatch | Sequence[Tile], device: str | torch.device) -> dict[str, Tensor]:
    """The parts of the detector's loss on tiles, means over them."""
    batch = tiles if isinstance(tiles, TileBatch) else TileBatch.of(tiles)
    size = float(batch.images.shape[1])
    middle_size = np.c_[(batch.boxes[:, :2] + batch.boxes[:, 2:]) / 2, batch.boxes[:, 2:] - batch.boxes[:, :2]] / size
    wanted = {
        "batch_idx": torch.from_numpy(batch.tile).float(),
        "cls": torch.from_numpy(batch.groups).float()[:, None],
        "bboxes": torch.from_numpy(middle_size).float(),
    }
    wanted = {name: value.to(device) for name, value in wanted.items()}
    images = as_ink_tensor(batch.images, device)
    loss, _ = network.loss({"img": images, **wanted}, network(images))
    return dict(zip(SHAPE_PARTS, loss / len(images), strict=True))


def kind_loss(network: nn.Module, batch: CropBatch, device: str | torch.device) -> dict[str, Tensor]:
    """The parts of the classifier's loss: kind, and pose where there is one."""
    kind, pose = network(as_ink_tensor(batch.images, device))
    kinds, poses = torch.from_numpy(batch.kinds).to(device), torch.from_numpy(batch.poses).to(device)
    return {
        "kind": nn.functional.cross_entropy(kind, kinds, label_smoothing=0.02),
        "pose": POSE_GAIN * nn.functional.cross_entropy(pose, poses, ignore_index=-1),
    }


def as_ink_tensor(images: np.ndarray[Any, Any], device: str | torch.device) -> Tensor:
    """Pictures (B, S, S) uint8 as (B, 1, S, S) with ink 1 and paper 0."""
    return (255 - torch.from_numpy(images).to(device)[:, None].float()).div_(255.0)


def export_shape(network: nn.Module, path: Path) -> Path:
    """Write the detector as ONNX: tiles (B, 1, 640, 640) to found (B, 4 + classes, cells), boxes as corners."""
    network = copy.deepcopy(network).float().cpu().eval()
    head: Any = network.model[-1]
    head.export, head.xyxy = True, True
    return export_network(
        network, (torch.zeros(1, 1, TILE_PX, TILE_PX),), path, inputs={"tiles": ["batch"]}, outputs={"found": ["batch"]}
    )


def export_kinds(network: nn.Module, path: Path) -> Path:
    """Write the classifier as ONNX: crops (B, 1, 64, 64) to kind (B, K) and pose (B, 8) probabilities."""
    served = _Probabilities(copy.deepcopy(network).float().cpu().eval())
    return export_network(
        served, (torch.zeros(1, 1, CROP_PX, CROP_PX),), path,
        inputs={"crops": ["batch"]}, outputs={"kind": ["batch"], "pose": ["batch"]},
    )  # fmt: skip


class _Probabilities(nn.Module):  # type: ignore[misc]
    """Softmax behind a network with two heads."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        kind, pose = self.network(crops)
        return kind.softmax(1), pose.softmax(1)
