"""The figures of a run are what they say."""

from __future__ import annotations

from bench import report
from bench.correct import Verdict
from bench.parts import Part
from bench.run import Options, Result, Round


def result(**verdict: object) -> Result:
    """Three rounds of ten dossiers, the middle one the median."""
    rounds = [
        Round(10, seconds, cpu, 0.1, 0.2, [0.01, 0.02], [Part("parse", 5, 1000.0)])
        for seconds, cpu in ((1.0, 0.05), (2.0, 0.10), (4.0, 0.40))
    ]
    return Result(Options(), rounds, 6000, Verdict(**verdict))  # type: ignore[arg-type]


def test_figures_are_medians_per_dossier_and_per_exchange() -> None:
    """Five exchanges to a dossier; the ratio is the hub's CPU over the sum of the parts."""
    figures = report.figures(result())
    assert figures["dossiers_per_second"] == 5
    assert figures["exchanges_per_second"] == 25
    assert figures["hub_cpu_per_dossier_us"] == 10_000
    assert figures["parts_per_dossier_us"] == 1_000
    assert figures["ratio"] == 10


def test_what_is_wrong_is_said_first_of_all_in_the_last_lines() -> None:
    """A run that lost a message does not look like a good one."""
    assert "verifies" in report.text(result(entries=100))
    assert "1 declarations never arrived" in report.text(result(problems=["1 declarations never arrived"]))
