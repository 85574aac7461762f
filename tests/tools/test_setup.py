"""How set-up finds a Python, on machines made of stubs. No package is installed here."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from webapp.settings import PROJECT


class Machine:
    """A copy of the project's set-up files and a PATH on which only the basic tools and given Pythons are found."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        (self.project / "tools").mkdir(parents=True)
        for name in ("tools/setup", "requirements.txt", "requirements-dev.txt", "constraints.txt"):
            shutil.copy(PROJECT / name, self.project / name)
        self.bin = folder / "bin"
        self.bin.mkdir()
        for tool in ("sh", "cat", "cksum", "dirname", "uname"):
            found = shutil.which(tool)
            assert found is not None
            (self.bin / tool).symlink_to(found)
        (self.bin / "redis-server").touch(0o755)
        self.path = [self.bin]

    def python(self, name: str, version: str, folder: str = "bin", works_if: str = "true") -> None:
        """A stub that tells its version while `works_if` holds. It can do nothing else, not even make environments."""
        place = self.bin.parent / folder
        place.mkdir(exist_ok=True)
        if place not in self.path:
            self.path.append(place)
        stub = place / name
        stub.write_text(f'#!/bin/sh\ncase $2 in *version*) {works_if} && echo "{version} $0" ;; *) exit 1 ;; esac\n')
        stub.chmod(0o755)

    def setup(self) -> str:
        """Runs the set-up, which must fail here; what it says."""
        said = subprocess.run(
            [self.project / "tools/setup"],
            env={"PATH": os.pathsep.join(str(folder) for folder in self.path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.returncode == 1
        assert said.stdout == ""
        return said.stderr


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_it_says_what_to_install_where_there_is_no_python(machine: Machine) -> None:
    assert "needs Python 3.11 or 3.12, and found none. Install one" in machine.setup()


@pytest.mark.parametrize("version", ["2.7", "3.10", "3.13", "4.0"])
def test_it_says_what_to_install_where_the_python_does_not_suit(machine: Machine, version: str) -> None:
    machine.python("python3", version)
    said = machine.setup()
    assert f"needs Python 3.11 or 3.12, and found {version}. Install one" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("name", ["python3.12", "python3.11", "python3", "python"])
def test_it_takes_a_python_by_any_of_its_names(machine: Machine, name: str) -> None:
    machine.python(name, "3.12" if name != "python3.11" else "3.11")
    assert machine.setup().startswith(f"{machine.bin / name} cannot make virtual environments. Install that part")


def test_it_goes_on_past_a_python_that_does_not_run(machine: Machine) -> None:
    machine.python("python3.12", "3.12", folder="shims", works_if="false")
    machine.python("python3.11", "3.11", folder="usr")
    assert machine.setup().startswith(f"{machine.bin.parent / 'usr' / 'python3.11'} cannot")


def test_it_finds_the_same_name_further_down_the_path(machine: Machine) -> None:
    machine.python("python3.11", "3.11", folder="shims", works_if="false")
    machine.python("python3.11", "3.11", folder="usr")
    assert machine.setup().startswith(f"{machine.bin.parent / 'usr' / 'python3.11'} cannot")


def test_it_runs_a_shim_outside_the_project_where_the_version_named_there_is_missing(machine: Machine) -> None:
    (machine.project / ".python-version").write_text("3.12\n")
    machine.python("python3.11", "3.11", works_if="[ ! -e .python-version ]")
    assert machine.setup().startswith(f"{machine.bin / 'python3.11'} cannot")


def test_it_asks_for_a_redis_first_where_the_package_brings_none(machine: Machine) -> None:
    machine.python("python3.12", "3.12")
    (machine.bin / "redis-server").unlink()
    (machine.bin / "uname").unlink()
    (machine.bin / "uname").write_text("#!/bin/sh\necho Darwin arm64\n")
    (machine.bin / "uname").chmod(0o755)
    assert "brew install redis" in machine.setup()
