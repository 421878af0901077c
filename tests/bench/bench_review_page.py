"""How soon the review page answers: panning and zooming a 10000 x 7000 sheet with 2000 overlays, and its first paint.

Run by hand: ``python -m tests.bench.bench_review_page [--overlays 2000] [--screen 1280x800]``. Headless Chromium with
software rendering. An answer is the time from the input event to the start of the second frame after it was dealt with,
so that each figure is too large by up to a frame. Marks: 100 ms for panning and zooming, 1 s for the first paint.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

from pid.drawing import Drawing, Line, SheetInfo, Source, Symbol, Word
from tests.web.pages.conftest import ARGUMENTS, CHROMIUM, add_sheet, serving
from tests.web.serving import PASSWORD, start_service

SIZE = (10_000, 7_000)
FIRST_PAINT_MARK_MS = 1000
SETTLE_MS = 600
WATCH = """() => {
    window.answers = { pointermove: [], wheel: [] };
    const sheet = document.querySelector("#sheet");
    const painted = (event) => requestAnimationFrame(() => requestAnimationFrame(
        () => window.answers[event.type].push(performance.now() - event.timeStamp)));
    for (const type of ["pointermove", "wheel"]) sheet.addEventListener(type, painted);
}"""


IDLE = """async () => {
    const times = [];
    for (let i = 0; i < 60; i += 1) {
        const start = performance.now();
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        times.push(performance.now() - start);
    }
    return times;
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--overlays", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--screen", default="1280x800")
    options = parser.parse_args()
    width, height = (int(v) for v in options.screen.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        service = start_service(Path(folder))
        chance = random.Random(1)
        page_id = add_sheet(service, busy_drawing(options.overlays, chance), name="a0.png", image=busy_image(chance))
        with serving(service) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
            page = browser.new_page(viewport={"width": width, "height": height})
            page.goto(f"{address}/sign-in")
            page.fill("[name=name]", "estimator")
            page.fill("[name=password]", PASSWORD)
            page.click("#sign-in button")
            page.wait_for_url(f"{address}/")
            report(page, f"{address}/pages/{page_id}", options.rounds)
            browser.close()


def report(page: Any, address: str, rounds: int) -> None:
    """Measure and print."""
    for name in ("first visit", "second visit"):
        page.goto(address)
        page.wait_for_selector("body[data-ready]")
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        ready = page.evaluate("performance.now()")
        print(f"{name}: first paint {paint:.0f} ms (mark {FIRST_PAINT_MARK_MS}), overlays there within {ready:.0f} ms")
    page.evaluate("for (const part of ['symbols', 'lines', 'words']) review.layers.toggle(part, true)")
    page.evaluate(WATCH)
    shown = page.evaluate("review.overlay.items.length")
    print(f"two frames while nothing happens: {spread(page.evaluate(IDLE))}")
    for name, zoom in (("the whole sheet", 0.5), ("half size", 4.0), ("full size", 5.0)):
        page.evaluate("zoom => review.sheet.map.setView([3500, 5000], zoom, {animate: false})", zoom)
        page.wait_for_timeout(SETTLE_MS)
        pan(page, rounds)
        zoom_to_and_fro(page, rounds // 6)
        answers = page.evaluate("const now = answers; window.answers = { pointermove: [], wheel: [] }; now")
        print(f"{name} with {shown} overlays: pan {spread(answers['pointermove'])}; zoom {spread(answers['wheel'])}")


def pan(page: Any, steps: int) -> None:
    """Drag the sheet in circles by the empty space."""
    page.mouse.move(450, 420)
    page.mouse.down()
    for i in range(steps):
        page.mouse.move(450 + 180 * np.cos(i / 6), 420 + 180 * np.sin(i / 6))
        page.wait_for_timeout(16)
    page.mouse.up()
    page.wait_for_timeout(SETTLE_MS)


def zoom_to_and_fro(page: Any, times: int) -> None:
    """Turn the wheel by four notches one way, and back."""
    for i in range(times):
        for _ in range(4):
            page.mouse.wheel(0, 120 if i % 2 else -120)
            page.wait_for_timeout(16)
        page.wait_for_timeout(SETTLE_MS)


def spread(times: list[float]) -> str:
    """Median, 95th percentile and largest."""
    ordered = sorted(times)
    high = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return f"median {statistics.median(ordered):.0f}, 95 % {high:.0f}, most {ordered[-1]:.0f} ms of {len(times)}"


def busy_image(chance: random.Random) -> np.ndarray:
    """A sheet full of lines and boxes, (H, W)."""
    image = np.full((SIZE[1], SIZE[0]), 255, np.uint8)
    for _ in range(1500):
        x, y, length = chance.randrange(SIZE[0] - 900), chance.randrange(SIZE[1] - 900), chance.randrange(60, 900)
        image[y : y + 4, x : x + length] = 0
        image[y : y + length, x : x + 4] = 0
    return image


def busy_drawing(overlays: int, chance: random.Random) -> Drawing:
    """Half symbols, the rest lines and words, all over the sheet."""

    def box(width: float, height: float) -> tuple[float, float, float, float]:
        x, y = chance.uniform(0, SIZE[0] - width), chance.uniform(0, SIZE[1] - height)
        return x, y, x + width, y + height

    symbols = tuple(
        Symbol(id=f"s{i}", kind="gate_valve", group="valve", box=box(80, 60), score=chance.uniform(0.3, 1))
        for i in range(overlays // 2)
    )
    lines = tuple(
        Line(id=f"l{i}", points=((b := box(800, 500))[:2], (b[2], b[1]), b[2:]), score=chance.uniform(0.6, 1))
        for i in range(overlays // 4)
    )
    words = tuple(
        Word(id=f"w{i}", text=f"V-{i}", box=box(120, 25), score=chance.uniform(0.6, 1))
        for i in range(overlays - len(symbols) - len(lines))
    )
    source = Source(name="a0.png", sha256="0" * 64)
    return Drawing(
        source=source, sheet=SheetInfo(width=SIZE[0], height=SIZE[1]), symbols=symbols, lines=lines, words=words
    )


if __name__ == "__main__":
    sys.exit(main())
