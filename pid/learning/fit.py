"""The training loop: steps with a falling rate, an average of the weights, checkpoints, curves, and a judge.

The same on a processor and on an accelerator; half precision where the device computes it faster.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from pid.errors import InputError
from pid.learning.curves import Curves, draw_curves
from pid.learning.network import load_stripped, save_stripped
from pid.learning.recipe import Recipe

LARGEST_GRADIENT = 10.0
LOG_EVERY = 20
LAST_RATE = 0.02
"""Of the first learning rate, at the end."""
JUDGE_SHARE = 0.1
"""At most about this share of the time goes into judging."""

Report = Callable[[str], None]
Loss = Callable[[nn.Module, Any, torch.device], dict[str, Tensor]]
_Item = TypeVar("_Item")


class Judge:
    """Tells how good weights are while training runs, and keeps the best seen in `path`.

    Args:
        judge: network to figures 0..1; the last of `names` decides.
        path: file of the best weights; what is there counts from the start, so that a resumed run keeps its best.
        about: goes into that file.
        least_minutes: between two judgements; longer where judging takes long.
    """

    def __init__(
        self,
        judge: Callable[[nn.Module], dict[str, float]],
        names: Sequence[str],
        path: Path,
        about: dict[str, Any],
        *,
        least_minutes: float,
    ) -> None:
        self.names, self.path, self.last_step = tuple(names), path, -1
        self._judge, self._about, self._least = judge, about, least_minutes * 60
        self._at, self._cost = time.monotonic(), 0.0

    def is_due(self) -> bool:
        """Whether it is time to judge again."""
        return time.monotonic() - self._at >= max(self._least, self._cost / JUDGE_SHARE)

    def begin(self, *, resume: bool) -> None:
        """Forget the best of an earlier run that is not gone on with."""
        if not resume:
            self.path.unlink(missing_ok=True)

    def best(self) -> tuple[float, int]:
        """The best figure so far and its step; -1 before the first."""
        if not self.path.exists():
            return -1.0, 0
        saved = torch.load(self.path, map_location="cpu", weights_only=True)
        return float(saved["figures"][self.names[-1]]), int(saved["step"])

    def tell(self, network: nn.Module, step: int) -> dict[str, float]:
        """Judge `network`; keep it when none was better."""
        begun = time.monotonic()
        figures = self._judge(network)
        if figures[self.names[-1]] >= self.best()[0]:  # of equals the later: it has seen more
            save_stripped(network, self.path, {**self._about, "step": step, "figures": figures})
        self._at, self.last_step = time.monotonic(), step
        self._cost = self._at - begun
        return figures

    def restore(self, network: nn.Module, step: int) -> int:
        """Put the best weights into `network`; returns their step."""
        if not self.path.exists():
            return step
        load_stripped(network, self.path, labels=self._about.get("labels"))
        return self.best()[1]


class TrainingRun:
    """A network on its way: its average, optimizer, and how far it is."""

    def __init__(
        self,
        network: nn.Module,
        recipe: Recipe,
        checkpoint: Path,
        device: torch.device,
        curves: Curves,
        report: Report,
    ) -> None:
        self.network = network.to(device).train()
        self.average = copy.deepcopy(network).eval().requires_grad_(False)
        self.step = self.pictures = 0
        self._recipe, self._checkpoint, self._device = recipe, checkpoint, device
        self._curves, self._report = curves, report
        self._optimizer = torch.optim.AdamW(
            _decayed(network, recipe.weight_decay), lr=recipe.learning_rate, betas=(0.9, 0.99)
        )
        self._half = half_precision(device)
        self._scaler = torch.amp.GradScaler(device.type, enabled=self._half is torch.float16)
        self._before, self._begun, self._rate = 0.0, time.monotonic(), 0.0
        self._saved = self._begun
        self._losses: list[Tensor] = []
        self._parts: tuple[str, ...] = ()
        if recipe.compile:
            network.compile(dynamic=False)  # fuses the norms and activations: a quarter faster on two cores

    def begin(self, *, resume: bool) -> None:
        """Go on from the checkpoint where there is one and that is wanted. Raises `InputError` for another's."""
        if resume and self._checkpoint.exists():
            try:
                state = torch.load(self._checkpoint, map_location=self._device, weights_only=True)
                self.network.load_state_dict(state["network"])
                self.average.load_state_dict(state["average"])
                self._optimizer.load_state_dict(state["optimizer"])
            except (RuntimeError, KeyError, ValueError, EOFError) as error:
                raise InputError(
                    f"{self._checkpoint} is not a checkpoint of this network (other classes?); begin with --fresh."
                ) from error
            self.step, self._before = state["step"], state["seconds"]
            self.pictures = state.get("pictures", self.step * self._recipe.batch)
            self._report(f"resumed at step {self.step} after {self._before:.0f} s")
        self._curves.begin(self.step)
        self._begun = self._saved = time.monotonic()

    def seconds(self) -> float:
        """Time spent, in earlier stretches, too."""
        return self._before + time.monotonic() - self._begun

    def share(self) -> float:
        """How much of the recipe's steps or hours is used up, whichever is more."""
        return max(self.step / self._recipe.steps, self.seconds() / (self._recipe.hours * 3600.0))

    def take_step(self, loss_of: Loss, batch: Any, *, pictures: int) -> None:
        """Learn from one batch."""
        self._rate = learning_rate(self._recipe, self.step, self.share())
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate
        with torch.autocast(self._device.type, dtype=self._half, enabled=self._half is not None):
            parts = loss_of(self.network, batch, self._device)
        self._parts = tuple(parts)
        values = torch.stack(list(parts.values()))
        self._optimizer.zero_grad(set_to_none=True)
        self._scaler.scale(values.sum()).backward()
        self._scaler.unscale_(self._optimizer)
        nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_GRADIENT)
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self.step += 1
        self.pictures += pictures
        _follow(self.average, self.network, min(self._recipe.average_decay, (1 + self.step) / (10 + self.step)))
        self._losses.append(values.detach())

    def log(self) -> None:
        """Write what was learned since the last time to the curves and report it."""
        if not self._losses:
            return
        means = torch.stack(self._losses).float().mean(0).tolist()
        self._losses.clear()
        parts, seconds = dict(zip(self._parts, means, strict=True)), self.seconds()
        self._curves.add(
            step=self.step, seconds=round(seconds, 1), tiles=self.pictures, loss=sum(means), **parts, rate=self._rate
        )
        told = " ".join(f"{name} {value:.3f}" for name, value in parts.items())
        self._report(
            f"step {self.step}  loss {sum(means):.3f} ({told})  rate {self._rate:.5f}  {seconds:.0f} s  "
            f"{min(self.share(), 1.0):.0%} done, {_told_time(self._seconds_left())} left"
        )

    def judge(self, judge: Judge) -> None:
        """Let the average be judged, and report it."""
        figures = judge.tell(self.average, self.step)
        self._curves.add(step=self.step, seconds=round(self.seconds(), 1), tiles=self.pictures, **figures)
        best, at = judge.best()
        told = "  ".join(f"{name} {value:.3f}" for name, value in figures.items())
        self._report(f"step {self.step}  validation: {told}  (best {best:.3f} at step {at})")

    def save_due(self) -> bool:
        """Whether it is time for the next checkpoint."""
        return time.monotonic() - self._saved > self._recipe.checkpoint_minutes * 60

    def save(self) -> None:
        """Write the checkpoint, and draw the curves so far."""
        self._saved = time.monotonic()
        state = {
            "network": self.network.state_dict(), "average": self.average.state_dict(),
            "optimizer": self._optimizer.state_dict(), "step": self.step, "seconds": self.seconds(),
            "pictures": self.pictures,
        }  # fmt: skip
        part = self._checkpoint.with_suffix(".part")
        torch.save(state, part)
        part.replace(self._checkpoint)
        draw_curves(self._curves.path)

    def _seconds_left(self) -> float:
        spent = self.seconds()
        by_steps = spent / max(self.step, 1) * (self._recipe.steps - self.step)
        return max(0.0, min(by_steps, self._recipe.hours * 3600.0 - spent))


