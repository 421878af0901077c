"""The way of the flow on every line, with a confidence: evidence carried along the pipes.

Evidence goes on unchanged through parts and bends (what flows in flows out), weakens where it runs straight on past a
branch, and tells the last unknown arm of a joint whose other arms all lead in (or all out). Where nothing tells, the
flow stays unknown. Two signs that contradict each other on one pipe make a conflict.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pid.graph.flow_evidence import Evidence
from pid.graph.piping import Piping

THROUGH_PART, PAST_BRANCH, LAST_ARM = 0.995, 0.9, 0.9
"""What a confidence is multiplied by on each step."""
LEAST = 0.5
"""A flow less certain than this is not carried on."""
CLEAR_LEAD = 0.12
"""Of two signs that contradict each other, one that is so much more certain is believed."""


@dataclass(frozen=True)
class Flow:
    """The flow on a line: `sense` 1 from its start to its end, -1 back; `by` is the symbol or line that shows it."""

    sense: int
    confidence: float
    source: str
    by: str


@dataclass(frozen=True)
class Conflict:
    """Two signs that contradict each other on a pipe, and the line where they meet."""

    line: int
    first: Evidence
    second: Evidence


@dataclass(frozen=True)
class _Sign:
    line: int
    sense: int
    confidence: float
    origin: Evidence
    pure: bool
    """Carried through parts and bends only: a contradiction then is a mistake and no parting of ways."""


def infer_flows(piping: Piping, evidence: Sequence[Evidence]) -> tuple[dict[int, Flow], tuple[Conflict, ...]]:
    """Line index -> flow, for the lines on which something tells it, and the conflicts met."""
    return _Inference(piping, evidence).run()


class _Inference:
    def __init__(self, piping: Piping, evidence: Sequence[Evidence]) -> None:
        self.piping = piping
        self.known: dict[int, _Sign] = {}
        self.conflicts: dict[frozenset[str], Conflict] = {}
        self.doubtful: set[int] = set()
        self.queue: list[tuple[float, int, _Sign]] = []
        self.count = 0
        for e in evidence:
            self._push(_Sign(e.line, e.sense, e.confidence, e, True))

    def run(self) -> tuple[dict[int, Flow], tuple[Conflict, ...]]:
        while self.queue:
            while self.queue:
                self._settle(heapq.heappop(self.queue)[2])
            for sign in self._last_arms():
                self._push(sign)
        flows = {
            line: Flow(
                s.sense, s.confidence, s.origin.source if s.origin.line == line else "along the pipe", s.origin.by
            )
            for line, s in self.known.items()
            if line not in self.doubtful
        }
        return flows, tuple(self.conflicts.values())

    def _push(self, sign: _Sign) -> None:
        if sign.confidence >= LEAST:
            self.count += 1
            heapq.heappush(self.queue, (-sign.confidence, self.count, sign))

    def _settle(self, sign: _Sign) -> None:
        """Believe a sign, or note that it contradicts what is believed; the most certain signs come first."""
        held = self.known.get(sign.line)
        if held is not None:
            if held.sense != sign.sense and held.pure and sign.pure and held.origin.by != sign.origin.by:
                key = frozenset((held.origin.by, sign.origin.by))
                self.conflicts.setdefault(key, Conflict(sign.line, held.origin, sign.origin))
                if held.confidence - sign.confidence < CLEAR_LEAD:
                    self.doubtful.add(sign.line)
            return
        self.known[sign.line] = sign
        for which in (0, 1):
            leaves = (sign.sense > 0) == (which == 1)
            for step in self.piping.steps((sign.line, which)):
                if step.kind == "branch":
                    continue
                line, end = step.end
                into = 1 if end == 0 else -1
                factor = THROUGH_PART if step.kind == "series" else PAST_BRANCH
                self._push(
                    _Sign(
                        line,
                        into if leaves else -into,
                        sign.confidence * factor,
                        sign.origin,
                        sign.pure and step.kind == "series",
                    )
                )

    def _last_arms(self) -> Iterator[_Sign]:
        """The unknown arm of each joint whose other arms all lead in, or all out."""
        for ends in self.piping.at_joint.values():
            arms = [end for end in ends if self.piping.is_process[end[0]]]
            unknown = [end for end in arms if end[0] not in self.known]
            if len(arms) < 3 or len(unknown) != 1:
                continue
            signs = [(self.known[line], which) for line, which in arms if (line, which) != unknown[0]]
            leads_in = {(s.sense > 0) == (which == 1) for s, which in signs}
            if len(leads_in) != 1:
                continue
            line, which = unknown[0]
            away = 1 if which == 0 else -1
            weakest = min((s for s, _ in signs), key=lambda s: s.confidence)
            confidence = weakest.confidence * LAST_ARM
            if confidence >= LEAST:
                yield _Sign(line, away if leads_in.pop() else -away, confidence, weakest.origin, False)
