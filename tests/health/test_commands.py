"""flask health: for scripts."""

from pathlib import Path

import pytest
from apps import build_app, close
from flask import Flask

from tests.health.standins import Failing


def run(app: Flask) -> tuple[int, list[list[str]]]:
    """The exit code, and the lines as name, state and words."""
    done = app.test_cli_runner().invoke(args=["health"])
    return done.exit_code, [line.split("\t") for line in done.output.splitlines()]


def test_where_all_is_well_it_ends_with_0(well: Flask) -> None:
    code, lines = run(well)
    assert code == 0
    assert [name for name, _, _ in lines] == ["Database", "Redis", "Queue", "File store", "Temporary folder"]
    assert {state for _, state, _ in lines} == {"Working"}


def test_a_part_that_is_down_ends_it_with_1_and_says_what_to_do(well: Flask, tmp_path: Path) -> None:
    well.extensions["storage"] = Failing(tmp_path, "read", "refused")
    code, lines = run(well)
    (told,) = [words for name, state, words in lines if (name, state) == ("File store", "Down")]
    assert code == 1
    assert "It did not let us read a file. The right that is lacking is storage.objects.get." in told


@pytest.mark.parametrize(("env", "state"), [("development", "Down"), ("production", "Not set up")])
def test_without_database_store_and_redis_every_part_still_has_its_line(tmp_path: Path, env: str, state: str) -> None:
    (tmp_path / "files").write_text("a file where the folder should be")
    app = build_app(tmp_path, f"sqlite:///{tmp_path}/nowhere/test.db", app_env=env, temp_folder=tmp_path / "temporary")
    code, lines = run(app)
    assert code == 1
    assert [state for _, state, _ in lines] == ["Down", "Down", "Waiting", state, "Working"]
    close(app)
