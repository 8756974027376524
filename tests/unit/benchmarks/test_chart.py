"""The picture is XML, holds every point inside its frame, and takes no zero on a logarithmic axis."""

from xml.etree import ElementTree

import pytest
from benchmarks.chart import Axis, Line, chart
from benchmarks.figures import figure
from benchmarks.sizes import cost_chart, lag_chart

NAME = "{http://www.w3.org/2000/svg}"


def places(picture: str) -> list[tuple[float, float]]:
    root = ElementTree.fromstring(picture)
    return [
        (float(x), float(y))
        for line in root.iter(f"{NAME}polyline")
        for x, y in (place.split(",") for place in line.attrib["points"].split())
    ]


def test_costs_by_size_stand_in_the_frame_and_rise() -> None:
    found = {size: figure([size / 100, size / 90]) for size in (100, 1000, 10_000)}
    drawn = places(cost_chart(found, {}))
    assert len(drawn) == 3
    assert all(0 <= x <= 720 and 0 <= y <= 400 for x, y in drawn)
    assert drawn == sorted(drawn)
    assert [y for _, y in drawn] == sorted((y for _, y in drawn), reverse=True), "up is more"


def test_a_lag_that_shrinks_is_drawn_downwards() -> None:
    drawn = places(lag_chart([[0.0, 1000.0, 0.0, None], [1.0, 1100.0, 800.0, 1.0], [2.0, 1200.0, 1200.0, 0.5]]))
    assert [y for _, y in drawn] == sorted(y for _, y in drawn)


def test_names_are_escaped() -> None:
    picture = chart("a < b & c", "", [Line("<x>", [(1, 1), (2, 2)])], Axis("x"), Axis("y"))
    ElementTree.fromstring(picture)


def test_a_logarithmic_axis_has_no_zero() -> None:
    with pytest.raises(ValueError, match="zero"):
        chart("t", "", [Line("l", [(0, 1), (1, 2)])], Axis("x", logarithmic=True), Axis("y"))