def fit(
    network: nn.Module,
    loss_of: Loss,
    batches: Iterator[Any],
    recipe: Recipe,
    checkpoint: Path,
    *,
    device: str,
    resume: bool,
    report: Report,
    parts: Sequence[str],
    judge: Judge | None = None,
) -> tuple[nn.Module, int]:
    """Train until the recipe's steps or hours are used up; returns the averaged network and the steps taken.

    ``curves.csv`` and ``curves.png`` beside `checkpoint` show the course, with the figures of `judge` where there is
    one.
    """
    curves = Curves(checkpoint.parent, parts, judge.names if judge else ())
    run = TrainingRun(network, recipe, checkpoint, choose_device(device), curves, report)
    run.begin(resume=resume)
    if judge is not None:
        judge.begin(resume=run.step > 0)
    try:
        for batch in _prefetched(batches):
            if run.share() >= 1:
                break
            run.take_step(loss_of, batch, pictures=recipe.batch)
            if run.step % LOG_EVERY == 0:
                run.log()
            if run.save_due():
                run.save()
            if judge is not None and judge.is_due():
                run.judge(judge)
    except KeyboardInterrupt:
        run.log()
        run.save()
        report(f"stopped at step {run.step}; the same command goes on from there")
        raise
    run.log()
    if judge is not None and run.step != judge.last_step:
        run.judge(judge)
    run.save()
    return run.average, run.step


