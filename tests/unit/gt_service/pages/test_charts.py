"""The drawings: well-formed, escaped, inside their frame, and readable without colours."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from gt_service.objects import S3Uri
from gt_service.outputs.labels import Box
from gt_service.pages import charts, plot, svg
from gt_service.pages.parts import Counts
from gt_service.pages.samples import LabeledImage, drawn
from gt_service.records.names import Role


def parsed(drawing: Markup) -> ElementTree.Element:
    return ElementTree.fromstring(str(drawing))


def point(batch: int, share: float, cost: int | None, role: str = "warm") -> charts.ChainPoint:
    return charts.ChainPoint(batch=batch, role=Role(role), objects=1250, machine_share=share, cost_mills=cost)


def test_text_is_escaped() -> None:
    """A label or a file name is the users' own text; unescaped it would be markup in the operator's page."""
    drawing = svg.element("text", "<script>", title='"><img>')
    assert "<script>" not in drawing
    assert "<img>" not in drawing


NOTEBOOK = [point(1, 0.48, 170_200, "first"), point(2, 0.8, 127_000), point(2, 0.6, 154_000, "control")]


def test_chain_chart_shows_the_notebooks_shares_and_tells_the_control_apart_by_shape() -> None:
    shares = parsed(charts.machine_share(NOTEBOOK))
    classes = [one.get("class") for one in shares.iter("rect")]
    assert classes == ["bar machine", "bar machine", "bar control"]
    text = re.sub(r"\s", " ", "".join(shares.itertext()))
    assert all(share in text for share in ("48 %", "80 %", "60 %"))
    costs = parsed(charts.cost_per_image(NOTEBOOK))
    assert len(list(costs.iter("circle"))) == 2
    assert [one.get("class") for one in costs.iter("path")] == ["point control"]


@given(
    st.lists(
        st.builds(
            point,
            st.integers(1, 2000),
            st.floats(0, 1),
            st.one_of(st.none(), st.integers(0, 10_000_000)),
            st.sampled_from(["first", "warm", "control"]),
        ),
        min_size=1,
        max_size=60,
    )
)
def test_every_shape_stays_inside_its_frame(points: list[charts.ChainPoint]) -> None:
    for drawing in (charts.machine_share(points), charts.cost_per_image(points)):
        if not drawing:
            continue
        for shape in parsed(drawing).iter():
            for name, most in (("x", plot.WIDTH), ("y", plot.HEIGHT), ("cx", plot.WIDTH), ("cy", plot.HEIGHT)):
                if shape.get(name) is not None:
                    assert -1 <= float(shape.get(name, "0")) <= most + 1


def test_no_style_attributes() -> None:
    """The pages' policy would drop them, and the drawing would be black on black."""
    drawings = [
        charts.machine_share(NOTEBOOK),
        charts.cost_per_image(NOTEBOOK),
        charts.progress(Counts(1, 2, 3, 10)),
        charts.spend(spent=1, committed=2, cap=10),
        charts.iterations([(1, 10, 0), (12, 5, 100)]),
        charts.lines([charts.Series("a", ((1.0, 0.5),))], x_name="epoch", title="t"),
        charts.estimate(low=1, likely=2, high=3, ceiling=4, all_human=5),
    ]
    for drawing in drawings:
        assert "style=" not in drawing
        assert parsed(drawing).find("title") is not None


@pytest.mark.parametrize("highest", [0, 0.003, 0.136, 1, 7, 1250, 99_999])
def test_ticks_are_round_and_reach_the_highest_value(highest: float) -> None:
    marks = plot.marks(highest)
    assert marks[0] == 0
    assert marks[-1] >= highest
    assert 2 <= len(marks) <= 6


@pytest.mark.parametrize("highest", [1, 2, 3, 7, 10, 11, 42, 99, 1250, 99_999])
def test_images_are_counted_in_whole_ones(highest: int) -> None:
    """Lines at 2.5 and 7.5 were called 2 and 8."""
    marks = plot.marks(highest, whole=True)
    assert all(mark == int(mark) for mark in marks)
    assert marks[-1] >= highest
    assert 2 <= len(marks) <= 6


@given(st.floats(0.0001, 1e6))
def test_a_line_is_called_by_its_number(highest: float) -> None:
    marks = plot.marks(highest)
    digits = plot.decimals(marks, least=2)
    assert [float(f"{mark:.{digits}f}") for mark in marks] == marks


def test_progress_never_overflows() -> None:
    """Counters can run ahead of the object count while a job runs."""
    drawing = parsed(charts.progress(Counts(900, 900, 0, 1250)))
    widths = [float(one.get("width", "0")) for one in drawing.iter("rect") if one.get("class") != "track"]
    assert sum(widths) == pytest.approx(360)


def test_boxes_by_machine_are_dashed() -> None:
    boxes = (Box("Bird", 1, 1, 5, 5),)
    images = [
        LabeledImage(S3Uri("b", "i.jpg"), 32, 24, boxes, "", by_machine, (0.9,) if by_machine else ())
        for by_machine in (True, False)
    ]
    drawings = [parsed(sample.drawing) for sample in drawn(images, address=lambda uri: f"https://x/{uri.key}")]
    dashes = {
        box.get("class"): box.get("stroke-dasharray")
        for drawing in drawings
        for box in drawing.iter("rect")
        if box.get("class") != "box halo"
    }
    assert dashes["box machine"] is not None
    assert dashes["box human"] is None
    assert "Bird 0.90" in "".join(drawings[0].itertext())
    assert "0." not in "".join(drawings[1].itertext())
