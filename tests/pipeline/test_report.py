"""The report: the numbers in its HTML, nothing loaded from outside, the page in a browser."""

import json
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from math import radians
from pathlib import Path

import numpy as np
import pytest

from models.outcomes import Initiator, Outcome
from pipeline.errors import BadInput
from pipeline.report import landing, write_report
from pipeline.report.credibility import CLAIMS
from pipeline.report.distributions import limits_on
from pipeline.report.envelopes import bands
from pipeline.report.page import replay_command
from pipeline.report.pedigree import classes, pedigrees
from pipeline.report.write import report_page
from tests.pipeline.results import (
    LANDING,
    campaign,
    campaign_text,
    dataset,
    failing,
    normal,
    pedigree,
    with_histories,
    write_store,
)

RUNS = 400
SPREAD = {"law": "uniform", "lower": 0.9, "upper": 1.1, "class": "flight", **pedigree()}


class Page(HTMLParser):
    """Text outside of scripts and styles, and every attribute that may load something."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.loads: list[tuple[str, str]] = []
        self.tags: list[str] = []
        self._silent = 0
        self.feed(html)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._silent += tag in ("script", "style")
        self.loads += [
            (tag, value or "")
            for name, value in attrs
            if name in ("src", "href", "srcset", "data", "action", "poster")
        ]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.text += f" {data}"


def flown():
    """400 runs: two fail by speed, one by an engine that was made to fail."""
    generator = np.random.default_rng(5)
    east, north = generator.normal(0.0, 1.0, (2, RUNS))
    outcome, initiator = np.zeros(RUNS, int), np.zeros(RUNS, int)
    outcome[7], initiator[7] = Outcome.bell_strike, Initiator.engine_out
    speed = generator.uniform(0.5, 1.0, RUNS)
    speed[[11, 13]] = 2.5
    columns = {
        "outcome": outcome,
        "initiator": initiator,
        "touchdown_east_m": east,
        "touchdown_north_m": north,
        "touchdown_miss_m": np.hypot(east, north),
        "touchdown_vertical_speed_mps": speed,
        "touchdown_tilt_rad": generator.uniform(0.0, radians(2.0), RUNS),
        "wind_speed_mps": generator.uniform(0.0, 8.0, RUNS),
        "thrust_scale": generator.normal(1.0, 0.01, RUNS),
    }
    figures = [{"metric": "touchdown_tilt_deg", "value": 1.18, **pedigree("P", "a newspaper")}]
    return with_histories(dataset(RUNS, columns, published=figures), 50)


@pytest.fixture(scope="module")
def html() -> str:
    return report_page(flown(), "results/a store.zarr")


@pytest.fixture(scope="module")
def page(html) -> Page:
    return Page(html)


# --- what it says ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "INCONCLUSIVE landing: asked 0.99 at 90 % confidence",
        "3 of 400 runs failed",
        "0 infrastructure errors, 0 non-finite runs, 0 scrubbed",
        "touchdown vertical speed at most 2 m/s; touchdown tilt at most 3 deg",
        "no injected failure 399 397",  # runs and successes
        "engine out 1 0 0.0000",
        "landing: 3 failures",
        "touchdown vertical speed above 2 m/s 2",
        "bell strike 1",
        "0 of 400 runs did not touch down.",
        "probability inside the pad of 10 m 1.0000",
        "contains at least 99 % with 90 % confidence",
        "Gaussian, expected content 99 %",
        "a Gaussian of this mean and covariance",
        "sigma; 0 of 400 runs did not touch down",  # beside every ellipse
        "For 0.99 at 90 % fly 230 independent runs without failure",
        "99.73 % of runs within, 90 %",
        "needs 852 runs",
        "Too few to compare: with fewer than 20 failures",
        "3 failures to look at one by one",
        "Touchdown tilt, 99 % no worse",
        "touchdown tilt 1.18 deg",  # the published figure, in degrees
        "a newspaper",
        "0123456789abcdef",  # physics digest
        "x86-64-v3",
        "Test stage, 4 legs",
        "hoverslam replay 'results/a store.zarr' 11",
        "normal, mean 1, sigma 0.01",
        "not validated",
    ],
)
def test_page__says(page, words):
    assert words in page.text


def test_page__shows_every_part(page, html):
    sections = re.findall(r'<section id="(\w+)">', html)
    expected = "verdict campaign success causes drivers landings metrics convergence time worst"
    assert sections == [*expected.split(), "inputs", "credibility"]
    links = [value for tag, value in page.loads if tag == "a"]
    assert links == [f"#{name}" for name in sections]


def test_page__angles_are_in_degrees_only(page):
    assert " rad" not in page.text.replace("radius", "").replace("radii", "")


def test_page__several_requirements_each_have_their_verdict():
    whole = LANDING | {"name": "whole", "holds": [{"outcome": "at_rest"}], "probability": 0.5}
    text = Page(report_page(failing(50, 2, requirements=[LANDING, whole]), "s")).text
    assert "FAIL landing: asked 0.99" in text
    assert "PASS whole: asked 0.5" in text
    assert "Holds in a run if outcome at rest." in text


def test_page__unfinished_store_is_invalid_and_says_why():
    results = failing(100, 0, attributes={"state": "flying", "n_runs": 300})
    text = Page(report_page(results, "s")).text
    assert "INVALID landing" in text
    assert "unfinished (flying): 100 of 300 runs" in text


@pytest.fixture(scope="module")
def driven() -> str:
    """2,000 runs in four winds, of which the tenth with the least thrust tips over."""
    runs = 2000
    thrust = np.random.default_rng(3).permutation(np.linspace(0.9, 1.1, runs))
    columns = {"thrust_scale": thrust, "wind_member": np.arange(runs) % 4}
    columns["outcome"] = np.where(thrust < 0.92, Outcome.tip_over, Outcome.at_rest)
    return report_page(dataset(runs, columns, dispersions={"thrust_scale": SPREAD}), "s")


def test_page__tells_what_drives_failures_and_what_is_noise(driven):
    text = Page(driven).text
    assert "Injected failures" in text
    assert "Runs without an injected failure: 200 of 2,000 fail" in text
    assert "All failures : 200, against 1,800 successes" in text
    assert re.search(r"thrust scale 1\.000 0\.\d+ < 1e-6 low values 1\.0000 0\.98\d+ to 1", text)
    assert re.search(r"control, never flown 0\.\d+ 0\.\d+ – noise", text)
    assert "By member of the ensemble of winds: none stands out." in text
    assert "Landings in each profile" in text
    assert "4 of the 20 profiles that an interval needs" in text


def test_page__input_that_was_not_drawn_as_asked_is_named():
    results = dataset(500, dispersions={"thrust_scale": normal(1.0, 0.001)})
    assert "Not as asked: thrust scale" in Page(report_page(results, "s")).text


def test_page__runs_that_never_came_down_leave_no_plot_but_a_page():
    lost = np.full(30, np.nan)
    columns = {name: lost for name in ("touchdown_east_m", "touchdown_north_m", "touchdown_miss_m")}
    results = dataset(30, columns | {"outcome": np.full(30, Outcome.no_start)})
    text = Page(report_page(results, "s")).text
    assert "30 of 30 runs did not touch down." in text
    assert "0 touchdowns, too few" in text


def test_page__what_a_campaign_says_is_text_and_no_markup():
    wicked = "<script>alert(1)</script>"
    html = report_page(failing(30, 1, description=wicked, name=wicked), f"{wicked}.zarr")
    assert wicked not in html
    assert wicked in Page(html).text


# --- one file, offline ----------------------------------------------------------------------------


def test_page__loads_nothing_from_outside(html, page):
    assert page.loads
    for tag, value in page.loads:
        assert value.startswith(("#", "data:")), (tag, value)
    assert not {"link", "iframe", "img", "object", "embed"} & {*page.tags} - {"link"}
    styles = "".join(re.findall(r"<style>(.*?)</style>", html, re.DOTALL))
    assert "@import" not in styles
    assert "url(" not in styles


def test_page__is_small(html):
    assert 1.2e6 < len(html) < 2.0e6


def test_page__many_runs_are_an_image(monkeypatch, html):
    image = '"name":"LogColorMapper"'
    assert image not in html
    monkeypatch.setattr(landing, "MOST_GLYPHS", 100)
    small = report_page(flown(), "s")
    assert image in small
    text = Page(small).text
    assert "397 touchdowns of successful runs, 3 of failed ones" in text
    assert "the darker the more" in text


# --- its parts ------------------------------------------------------------------------------------


def test_replay_command__is_ready_for_a_shell():
    assert replay_command("results/hop.zarr", 12) == "hoverslam replay results/hop.zarr 12"
    assert replay_command("a b;c.zarr", 3) == "hoverslam replay 'a b;c.zarr' 3"


def test_bands__percentiles_over_the_runs_not_yet_ended():
    run = np.arange(1.0, 101.0)
    values = np.column_stack([run, np.where(run <= 40, run, np.nan), np.full(100, np.nan)])
    found = bands(np.array([0.0, 1.0, 2.0]), values)
    assert found.runs.tolist() == [100, 40]
    assert found.p50.tolist() == [50.0, 20.0]
    assert found.p05.tolist() == [5.0, 2.0]
    assert found.p95.tolist() == [95.0, 38.0]
    assert (found.least.tolist(), found.most.tolist()) == ([1.0, 1.0], [100.0, 40.0])


def test_bands__too_few_runs_have_extremes_but_no_percentiles():
    found = bands(np.array([0.0]), np.arange(19.0)[:, None])
    assert np.isnan(found.p50).all()
    assert (found.least[0], found.most[0]) == (0.0, 18.0)


def test_limits__are_in_the_unit_of_the_store():
    limits = limits_on(campaign().requirements)
    assert limits["touchdown_tilt_rad"][0].value == pytest.approx(radians(3.0))
    assert limits["touchdown_vertical_speed_mps"][0].value == 2.0


def test_pedigrees__count_tags_by_part_without_flight_figures():
    text = campaign_text(1, published=[{"metric": "slid_m", "value": 1.0, **pedigree("P")}])
    counts = {p.part: {tag: n for tag, n in p.by_tag.items() if n} for p in pedigrees(text)}
    assert counts == {
        "site": {"P": 1},
        "vehicle": {"K": 1},
        "dispersions": {"E": 1},
        "failures": {"E": 1},
        "all": {"P": 1, "K": 1, "E": 2},
    }


def test_claims__cite_tests_that_there_are(project_root):
    verified = [claim for claim in CLAIMS if claim.status == "verified"]
    assert verified
    for claim in verified:
        cited = re.findall(r"tests/\w+/\w+\.py", claim.because)
        assert cited or claim.cases, claim.subject
        assert [path for path in cited if not (project_root / path).is_file()] == []


def test_classes__count_the_laws():
    assert classes(campaign_text(1)) == {"assembly": 0, "day": 0, "flight": 1}


# --- the file -------------------------------------------------------------------------------------


def test_write_report__from_a_store(tmp_path):
    store = write_store(tmp_path / "small.zarr", failing(40, 1))
    out = write_report(store, tmp_path / "pages" / "small.html")
    assert out == tmp_path / "pages" / "small.html"
    assert "1 of 40 runs failed" in Page(out.read_text(encoding="utf-8")).text
    assert [path.name for path in out.parent.iterdir()] == ["small.html"]


def test_write_report__nothing_flown_is_bad_input(tmp_path):
    store = write_store(tmp_path / "empty.zarr", failing(40, 1), batches=0)
    with pytest.raises(BadInput, match="nothing to report"):
        write_report(store, tmp_path / "none.html")
    assert not (tmp_path / "none.html").exists()


# --- in a browser ---------------------------------------------------------------------------------

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()


@pytest.fixture(scope="module")
def browser(tmp_path_factory) -> Iterator:
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("no chromium with chromedriver here: the page was read, not looked at")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def page_files(html, driven, tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    for name, text in (("landed", html), ("driven", driven)):
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {path.stem: path for path in folder.iterdir()}


@pytest.mark.parametrize(("name", "width"), [("landed", 1600), ("landed", 400), ("driven", 400)])
def test_browser__draws_every_plot_without_errors_or_requests(browser, page_files, name, width):
    page_file = page_files[name]
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": width < 600},
    )
    browser.get(page_file.as_uri())
    drawn = "return Bokeh.documents.length > 0 && Bokeh.documents.every(d => d.is_idle)"
    deadline = pytest.importorskip("selenium.webdriver.support.ui").WebDriverWait(browser, 60)
    deadline.until(lambda driver: driver.execute_script(drawn))

    plots, empty = browser.execute_script(
        """
        const figures = [...document.querySelectorAll('figure')];
        const canvasOf = node => {
            for (const child of node.querySelectorAll('*')) {
                if (child.tagName === 'CANVAS' && child.width > 0) return child;
                const found = child.shadowRoot && canvasOf(child.shadowRoot);
                if (found) return found;
            }
            return null;
        };
        return [figures.length, figures.filter(figure => !canvasOf(figure)).length];
        """
    )
    assert plots > 20
    assert empty == 0
    overflow = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert browser.execute_script(overflow) == 0
    severe = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert severe == []
    asked = [url for url in requests(browser, page_file.as_uri()) if not url.startswith("data:")]
    assert asked == [page_file.as_uri()]


def test_browser__request_to_the_outside_would_be_seen(browser, tmp_path):
    page = tmp_path / "leaky.html"
    page.write_text(
        '<script>fetch("http://127.0.0.1:9/x").catch(() => document.title = "x")</script>'
    )
    browser.get(page.as_uri())
    assert "http://127.0.0.1:9/x" in requests(browser, page.as_uri())


def requests(browser, page: str) -> list[str]:
    """Addresses that the page asked for, its own among them."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
        and message["params"]["documentURL"] == page
    ]
