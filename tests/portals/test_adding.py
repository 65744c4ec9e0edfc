"""A stranger who follows docs/adding-a-portal.md word for word gets a portal that reads and sends: the page is followed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "adding-a-portal.md"
FILE = re.compile(r"^`((?:portals|fixtures|tests)/[\w/.]+)`\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COPIED = ("agent", "portals", "flows", "fixtures", "tests", "pyproject.toml")
NOT_COPIED = shutil.ignore_patterns("__pycache__", "pages")


def files() -> dict[str, str]:
    """The files of the page by path."""
    return dict(FILE.findall(PAGE.read_text(encoding="utf-8")))


def test_its_files_lie_in_the_portal_s_own_folders_alone() -> None:
    """No other file changes for a ninth portal (DESIGN §2)."""
    given = files()
    assert len(given) > 10 and all("/harbor/" in path for path in given)
    assert [path for path in given if (ROOT / path).exists()] == []


@pytest.mark.long
@pytest.mark.timeout(300)
def test_the_portal_of_the_page_reads_the_truth_and_sends(tmp_path: Path) -> None:
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=NOT_COPIED)
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "fixtures" / "pages").mkdir()
    for path, text in files().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    asked = ["tests/portals/harbor", *(f"tests/portals/test_{name}.py" for name in ("truth", "convention", "terms"))]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "0", "-q", *asked, "-k", "harbor and not frozen", "-p", "no:cacheprovider"],
        cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", errors="replace",
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-2000:]
    assert re.search(r"^1\d passed", ran.stdout, re.MULTILINE), ran.stdout[-400:]
