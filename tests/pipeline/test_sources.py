"""The digest of sampling: it covers every source that decides a row, and no store outlives it."""

import shutil
from pathlib import Path

import pytest

import pipeline
from pipeline import sources, store
from pipeline.errors import BadInput
from tests.pipeline import fake_batch

PACKAGE = Path(pipeline.__file__).parent


def names() -> set[str]:
    """Modules and folders of the package in the digest."""
    return {p.relative_to(PACKAGE).parts[0].removesuffix(".py") for p in sources.decisive()}


def test_decisive__is_the_way_from_campaign_to_row() -> None:
    assert {"batch", "build", "campaign", "laws", "records", "sampling", "spelling"} <= names()
    assert not {"cli", "execute", "gate", "report", "run", "store", "summary"} & names()


def test_decisive__finds_what_is_imported_from_afar(tmp_path: Path) -> None:
    (tmp_path / "batch.py").write_text("from pipeline import build, store\n")
    (tmp_path / "build.py").write_text("import json\nfrom pipeline.laws.base import Law\n")
    (tmp_path / "laws").mkdir()
    for name in ("laws/base.py", "laws/cut.py", "store.py", "gate.py"):
        (tmp_path / name).write_text("from pipeline.build import x\n")
    found = [path.relative_to(tmp_path).as_posix() for path in sources.decisive(tmp_path)]
    assert found == ["batch.py", "build.py", "laws/base.py", "laws/cut.py"]


def test_digest__changes_with_any_decisive_source_and_no_other(tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path, dirs_exist_ok=True)
    before = sources.digest(tmp_path)
    decisive = sources.decisive(tmp_path)
    for path in (tmp_path / "cli.py", *decisive):
        text = path.read_bytes()
        path.write_bytes(text + b"\n# another word\n")
        assert (sources.digest(tmp_path) != before) == (path in decisive), path
        path.write_bytes(text)
    assert sources.digest(tmp_path) == before


def test_prepare__another_way_of_sampling_is_refused(tmp_path: Path) -> None:
    begun = fake_batch.Provenance("{}", "p" * 16, "x86-64-v3", sampling_digest="s" * 16)
    store.prepare_store(tmp_path / "s.zarr", fake_batch.layout(), begun)
    now = fake_batch.Provenance("{}", "p" * 16, "x86-64-v3")
    with pytest.raises(BadInput) as refusal:
        store.prepare_store(tmp_path / "s.zarr", fake_batch.layout(), now)
    [said, remedy] = refusal.value.problems
    here = sources.SAMPLING_DIGEST
    assert said.endswith(f"sampling_digest: the store has {'s' * 16}, this run has {here}")
    assert "resumed only under the same" in remedy


def test_prepare__another_version_of_a_package_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.prepare_store(tmp_path / "s.zarr", fake_batch.layout(), fake_batch.provenance())
    newer = sources.package_versions() | {"scipy": "99.0"}
    monkeypatch.setattr("pipeline.store.root.package_versions", lambda: newer)
    with pytest.raises(BadInput, match=r"scipy: the store has 1\.[\d.]+, this run has 99\.0"):
        store.prepare_store(tmp_path / "s.zarr", fake_batch.layout(), fake_batch.provenance())
