"""The house rules that no other tool checks: layers, the lock, and one test command everywhere."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PORTALS = sorted(folder.name for folder in (ROOT / "portals").iterdir() if (folder / "__init__.py").is_file())
PACKAGES = ("agent", "portals", "flows", "fixtures", "tests")


def imports(source: str, module: str, *, is_package: bool = False) -> Iterator[str]:
    """The full name of everything a module's source imports; `from a import b` counts as `a.b`."""
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def modules(folder: str) -> Iterator[tuple[str, Path]]:
    """Every module below a folder of the repository, by name and file."""
    for file in sorted((ROOT / folder).rglob("*.py")):
        parts = file.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), file


def portals_named(source: str, module: str, *, is_package: bool = False) -> set[str]:
    """The portals whose package a module's source imports."""
    found = (name.split(".") for name in imports(source, module, is_package=is_package))
    return {parts[1] for parts in found if parts[0] == "portals" and len(parts) > 1 and parts[1] in PORTALS}


def portals_named_in(module: str, file: Path) -> set[str]:
    return portals_named(file.read_text(encoding="utf-8"), module, is_package=file.name == "__init__.py")


def test_layers_never_look_back() -> None:
    ran = subprocess.run([Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True)
    assert ran.returncode == 0, ran.stdout.decode(errors="replace")


@pytest.mark.parametrize("portal", PORTALS)
def test_a_portal_imports_no_other_portal(portal: str) -> None:
    for module, file in modules(f"portals/{portal}"):
        assert portals_named_in(module, file) <= {portal}, module


def test_flows_and_agent_know_no_portal_by_name() -> None:
    for folder in ("flows", "agent"):
        for module, file in modules(folder):
            assert not portals_named_in(module, file), module


@pytest.mark.parametrize(
    "source",
    [
        "import portals.other",
        "import portals.other.read as read",
        "from portals.other import PORTAL",
        "from portals import other",
        "from ..other.read import decision",
        "from .. import other",
    ],
)
def test_the_walk_sees_every_way_to_import_a_portal(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "PORTALS", ["mine", "other"])
    assert portals_named(source, "portals.mine.pages") == {"other"}


def test_every_module_opens_with_its_job() -> None:
    silent = [
        module
        for folder in PACKAGES
        for module, file in modules(folder)
        if not ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
    ]
    assert not silent


def test_lock_names_no_host_and_no_place() -> None:
    for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines():
        assert not re.search(r"://|file:|--(extra-)?index-url|--find-links|--trusted-host| @ |(^|\s)[./~]", line), line


def test_lock_pins_everything_the_project_asks_for_with_hashes() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", " ")
    pinned = [line for line in lock.splitlines() if line and not line.startswith("#")]
    assert all(re.match(r"[\w.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line) for line in pinned)

    names = {plain(line) for line in pinned}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"].get("optional-dependencies", {})
    asked = [*project["project"]["dependencies"], *extras["dev"], *project["build-system"]["requires"]]
    assert {plain(requirement) for requirement in asked} <= names


def plain(requirement: str) -> str:
    """A package's name as registries compare it."""
    named = re.match(r"[\w.-]+", requirement)
    assert named, requirement
    return re.sub(r"[-_.]+", "-", named[0]).lower()


def test_ci_runs_the_command_the_readme_gives() -> None:
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "make test" in ci.splitlines()
    for readme in ROOT.glob("README*.md"):
        assert re.search(r"^\s*make test\b", readme.read_text(encoding="utf-8"), re.MULTILINE), readme.name


def test_every_make_command_in_the_readmes_exists() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"setup", "demo", "test", "check", "bench"} <= targets
    for readme in ROOT.glob("README*.md"):
        named = set(re.findall(r"(?:^\s*|`)make ([a-z][a-z-]*)", readme.read_text(encoding="utf-8"), re.MULTILINE))
        assert named <= targets, readme.name


def test_the_address_that_the_readmes_give_the_imitated_portal_is_coupang_s() -> None:
    """With all portals served, the first port is another's, and the newcomer's login fails."""
    for file in (*ROOT.glob("README*.md"), ROOT / "flows" / "demo.py"):
        text = file.read_text(encoding="utf-8")
        assert "-m fixtures --portals coupang --port-base 8701" in text, file.name
        assert "--portal coupang --name demo --base-url http://127.0.0.1:8701" in text, file.name
