"""The review page in a real browser: what a person does there is what the store holds afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pid.drawing import Drawing, Symbol

from .conftest import MARKUP, Site, settle

Page = Any
Review = Callable[..., Page]


def symbol(drawing: Drawing, name: str) -> Symbol:
    return next(s for s in drawing.symbols if s.id == name)


def first_revision(site: Site) -> Drawing:
    return site.service.store.revision(site.page_id, 1)[1]


def on_screen(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a place of the sheet is on the screen."""
    left, upper = page.evaluate(
        "([x, y]) => { const r = document.querySelector('#sheet').getBoundingClientRect();"
        " const p = review.sheet.toScreen([x, y]); return [p[0] + r.left, p[1] + r.top]; }",
        [x, y],
    )
    return float(left), float(upper)


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag from one place of the sheet to another."""
    page.mouse.move(*on_screen(page, *start))
    page.mouse.down()
    page.mouse.move(*on_screen(page, (start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
    page.mouse.move(*on_screen(page, *end))
    page.mouse.up()


def click(page: Page, x: float, y: float) -> None:
    page.mouse.click(*on_screen(page, x, y))


def look_at(page: Page, name: str) -> None:
    """Select an element and zoom to it, without the animation."""
    page.evaluate("name => { review.select(name); review.sheet.look(review.selected.box, {animate: false}); }", name)


def middle(box: tuple[float, float, float, float]) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def test_the_queue_is_done_by_keys(review: Review, site: Site) -> None:
    page = review()
    total = page.evaluate("review.queue.items.length")
    assert total == sum(s.score == 0.7 for s in site.head().symbols)
    page.keyboard.press("j")
    first = page.evaluate("review.selected.name")
    page.keyboard.press("Enter")  # accepted: the next one is shown
    second = page.evaluate("review.selected.name")
    page.keyboard.press("1")  # is a ball valve
    page.keyboard.press("k")
    page.keyboard.press("j")
    page.keyboard.press("j")
    third = page.evaluate("review.selected.name")
    page.keyboard.press("Delete")
    settle(page)
    head = site.head()
    assert len({first, second, third}) == 3
    assert symbol(head, first).score == 1.0
    assert (symbol(head, second).kind, symbol(head, second).group) == ("ball_valve", "valve")
    assert symbol(head, second).found_by[-1] == "person"
    assert third not in {s.id for s in head.symbols}
    assert page.evaluate("review.queue.items.length") == total - 3


def test_undo_and_redo_lead_to_the_same_drawings(review: Review, site: Site) -> None:
    before = site.head()
    page = review()
    page.keyboard.press("j")
    page.keyboard.press("Delete")
    settle(page)
    edited = site.head()
    assert len(edited.symbols) == len(before.symbols) - 1
    page.keyboard.press("Control+z")
    settle(page)
    undone = site.head()
    assert undone.model_copy(update={"findings": before.findings}) == before
    page.keyboard.press("Control+y")
    settle(page)
    assert site.head() == edited
    assert [r.note for r in site.service.store.revisions(site.page_id).items[:2]] == ["Redo: Removed", "Undo: Removed"]


def test_boxes_are_drawn_moved_and_resized(review: Review, site: Site) -> None:
    page = review()
    page.evaluate("review.sheet.map.setView([1100, 1700], review.sheet.deepest, {animate: false})")
    page.keyboard.press("b")
    drag(page, (1700, 1150), (1760, 1200))
    page.keyboard.type("Gate valve")
    page.keyboard.press("Enter")
    settle(page)
    known = {s.id for s in first_revision(site).symbols}
    added = [s for s in site.head().symbols if s.id not in known]
    assert [(s.kind, s.group, s.score, s.found_by) for s in added] == [("gate_valve", "valve", 1.0, ("person",))]
    assert added[0].box == pytest.approx((1700, 1150, 1760, 1200), abs=1.5)
    page.keyboard.press("v")
    drag(page, (1730, 1175), (1780, 1215))  # by its middle: moved by 50, 40
    settle(page)
    assert symbol(site.head(), added[0].id).box == pytest.approx((1750, 1190, 1810, 1240), abs=2.5)
    drag(page, (1810, 1240), (1850, 1300))  # by its corner
    settle(page)
    assert symbol(site.head(), added[0].id).box == pytest.approx((1750, 1190, 1850, 1300), abs=4)


def test_tags_and_kinds_are_typed(review: Review, site: Site) -> None:
    page = review()
    look_at(page, "symbols:s5")
    page.fill("#card [data-field=tag]", "XV-4711")
    page.keyboard.press("Enter")
    page.fill("#card [data-field=kind]", "no such thing")
    page.keyboard.press("Enter")
    page.wait_for_selector(".remark.error")
    settle(page)
    changed = symbol(site.head(), "s5")
    assert changed.tag == "XV-4711"
    assert changed.kind == symbol(first_revision(site), "s5").kind


def test_symbols_are_connected_and_disconnected(review: Review, site: Site) -> None:
    drawing = site.head()
    known = drawing.connections[0]
    page = review()
    look_at(page, f"symbols:{known.a}")
    page.click(".neighbours summary")
    count = len([c for c in drawing.connections if known.a in (c.a, c.b)])
    page.click(".neighbours button[aria-label=Disconnect] >> nth=0")
    settle(page)
    assert len([c for c in site.head().connections if known.a in (c.a, c.b)]) == count - 1
    a, b = next(
        (s.id, o.id)
        for s in drawing.symbols for o in drawing.symbols
        if s.id < o.id and 80 < abs(s.box[0] - o.box[0]) < 300 and abs(s.box[1] - o.box[1]) < 200
        and not any({s.id, o.id} == {c.a, c.b} for c in drawing.connections)
    )  # fmt: skip
    look_at(page, f"symbols:{a}")
    page.evaluate("box => review.sheet.map.setZoom(review.sheet.deepest, {animate: false})", None)
    page.keyboard.press("c")
    for name in (a, b):
        click(page, *middle(symbol(drawing, name).box))
    settle(page)
    assert any({c.a, c.b} == {a, b} for c in site.head().connections)


def test_a_line_is_split(review: Review, site: Site) -> None:
    drawing = site.head()
    line = max(
        (one for one in drawing.lines if len(one.points) == 2 and any(one.id in c.lines for c in drawing.connections)),
        key=lambda one: abs(one.points[0][0] - one.points[1][0]) + abs(one.points[0][1] - one.points[1][1]),
    )
    place = middle((*line.points[0], *line.points[1]))
    page = review()
    look_at(page, f"lines:{line.id}")
    page.keyboard.press("x")
    click(page, *place)
    settle(page)
    head = site.head()
    parts = [one for one in head.lines if one.id not in {o.id for o in drawing.lines}]
    assert line.id not in {one.id for one in head.lines}
    assert [parts[0].points[0], parts[1].points[-1]] == [line.points[0], line.points[-1]]
    assert parts[0].points[-1] == pytest.approx(place, abs=6)  # two pixels of the screen
    for c in drawing.connections:
        if line.id in c.lines:
            kept = next(k for k in head.connections if (k.a, k.b) == (c.a, c.b))
            assert {p.id for p in parts} <= set(kept.lines)


def test_a_line_is_drawn(review: Review, site: Site) -> None:
    page = review()
    page.evaluate("review.sheet.map.setView([1100, 1700], review.sheet.deepest, {animate: false})")
    page.keyboard.press("l")
    for place in ((1600, 1200), (1700, 1200), (1700, 1260)):
        click(page, *place)
        page.wait_for_timeout(300)  # two clicks in a row are a double click, which ends the line
    page.keyboard.press("Enter")
    settle(page)
    drawn = site.head().lines[-1]
    assert [tuple(round(v, -1) for v in p) for p in drawn.points] == [(1600, 1200), (1700, 1200), (1700, 1260)]


def test_thresholds_show_what_they_buy(review: Review, site: Site) -> None:
    page = review()
    scores = [s.score for s in site.head().symbols]
    names, values = (page.locator(f".figures {tag}").all_inner_texts() for tag in ("dt", "dd"))
    figures = dict(zip(names, values, strict=True))
    accepted = [s for s in scores if s >= 0.9]
    assert figures == {
        "Accepted": str(len(accepted)), "To review": str(sum(0.5 <= s < 0.9 for s in scores)), "Left out": "1",
        "Expected precision": f"{sum(accepted) / len(accepted):.1%}",
    }  # fmt: skip
    page.locator("input[aria-label='Accept from']").fill("0.7")
    accepted = [s for s in scores if s >= 0.7]
    assert page.locator(".figures dd").nth(0).inner_text() == str(len(accepted))
    assert page.locator(".figures dd").nth(3).inner_text() == f"{sum(accepted) / len(accepted):.1%}"
    assert page.locator(".queue .done").is_visible()
    page.click("text=Accept all from 0.70")
    settle(page)
    assert [s.id for s in site.head().symbols if s.score < 1] == ["s1"]
    page.click("#thresholds >> text=Keep")
    page.wait_for_selector("text=kept for the whole project")
    assert site.service.store.project(site.service.project.id).accept_score == 0.7


def test_an_edit_on_an_older_revision_is_done_again_on_the_newer(review: Review, site: Site) -> None:
    page = review()
    operations = [{"op": "change", "part": "symbols", "id": "s7", "value": {"tag": "MEANWHILE"}}]
    body = {"base": 1, "operations": operations}
    answer = site.service.call("PATCH", f"/pages/{site.page_id}/drawing", by="reviewer", json=body)
    assert answer.status_code == 200
    look_at(page, "symbols:s5")
    page.fill("#card [data-field=tag]", "MINE")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Somebody else changed this page")
    settle(page)
    assert (symbol(site.head(), "s7").tag, symbol(site.head(), "s5").tag) == ("MEANWHILE", "MINE")
    assert all("409" in trouble for trouble in page.troubles)
    page.troubles.clear()


def test_bill_rows_and_symbols_light_each_other_up(review: Review) -> None:
    page = review()
    page.click("#tab-bill")
    row = page.locator("table.bill tr[data-ids]").nth(2)
    ids = row.get_attribute("data-ids").split()
    row.hover()
    assert page.evaluate("[...review.overlay.lit]") == [f"symbols:{name}" for name in ids]
    page.evaluate("name => review.select(`symbols:${name}`)", ids[0])
    assert page.locator("table.bill tr.on").get_attribute("data-ids").split() == ids


def test_fields_are_applied_together(review: Review, site: Site) -> None:
    page = review()
    page.click("#tab-fields")
    page.fill("table.fields input[aria-label=title]", "COOLING WATER")
    page.fill("table.fields input[aria-label=revision]", "F")
    assert page.evaluate("review.selected.key") == "fields:revision"
    page.click("text=Apply")
    settle(page)
    block = site.head().title_block
    assert block is not None
    fields = {field.name: field for field in block.fields}
    assert (fields["title"].value, fields["revision"].value) == ("COOLING WATER", "F")
    assert fields["title"].edited and not fields["drawn_by"].edited
    assert site.service.store.page(site.page_id).head == 2


def test_table_cells_are_edited(review: Review, site: Site) -> None:
    page = review()
    page.click("#tab-tables")
    filled = page.locator("table.cells input").evaluate_all("all => all.findIndex(one => one.value)")
    cell = page.locator("table.cells input").nth(filled)
    old = cell.input_value()
    cell.fill("REVISED")
    page.keyboard.press("Tab")
    settle(page)
    before, after = ([c.text for c in drawing.tables[0].cells] for drawing in (first_revision(site), site.head()))
    assert "REVISED" in after
    assert after.count(old) == before.count(old) - 1


def test_a_link_opens_the_page_at_an_element(review: Review, site: Site) -> None:
    page = review(query="?element=s9")
    assert page.evaluate("review.selected.key") == "symbols:s9"
    x0, y0, x1, y1 = symbol(site.head(), "s9").box
    assert page.evaluate("corners => review.sheet.map.getBounds().contains(corners)", [[y0, x0], [y1, x1]])
    assert page.evaluate("review.sheet.scale") > 0.3


def test_an_earlier_revision_is_restored(review: Review, site: Site) -> None:
    page = review()
    page.keyboard.press("j")
    page.keyboard.press("Delete")
    settle(page)
    page.click("#tab-history")
    page.click(".revision >> text=Restore")
    page.click("dialog >> text=Restore")
    page.wait_for_selector("text=Revision 1 is the current one again")
    assert page.is_disabled("#undo")  # what was done before belongs to another revision
    assert len(site.head().symbols) == len(first_revision(site).symbols)
    assert site.service.store.page(site.page_id).head == 3


def test_viewers_see_but_do_not_edit(review: Review, site: Site) -> None:
    page = review("viewer")
    page.keyboard.press("j")
    for key in ("Enter", "Delete", "1"):
        page.keyboard.press(key)
    assert page.locator("#card .actions").count() == 0
    assert page.locator("#tools button:not([disabled])").count() == 1
    assert page.evaluate("review.session.done.length") == 0
    assert site.service.store.page(site.page_id).head == 1


def test_names_and_tags_are_never_markup(review: Review, site: Site, sign_in: Callable[..., Page]) -> None:
    page = review(query="?element=s2")
    assert page.input_value("#card [data-field=tag]") == MARKUP
    page.click("#tab-bill")
    page.wait_for_selector("table.bill")
    page.goto(f"{site.address}/projects/{site.service.project.id}")
    assert MARKUP in page.inner_text(".document h2")
    assert page.locator("img[src=x]").count() == 0


def test_it_works_on_a_tablet(review: Review) -> None:
    page = review(width=1024, height=768)
    assert page.evaluate("document.documentElement.scrollWidth <= 1024 && document.documentElement.scrollHeight <= 768")
    for name in ("bill", "fields", "tables", "findings", "history", "review"):
        tab = page.locator(f"#tab-{name}")
        box = tab.bounding_box()
        assert box["x"] + box["width"] <= 1024
        tab.click()
        assert page.locator(f"#panel-{name}").is_visible()


def test_everything_has_a_name_for_screen_readers(review: Review) -> None:
    page = review()
    nameless = page.evaluate(
        "[...document.querySelectorAll('button, a[href], input, select, textarea, summary, [role=application]')]"
        ".filter(e => !(e.textContent.trim() || e.getAttribute('aria-label') || e.getAttribute('aria-labelledby')"
        " || e.labels?.length)).map(e => e.outerHTML)"
    )
    assert nameless == []
