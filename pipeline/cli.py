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

StorePath = Annotated[Path, typer.Argument(metavar="STORE", help="A store written by `run`.")]


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


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Say what the system refuses to write, and where. A device or folder is never replaced."""
    if path.exists() and not path.is_file():
        raise BadInput(f"--out: {path} is there and is no file, expected a file to write")
    try:
        yield
    except OSError as error:
        where = error.filename or path
        raise StoreProblem(f"{where}: {error.strerror or error}; not written") from error


@app.command()
def run(
    campaign: Annotated[
        str,
        typer.Argument(
            metavar="CAMPAIGN",
            help="A campaign file: a path, or a name looked up in ./campaigns, then among those "
            "that come with hoverslam.",
        ),
    ],
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
    from pipeline.run import fly, results

    store = fly(campaign, runs, out, scheduler, sys.stderr)
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
def gate(store: StorePath) -> None:
    """Judge a store by its campaign's requirements; the exit code is the verdict.

    Prints the verdict as a line of JSON.

    Example: hoverslam gate results/hop_178m.zarr && deploy
    """
    from pipeline.gate import judge

    judgement = judge(store)
    _tell(judgement.text())
    typer.echo(judgement.json())
    raise typer.Exit(int(judgement.exit_code))


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
