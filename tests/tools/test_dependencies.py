import re

from webapp.settings import PROJECT

FILES = ("requirements.txt", "requirements-dev.txt", "requirements-bench.txt")
PIN = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[\w+\])?==(\S+)(?: *;.*)?$", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    """Version by package, its name in the form that an index uses."""
    found = PIN.findall((PROJECT / name).read_text())
    return {re.sub(r"[-_.]+", "-", package).lower(): version for package, version in found}


def test_the_docs_give_a_reason_for_each_package_and_for_no_other() -> None:
    told = re.findall(r"^\| ([a-z][a-z0-9-]+) \|", (PROJECT / "docs/dependencies.md").read_text(), re.MULTILINE)
    asked = {package for name in FILES for package in pins(name)}
    assert sorted(name for name in told if name != "package") == sorted(asked)


def test_every_version_is_the_one_of_the_constraints() -> None:
    constraints = pins("constraints.txt")
    for name in FILES:
        for package, version in pins(name).items():
            assert constraints[package] == version, package


def test_no_line_goes_without_a_version() -> None:
    for name in (*FILES, "constraints.txt"):
        lines = [line for line in (PROJECT / name).read_text().splitlines() if line and line[0] not in "#-"]
        assert len(lines) == len(pins(name)), name
