"""The command `hoverslam`: each verb is a stage, its positionals are the data it takes and gives.

A handler parses, calls one function, prints: text for people on stderr, one line for scripts on
stdout. What a verb needs is imported when the verb is called, so that `--help` is quick.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.errors import BadInput, ExitCode, HoverslamError, StoreProblem

app = typer.Typer(
    help="Fly thousands of dispersed landings of a rocket on legs, and judge how often it lands.",
    epilog="Exit codes: 0 done, 1 crash, 2 bad input, 3 / 4 / 5 verdict FAIL / INCONCLUSIVE / "
    "INVALID, 6 stopped by store or machines (the same command resumes), 130 interrupted.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain text: half the start-up time
    context_settings={"help_option_names": ["-h", "--help"]},
)

# What the system says when it cannot write: nobody's mistake in a campaign, nor ours.
_REFUSED_WRITES = {
    errno.EACCES,
    errno.EDQUOT,
    errno.EIO,
    errno.ENOSPC,
    errno.EPERM,
    errno.EROFS,
}

CampaignName = Annotated[
    str,
    typer.Argument(
        metavar="CAMPAIGN",
        help="A campaign file: a path, or a name looked up in ./campaigns, then among those "
        "that come with hoverslam.",
    ),
]
StorePath = Annotated[Path, typer.Argument(metavar="STORE", help="A store written by `run`.")]
MayDiffer = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SECTION",
        help="A section of the campaign that may differ from the baseline's, besides vehicle and "
        "physics; may be given again.",
    ),
]
NewlyBroken = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE",
        help="Share of the runs that the candidate may break; the campaign's if not given.",
    ),
]


def main() -> None:
    """Run the command; foreseen errors end it with a message and their exit code."""
    try:
        app(prog_name="hoverslam")
    except HoverslamError as error:
        _fail(str(error), error.exit_code)
    except OSError as error:
        if error.errno not in _REFUSED_WRITES:
            raise
        where = f"{error.filename}: " if error.filename else ""
        _fail(f"{where}{error.strerror}; what was finished stays valid", ExitCode.STOPPED)
    except KeyboardInterrupt:
        _fail("interrupted", ExitCode.INTERRUPTED)


def _fail(message: str, code: ExitCode) -> None:
    for line in message.splitlines():
        _tell(f"hoverslam: {line}")
    sys.exit(int(code))


def _tell(text: str) -> None:
    """Say something to people."""
    typer.echo(text, err=True)


def _refuse_no_file(path: Path, option: str) -> None:
    """A device or folder is never replaced."""
    if path.exists() and not path.is_file():
        raise BadInput(f"{option}: {path} is there and is no file, expected a file to write")


@contextmanager
def _writing(path: Path, option: str = "--out") -> Iterator[None]:
    """Say what the system refuses to write, and where."""
    _refuse_no_file(path, option)
    try:
        yield
    except OSError as error:
        where = error.filename or path
        raise StoreProblem(f"{where}: {error.strerror or error}; not written") from error


@app.command()
def plan(
    campaign: CampaignName,
    runs: Annotated[
        int | None,
        typer.Option(metavar="N", help="Plan N runs instead of the campaign's number."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv|.nc", help="Write the inputs of every run, as stored."),
    ] = None,
) -> None:
    """Draw the inputs of every run without flying, and check each against its law.

    Prints the path of the plan where one is written.

    Example: hoverslam plan campaigns/hop_178m.yaml --out plan.csv
    """
    from pipeline.config import load_campaign
    from pipeline.plan import check_format, told, write
    from pipeline.plan import plan as make

    if out is not None:
        check_format(out)
    asked = load_campaign(campaign)
    drawn = make(asked if runs is None else asked.with_runs(runs))
    _tell(told(drawn))
    if out is not None:
        with _writing(out):
            write(drawn, out)
        typer.echo(out)


@app.command()
def run(
    campaign: CampaignName,
    runs: Annotated[
        int | None,
        typer.Option(metavar="N", help="Fly N runs instead of the campaign's number."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="STORE", help="Where to write; results/<campaign>.zarr if not given."),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="A Dask scheduler that is up; a cluster of this machine if not given.",
        ),
    ] = None,
) -> None:
    """Fly a campaign into a store, and sum it up.

    A store that was begun is resumed; one that is finished is not flown again. Prints the path of
    the store.

    Example: hoverslam run campaigns/hop_178m.yaml --runs 512
    """
    from pipeline import forkserver

    if scheduler is None:
        forkserver.start()  # imports for the workers while this process imports for itself
    from pipeline.run import fly

    store = fly(campaign, runs, out, scheduler, sys.stderr)
    from pipeline.results import results  # needs xarray, flying does not

    _tell(results(store))
    typer.echo(store)


@app.command()
def report(
    store: StorePath,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to write; the store's name with .html."),
    ] = None,
) -> None:
    """Write the report of a store: one HTML file that opens offline. Prints its path.

    Example: hoverslam report results/hop_178m.zarr --out review.html
    """
    from pipeline.report import write_report

    page = out or store.with_suffix(".html")
    with _writing(page):
        write_report(store, page)
    typer.echo(page)


@app.command()
def gate(
    target: Annotated[
        str,
        typer.Argument(
            metavar="STORE|CAMPAIGN",
            help="A store written by `run`; or a campaign, flown as far as its plans need.",
        ),
    ],
    baseline: Annotated[
        Path | None,
        typer.Option(metavar="STORE", help="Judge also the step from this store: same runs."),
    ] = None,
    allow: MayDiffer = None,
    newly_broken_at_most: NewlyBroken = None,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE.xml", help="Write the verdicts as JUnit XML.")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE.md", help="Write them for a pull request.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="STORE", help="Of a campaign: where to fly it to, as for `run`."),
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Of a campaign: as for `run`.")
    ] = None,
) -> None:
    """Judge a store or a campaign by its requirements; the exit code is the verdict.

    A campaign is flown in run order and no further than its declared plans need. Prints the
    verdicts as a line of JSON. campaigns/RED_GATE.md tells what to do about a red one.

    Example: hoverslam gate campaigns/hop_178m.yaml --baseline main.zarr --markdown gate.md
    """
    from pipeline.compare import Terms
    from pipeline.gate.flown import Ask
    from pipeline.gate.flown import gate as judge
    from pipeline.gate.junit import junit as as_junit
    from pipeline.gate.markdown import markdown as as_markdown

    files = (("--junit", junit, as_junit), ("--markdown", markdown, as_markdown))
    for option, file, _ in files:
        if file is not None:
            _refuse_no_file(file, option)  # told before the flights, not after
    terms = Terms(tuple(allow or ()), newly_broken_at_most)
    judgement = judge(target, Ask(baseline, terms, out, scheduler), sys.stderr)
    _tell(judgement.text())
    typer.echo(judgement.json())
    for option, file, text_of in files:
        if file is not None:
            with _writing(file, option):
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text_of(judgement), encoding="utf-8")
    raise typer.Exit(int(judgement.exit_code))


@app.command()
def compare(
    baseline: Annotated[
        Path, typer.Argument(metavar="BASELINE", help="Store of the design as it was.")
    ],
    candidate: Annotated[
        Path, typer.Argument(metavar="CANDIDATE", help="Store of the changed design, same runs.")
    ],
    allow: MayDiffer = None,
    newly_broken_at_most: NewlyBroken = None,
) -> None:
    """Tell what a design change did to the same runs: which it broke, which it saved, by how much.

    Prints it all as a line of JSON. Exit 5 where the two cannot be compared, 3 or 4 only where
    a limit on newly broken runs is set.

    Example: hoverslam compare main.zarr results/hop_178m.zarr
    """
    from pipeline.compare import Terms, as_json, as_text, compare_stores

    terms = Terms(tuple(allow or ()), newly_broken_at_most)
    found = compare_stores(baseline, candidate, terms)
    _tell(as_text(found))
    typer.echo(as_json(found))
    raise typer.Exit(int(found.ruling.exit_code))


@app.command()
def rare(
    campaign: Annotated[
        str, typer.Argument(metavar="CAMPAIGN", help="A campaign file, as for `run`.")
    ],
    requirement: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of the campaign's requirements; where it has several."),
    ] = None,
    method: Annotated[
        Literal["auto", "crude", "subset", "importance"],
        typer.Option(help="auto: crude Monte Carlo where it fits the budget, else the others."),
    ] = "auto",
    runs: Annotated[
        int | None, typer.Option(metavar="N", help="Fly N runs of crude Monte Carlo.")
    ] = None,
    budget_s: Annotated[
        float, typer.Option(metavar="S", help="Fly only what takes less than S seconds.")
    ] = 600.0,
    samples: Annotated[
        int, typer.Option(metavar="N", help="Of subset simulation, in each level of a replicate.")
    ] = 2000,
    parameters: Annotated[
        str,
        typer.Option(
            metavar="A,B", help="What importance sampling moves; what failures move if not given."
        ),
    ] = "",
) -> None:
    """Estimate how often a requirement fails where failing is rare.

    Says what crude Monte Carlo would take, flies what fits the budget, and tells why an estimate is
    not to be trusted where it is not; then the exit code is 4. Prints the answer as a line of JSON.

    Example: hoverslam rare campaigns/hop_178m.yaml --requirement "landing success"
    """
    from pipeline.rare import Ask, as_text, assess

    named = tuple(name.strip() for name in parameters.split(",") if name.strip())
    answer = assess(campaign, Ask(requirement, method, runs, budget_s, samples, named), sys.stderr)
    _tell(as_text(answer))
    typer.echo(answer.json())
    raise typer.Exit(int(answer.exit_code))


@app.command()
def drivers(
    target: Annotated[
        str,
        typer.Argument(
            metavar="STORE|CAMPAIGN",
            help="A store written by `run`; with --sobol a campaign file, flown for it.",
        ),
    ],
    requirement: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of the campaign's requirements; every one if none."),
    ] = None,
    sobol: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METRIC",
            help="Fly total Sobol indices of a metric, or of a requirement's margin; may be given "
            "again, for the same flights.",
        ),
    ] = None,
    points: Annotated[
        int | None,
        typer.Option(metavar="N", help="Of --sobol: points in each of 16 sets; 32 if not given."),
    ] = None,
) -> None:
    """Tell what drives failures: which inputs lie apart in failed runs, which act together.

    Of a store: injected failures first, then every input by cause against what is noise; too few
    failures are listed. With --sobol: which input has what share of a metric's variance. Prints it
    all as a line of JSON, of a store a list by requirement.

    Example: hoverslam drivers results/hop_178m.zarr
    """
    from pipeline.drivers import as_json, as_text, find_each, opened

    if not sobol:
        if points is not None:
            raise BadInput("--points: those of a design of --sobol, which is missing")
        found = find_each(opened(target), requirement)
        _tell("\n".join(as_text(one, target) for one in found))
        typer.echo(as_json(found))
        return
    from pipeline.drivers.sobol import Ask, indices
    from pipeline.drivers.sobol_text import as_text as told

    if requirement is not None:
        raise BadInput("--requirement: of a store; --sobol itself may name a requirement")
    shares = indices(target, Ask(tuple(sobol), 32 if points is None else points), sys.stderr)
    _tell(told(shares))
    typer.echo(as_json(shares))


@app.command()
def replay(
    store: StorePath,
    run: Annotated[int, typer.Argument(metavar="RUN", help="Number of the run, from 0.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE.nc", help="Write every control tick of the run as netCDF."),
    ] = None,
) -> None:
    """Fly one run of a store again, compare it with its row, and tell how it went.

    Prints the path of the history where one is written.

    Example: hoverslam replay results/hop_178m.zarr 1234 --out run_1234.nc
    """
    from pipeline.replay import refly, write_history
    from pipeline.story import story

    flight = refly(store, run)
    _tell(story(flight))
    if out is not None:
        with _writing(out):
            write_history(flight, out)
        typer.echo(out)
    if not flight.is_faithful:
        raise StoreProblem(
            f"{store}: run {run} differs from its row, though flown with the same physics, target "
            "and packages: the store is damaged, or this machine rounds differently"
        )


@app.command()
def fly(
    case: Annotated[
        Path, typer.Argument(metavar="CASE", help="A case file: one flight of any body.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE.nc", help="Where to write; results/<case>.nc if not given."),
    ] = None,
) -> None:
    """Fly an arbitrary case with the kernel of the campaigns, and write every control tick.

    A case gives mass, start, forces and an open-loop program as it likes; `hoverslam schema case`
    prints what it may say. Prints the path of the history, netCDF with variables named as in a
    replay.

    Example: hoverslam fly campaigns/cases/drag_fall.yaml --out drag_fall.nc
    """
    from pipeline.case import fly_case, load_case, told
    from pipeline.history import write

    flown = fly_case(load_case(case))
    file = out or Path("results", f"{case.stem}.nc")
    with _writing(file):
        write(flown, file)
    _tell(told(flown))
    typer.echo(file)


@app.command()
def steps(
    campaign: Annotated[
        str, typer.Argument(metavar="CAMPAIGN", help="A campaign file or name, as for `run`.")
    ],
    runs: Annotated[
        int | None, typer.Option(metavar="N", help="Fly N runs twice; 10,000 if not given.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.md", help="Write the table there instead.")
    ] = None,
) -> None:
    """Fly the same runs with the campaign's steps and with half of them, and tell the change.

    Prints a table in Markdown, or its path. Exit 3 where outcomes or successes flip in more than
    0.2 % of the runs.

    Example: hoverslam steps campaigns/hop_178m.yaml --runs 2048
    """
    from pipeline.steps import study

    if out is not None:
        with _writing(out):  # told before the flights, not after
            out.parent.mkdir(parents=True, exist_ok=True)
    found = study(campaign, runs, sys.stderr)
    text = found.markdown()
    if out is None:
        typer.echo(text)
    else:
        _tell(text)
        with _writing(out):
            out.write_text(f"{text}\n", encoding="utf-8")
        typer.echo(out)
    raise typer.Exit(int(found.exit_code))


@app.command()
def verify(
    cases: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CASE]...", help="Only these cases; all if none is named."),
    ] = None,
    readme: Annotated[
        Path | None,
        typer.Option(metavar="FILE.md", help="Also put the table between the marks of this file."),
    ] = None,
) -> None:
    """Fly the verification cases: what the kernel gives against what outsiders know.

    Prints a line for each quantity; of cases that are named, also where the tolerances come from.
    Exit 3 where an error is beyond its tolerance.

    Example: hoverslam verify "NESC 6, sphere with drag" "drag fall"
    """
    from pipeline import verification

    if readme is not None and cases:
        raise BadInput("--readme: its table is that of all cases, expected no CASE beside it")
    if readme is not None:
        verification.check_marks(readme)  # told before the flights, not after
    checks: list[verification.Check] = []
    flown = verification.verify(cases or ())
    typer.echo(verification.headline())
    for checks_of_case in flown:
        for check in checks_of_case:
            typer.echo(verification.line(check))
            if cases or not check.holds:
                typer.echo(f"    {check.why}")
        checks += checks_of_case
    if readme is not None:
        with _writing(readme):
            verification.write_table(readme, checks)
    failed = sum(not check.holds for check in checks)
    _tell(f"{len(checks)} quantities compared, {failed or 'none'} beyond tolerance")
    raise typer.Exit(int(ExitCode.FAIL if failed else ExitCode.DONE))


@app.command()
def schema(
    of: Annotated[
        Literal["campaign", "case"],
        typer.Argument(metavar="[campaign|case]", help="Of which files."),
    ] = "campaign",
) -> None:
    """Print the JSON Schema of campaign files, or of case files, for editors and checks.

    Example: hoverslam schema case > case.schema.json
    """
    from pipeline.case import case_schema
    from pipeline.config import campaign_schema

    typer.echo(case_schema() if of == "case" else campaign_schema())
