"""Verdicts as JUnit XML, as hosted CIs show them: a test case for each requirement."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.compare import Comparison, as_text
from pipeline.compare.text import margin_line
from pipeline.ruling import Ruling
from pipeline.verdicts import Judgement, Verdict
from pipeline.words import count, share

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Case(NamedTuple):
    """A test case: its message is what a CI shows first."""

    name: str
    ruling: Ruling
    message: str
    text: str


def junit(judgement: Judgement) -> str:
    """The document. What is not PASS is a failure, INVALID an error: no CI may skip over it."""
    cases = [_of_verdict(verdict) for verdict in judgement.verdicts]
    if judgement.comparison is not None:
        cases.append(_of_comparison(judgement.comparison))
    rulings = [case.ruling for case in cases]
    errors = rulings.count(Ruling.INVALID)
    failures = len(rulings) - errors - rulings.count(Ruling.PASS)
    suite = ET.Element(
        "testsuite",
        name=_clean(f"hoverslam gate {judgement.campaign}"),
        tests=str(len(cases)),
        failures=str(failures),
        errors=str(errors),
        skipped="0",
    )
    properties = ET.SubElement(suite, "properties")
    for name in ("store", "seed", "campaign_digest", "physics_digest", "target", "runs"):
        value = _clean(str(getattr(judgement, name)))
        ET.SubElement(properties, "property", name=name, value=value)
    for name, ruling, head, text in cases:
        case = ET.SubElement(
            suite, "testcase", classname=_clean(judgement.campaign), name=_clean(name)
        )
        if ruling is not Ruling.PASS:
            kind = "error" if ruling is Ruling.INVALID else "failure"
            ET.SubElement(case, kind, type=str(ruling), message=_clean(head)).text = _clean(text)
        else:
            ET.SubElement(case, "system-out").text = _clean(text)
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _of_verdict(verdict: Verdict) -> _Case:
    text = verdict.text()
    head = "; ".join((text.partition("\n")[0], *verdict.reasons, *_figures(verdict)))
    return _Case(verdict.requirement, verdict.ruling, head, text)


def _figures(verdict: Verdict) -> Iterator[str]:
    found = verdict.evidence
    if found is not None and verdict.ruling is not Ruling.INVALID:
        yield (
            f"{count(found.runs)} runs, {count(found.failures)} failures, at least "
            f"{share(found.lower_bound)}, at most {share(found.upper_bound)}"
        )


def _of_comparison(found: Comparison) -> _Case:
    heads = found.reasons or [
        margin_line(margin) for margin in found.margins if margin.ruling is not Ruling.PASS
    ]
    return _Case("against the baseline", found.ruling, "; ".join(heads), as_text(found))


def _clean(text: str) -> str:
    """Without characters that no XML may hold."""
    return _NOT_XML.sub("?", text)
