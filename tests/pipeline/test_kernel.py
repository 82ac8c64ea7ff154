"""The kernel is compiled once, whoever asks first, and by a process that does not fly it."""

import os
import subprocess
import sys
from pathlib import Path

# Eight processes want the kernel at once; compiling it is a note and a second here
STARTER = """
import sys
from pipeline import kernel
log = sys.argv[1]
kernel._COMPILE = f"import time; open({log!r}, 'a').write('compiled '); time.sleep(1.0)"
print("ready", flush=True)
sys.stdin.readline()
kernel.compile_once()
print(kernel._is_compiled(), open(log).read())
"""


def started(folder: Path, root: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", STARTER, str(folder / "log")],
        cwd=root,
        env={**os.environ, "XDG_CACHE_HOME": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_compile_once__eight_at_once_compile_once_and_all_find_it(
    tmp_path: Path, project_root: Path
) -> None:
    starters = [started(tmp_path, project_root) for _ in range(8)]
    for one in starters:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    told = [one.communicate("go\n")[0].strip() for one in starters]
    assert told == ["True compiled"] * 8


def test_compile_once__a_source_of_another_date_is_compiled_anew(
    tmp_path: Path, project_root: Path
) -> None:
    lines = (
        "import sys; from pipeline import kernel",
        "kernel._COMPILE = ''",
        "print(kernel._is_compiled()); kernel.compile_once(); print(kernel._is_compiled())",
        "mark = kernel._mark(); mark.rename(mark.with_name('compiled-1-1'))",
        "print(kernel._is_compiled())",
    )
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=project_root,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["False", "True", "False"]
