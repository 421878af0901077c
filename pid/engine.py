"""Run an ONNX file on the processor: the only file that knows the inference engines, and that chooses between them.

Measured with the shipped networks on two cores of an AMD EPYC with AVX2, processor seconds: OpenVINO 0.10 a tile of
640 px, ONNX Runtime 0.21; loading both networks takes 1.0 s the first time with OpenVINO, 0.15 s from its cache, 0.33 s
with ONNX Runtime. So OpenVINO is the default; ONNX Runtime is there for comparison (extra ``bench``).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from pid.errors import InputError

EngineName = Literal["openvino", "onnxruntime"]
ENGINE: EngineName = "openvino"

Batch = NDArray[np.float32]
Inputs = Batch | Mapping[str, NDArray[Any]]
"""What a network is given: one array (B, 1, S, S), or arrays by the names of its inputs."""
MOST_STREAMS = 4
"""Batches at work side by side, each on its own share of the threads; one takes about 60 MB a tile."""
MOST_CACHED = 12
"""Compiled networks kept in the cache, the newest: a training run makes a new one at each export."""


class Network(Protocol):
    """A network that is ready to run."""

    def __call__(self, batch: Inputs, /) -> tuple[Batch, ...]:
        """The outputs, in the file's order, of one batch."""

    def run(self, batches: Iterable[Inputs], /) -> list[tuple[Batch, ...]]:
        """The outputs of each batch, in the batches' order; they are drawn one by one while others are at work."""


def load_network(path: Path, *, threads: int | None = None, engine: EngineName = ENGINE) -> Network:
    """Make an ONNX file ready for the CPU. Raises `InputError` where it is missing or broken.

    Args:
        path: the file.
        threads: processor threads; all that this process may use where it is not given.
        engine: what runs it.
    """
    if not path.is_file():
        raise InputError(f"{path} is missing: the network's file was not installed or trained yet.")
    count = usable_threads() if threads is None else max(1, threads)
    return _OpenVino(path, count) if engine == "openvino" else _OnnxRuntime(path, count)


def usable_threads() -> int:
    """Processor threads that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def cache_folder() -> Path | None:
    """Where compiled networks are kept between runs, in the user's cache folder; None where none can be made."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(base) / "pid" / "networks"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None


class _OpenVino:
    """Several streams with requests in flight: two cores on a tile each lose less than both on one tile."""

    def __init__(self, path: Path, threads: int) -> None:
        silence_telemetry()
        import openvino

        streams = min(threads, MOST_STREAMS)
        # Single precision everywhere: processors with AMX would count in bfloat16 and find boxes that others do not.
        options: dict[str, Any] = {
            "NUM_STREAMS": streams, "INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32",
        }  # fmt: skip
        cache = cache_folder()
        if cache is not None:
            _drop_old(cache)
            options |= {"CACHE_DIR": str(cache), "CACHE_MODE": "OPTIMIZE_SPEED"}
        try:
            self._compiled = openvino.Core().compile_model(str(path), "CPU", options)
        except RuntimeError as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"{path} is not a network that OpenVINO can read: {reason}.") from error
        self._queue: Any = openvino.AsyncInferQueue(self._compiled, streams)
        self._outputs = len(self._compiled.outputs)

    def __call__(self, batch: Inputs, /) -> tuple[Batch, ...]:
        return self.run([batch])[0]

    def run(self, batches: Iterable[Inputs], /) -> list[tuple[Batch, ...]]:
        results: dict[int, tuple[Batch, ...]] = {}

        def keep(request: Any, place: int) -> None:
            # Copied: the request's memory is written again by its next batch.
            results[place] = tuple(np.array(request.get_output_tensor(i).data) for i in range(self._outputs))

        self._queue.set_callback(keep)
        for place, batch in enumerate(batches):
            self._queue.start_async(batch if isinstance(batch, np.ndarray) else dict(batch), place)
        self._queue.wait_all()
        return [results[place] for place in range(len(results))]


class _OnnxRuntime:
    """One batch after the other, all threads on each."""

    def __init__(self, path: Path, threads: int) -> None:
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        try:
            import onnxruntime
        except ImportError as error:
            raise InputError("ONNX Runtime is not installed: pip install onnxruntime.") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises classes of its own that share no public base
            reason = str(error).splitlines()[0]
            raise InputError(f"{path} is not a network that ONNX Runtime can read: {reason}.") from error
        self._name = self._session.get_inputs()[0].name

    def __call__(self, batch: Inputs, /) -> tuple[Batch, ...]:
        given = {self._name: batch} if isinstance(batch, np.ndarray) else dict(batch)
        return tuple(self._session.run(None, given))

    def run(self, batches: Iterable[Inputs], /) -> list[tuple[Batch, ...]]:
        return [self(batch) for batch in batches]


def silence_telemetry() -> None:
    """Keep OpenVINO from sending usage statistics, which it does at import, and only if its telemetry can be imported.

    It takes a missing module for a no, which must be missing before the first import in the process.
    """
    sys.modules.setdefault("openvino_telemetry", cast(ModuleType, None))


def _drop_old(cache: Path) -> None:
    """Remove all but the newest compiled networks; another process may do the same at the same time."""
    try:
        blobs = sorted(cache.glob("*.blob"), key=lambda p: p.stat().st_mtime, reverse=True)
        for old in blobs[MOST_CACHED:]:
            old.unlink(missing_ok=True)
    except OSError:
        return