def learning_rate(recipe: Recipe, step: int, progress: float) -> float:
    """Linear warm-up, then half a cosine down to `LAST_RATE`, by `progress` 0..1 of steps or time."""
    warm = min(1.0, (step + 1) / max(recipe.warmup_steps, 1))
    fall = LAST_RATE + (1 - LAST_RATE) * (1 + math.cos(math.pi * min(progress, 1.0))) / 2
    return recipe.learning_rate * warm * fall


def choose_device(name: str) -> torch.device:
    """The device of a name. Raises `InputError` where torch does not see it."""
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise InputError(f"{name!r} is not a device: cpu, cuda, cuda:1 or mps is wanted.") from error
    if device.type == "cuda":
        seen = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (device.index or 0) >= seen:
            raise InputError(f"The device {name!r} is not there: torch sees {seen} CUDA device(s).")
        torch.backends.cudnn.benchmark = True
        torch.set_float32_matmul_precision("high")
    elif device.type == "mps" and not torch.backends.mps.is_available():
        raise InputError(f"The device {name!r} is not there: torch sees no Metal device.")
    elif device.type not in ("cpu", "cuda", "mps"):
        raise InputError(f"{name!r} is not a device to train on: cpu, cuda, cuda:1 or mps is wanted.")
    return device


def half_precision(device: torch.device) -> torch.dtype | None:
    """The shorter number that `device` computes faster with, or None.

    bfloat16 on recent CUDA devices (float16 with scaled losses on older ones) and on processors with AVX512-BF16 or
    AMX, where it halves a step; emulated on others, it is slower than single precision. Metal stays in single.
    """
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.get_device_capability(device)[0] >= 8 else torch.float16
    if device.type == "cpu":
        able: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
        return torch.bfloat16 if able.get("avx512_bf16") or able.get("amx_bf16") else None
    return None


def _decayed(network: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Parameters in two sets: kernels decay, biases and norms do not."""
    kernels = [p for p in network.parameters() if p.requires_grad and p.ndim > 1]
    others = [p for p in network.parameters() if p.requires_grad and p.ndim <= 1]
    return [{"params": kernels, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


@torch.no_grad()  # type: ignore[untyped-decorator]
def _follow(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move the average a little towards the network."""
    own, new = average.state_dict(), network.state_dict()
    floats = [n for n, v in own.items() if v.is_floating_point()]
    torch._foreach_lerp_([own[n] for n in floats], [new[n] for n in floats], 1 - decay)


def _prefetched(batches: Iterator[_Item]) -> Iterator[_Item]:
    """The same batches, each prepared while the one before is used."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(next, batches)
        while True:
            ready = waiting.result()
            waiting = pool.submit(next, batches)
            yield ready


def _told_time(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"
