"""The result of a run as text for people and as figures for programs."""

from __future__ import annotations

import os
import platform
import statistics
from typing import Any

from bench.parts import total
from bench.run import EXCHANGES, ROUNDS, Result, Round


def figures(result: Result) -> dict[str, Any]:
    """Every figure of the run; CPU in microseconds, medians of the rounds."""
    dossier = result.median(_hub)
    floor = result.median(lambda one: total(one.parts))
    return {
        "machine": machine(),
        "loop": result.options.loop,
        "dossiers": sum(one.dossiers for one in result.rounds),
        "exchanges_per_dossier": EXCHANGES,
        "declaration_bytes": result.declaration_bytes,
        "exchanges_per_second": result.median(lambda one: EXCHANGES * one.dossiers / one.seconds),
        "dossiers_per_second": result.median(lambda one: one.dossiers / one.seconds),
        "hub_cpu_per_exchange_us": dossier / EXCHANGES,
        "hub_cpu_per_dossier_us": dossier,
        "parts_per_exchange_us": floor / EXCHANGES,
        "parts_per_dossier_us": floor,
        "ratio": result.median(lambda one: _hub(one) / total(one.parts)),
        "load_cpu_per_dossier_us": result.median(lambda one: 1e6 * one.load_cpu / one.dossiers),
        "agencies_cpu_per_dossier_us": result.median(lambda one: 1e6 * one.agency_cpu / one.dossiers),
        "hub_cores": result.median(lambda one: one.hub_cpu / one.seconds),
        "answer_ms": {
            "p50": result.median(lambda one: 1000 * statistics.median(one.latencies)),
            "p99": result.median(lambda one: 1000 * _p99(one.latencies)),
        },
        "parts_us": {part.name: {"times": part.times, "us": part.micros} for part in result.parts},
        "rounds": [
            {
                "dossiers": one.dossiers,
                "seconds": one.seconds,
                "hub_cpu_per_dossier_us": _hub(one),
                "parts_per_dossier_us": total(one.parts),
            }
            for one in result.rounds
        ],
        "log": {"entries": result.verdict.entries, "verified": not result.verdict.problems},
        "problems": result.verdict.problems,
    }


def text(result: Result) -> str:
    """The run for people."""
    found = figures(result)
    size, cores = f"{found['declaration_bytes']:,} bytes", f"({found['hub_cores']:.2f} cores busy)"
    lines = [
        "",
        f"machine      {found['machine']}",
        f"hub          one process, SQLite (WAL, synchronous=FULL), {found['loop']}; medians of {ROUNDS} rounds",
        f"one dossier  a signed declaration ({size}) over SOAP: verified, validated, answered;",
        "             three questions to the register, signed both ways; the form for civil status mapped,",
        "             validated, signed (RSA-2048), delivered over SOAP; its signed reply verified and mapped;",
        f"             {2 * EXCHANGES} entries in the log, each committed before it counts",
        f"one exchange a request with its answer: {EXCHANGES} to a dossier",
        "",
        f"throughput   {_both(found, '{}s_per_second')}",
        f"hub CPU      {_both(found, 'hub_cpu_per_{}_us', ' µs')}   {cores}",
        f"C-level sum  {_both(found, 'parts_per_{}_us', ' µs')}",
        f"ratio        {found['ratio']:.1f} times the sum of the parts",
        f"others' CPU  portal {found['load_cpu_per_dossier_us']:,.0f} µs/dossier,"
        f" agencies {found['agencies_cpu_per_dossier_us']:,.0f} µs/dossier",
        f"answers      p50 {found['answer_ms']['p50']:.0f} ms, p99 {found['answer_ms']['p99']:.0f} ms"
        f" with {result.options.connections} portals sending without a pause",
        "",
        "C-level part, in a tight loop                times   µs/dossier",
    ]
    lines += [f"  {part.name:42} {part.times:5} {part.micros:12,.1f}" for part in result.parts]
    lines += ["", *_correct(result), *_profile(result)]
    return "\n".join(lines)


def _both(found: dict[str, Any], name: str, unit: str = "") -> str:
    """A figure per exchange and per dossier."""
    per = "/s" if name.endswith("_second") else ""
    return "  ".join(
        f"{found[name.format(what)]:9,.0f}{unit}{'/' if unit else ' '}{what + 's' + per if per else what}"
        for what in ("exchange", "dossier")
    )


def machine() -> str:
    """Cores, processor and Python, in a line."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, {python}"


def _hub(one: Round) -> float:
    return 1e6 * one.hub_cpu / one.dossiers


def _p99(values: list[float]) -> float:
    return sorted(values)[int(0.99 * (len(values) - 1))]


def _correct(result: Result) -> list[str]:
    verdict = result.verdict
    if verdict.problems:
        return ["WRONG:", *(f"  {problem}" for problem in verdict.problems[:20])]
    return [
        "every declaration arrived once and unaltered at the right agency;"
        f" the log of {verdict.entries:,} entries verifies"
    ]


def _profile(result: Result) -> list[str]:
    if result.profile is None:
        return []
    titles = ("where the time goes: innermost function", "the hub's own functions, with what they call")
    lines = []
    for title, shares in zip(titles, result.profile, strict=True):
        lines += ["", title, *(f"  {share:6.1%}  {name}" for name, share in shares)]
    return lines
