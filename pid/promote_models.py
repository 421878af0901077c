"""New networks take the place of those in use only where they have lost nothing significant."""

from __future__ import annotations

from pathlib import Path

from pid.model_versions import current_models, promote
from pid.verify.compare import Comparison, Progress, compare_models
from pid.verify.report import verdict


def promote_if_no_loss(
    models: Path,
    truth: Path,
    *,
    work: Path,
    force: bool = False,
    unaccepted: bool = False,
    progress: Progress | None = None,
) -> tuple[Comparison, str | None]:
    """Compare `models` with the networks in use on a folder of truth, and put them in use if nothing is lost.

    Returns the comparison and the name of the new version; None where something was lost and `force` was not said.
    """
    comparison = compare_models(truth, current_models(), models, work=work, unaccepted=unaccepted, progress=progress)
    if comparison.losses and not force:
        return comparison, None
    reason = f"{'forced: ' if comparison.losses else ''}{verdict(comparison)}"
    return comparison, promote(models, reason=reason)
