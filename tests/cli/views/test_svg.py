"""Plots are well formed, inside their box, and say when there is nothing."""

import re
from xml.etree import ElementTree

from arb.cli.views.svg import bar_plot, line_plot


def test_plots_are_well_formed_and_inside_their_box():
    for plot in (
        line_plot([(0, 5), (1, -5), (2, 1e9)], "a & b", ("<", ">")),
        bar_plot({"BTC": 1.0, "<ETH>": -3.0}, "bars"),
        bar_plot({"BTC": 0.0}, "zero"),
    ):
        svg = ElementTree.fromstring(plot)
        heights = [float(value) for value in re.findall(r'y[12]?="([-0-9.]+)"', plot)]
        assert svg.tag == "svg"
        assert all(-0.1 <= height <= 220 for height in heights)


def test_nothing_to_plot_is_said():
    assert "nothing to plot" in line_plot([], "profit", ("", ""))
    assert "nothing to plot" in bar_plot({}, "bars")
