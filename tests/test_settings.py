import re
import stat
import threading
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest

from webapp import create_app
from webapp.settings import PROJECT, BadSetting, Settings, redis_url_file

A_KEY = "k" * 32
PRODUCTION = {"APP_ENV": "production", "SECRET_KEY": A_KEY, "DATABASE_URL": "postgresql://u:p@host/name"}
KNOWN = {item.name: item for item in fields(Settings)}


def documented() -> dict[str, str]:
    """Each setting of docs/settings.md with its line of default and range."""
    page = (PROJECT / "docs" / "settings.md").read_text()
    sections = re.findall(r"^### `([A-Z_]+)`\n\nDefault: (.+?)\n\n(\S.*)$", page, re.MULTILINE)
    assert len(sections) == len(re.findall(r"^###", page, re.MULTILINE)), "a section lacks its default or its text"
    return {name.lower(): line for name, line, _text in sections}


def read(tmp_path: Path, **environ: str) -> Settings:
    return Settings.read({"DATA_DIR": str(tmp_path), **environ})


def test_every_setting_is_documented_and_every_documented_one_exists() -> None:
    assert set(documented()) == set(KNOWN)


def test_every_variable_that_is_read_elsewhere_is_documented() -> None:
    """Wherever the environment is asked for a name, except for those of the system."""
    page = (PROJECT / "docs" / "settings.md").read_text()
    asking = re.compile(r"""(?:os\.environ(?:\.get\(|\[))['"]([A-Z_]+)|['"]([A-Z_]+)['"] not in os\.environ""")
    sources = [PROJECT / "gunicorn.conf.py", PROJECT / "tests" / "sample_data.py"]
    for folder in ("webapp", "tools", "benchmarks"):
        sources += (PROJECT / folder).rglob("*.py")
    read = {name for source in sources for pair in asking.findall(source.read_text()) for name in pair if name}
    assert {"FONT_FOLDER", "PORT", "NO_COLOR", "SAMPLE_DATA"} <= read
    assert [name for name in sorted(read - {"REDIS_URL"}) if f"`{name}`" not in page] == []


@pytest.mark.parametrize("name", KNOWN)
def test_the_docs_name_the_default(name: str) -> None:
    default, line = KNOWN[name].default, documented()[name]
    assert default is not MISSING
    if isinstance(default, Path):
        # A default outside of the project is the system's.
        default = default.relative_to(PROJECT) if default.is_relative_to(PROJECT) else ""
    if default in ("", None):
        # It depends on other settings, so the docs tell it in words.
        assert not re.match(r"`[^`]*`\.", line)
    else:
        assert line.startswith(f"`{default}`.")


@pytest.mark.parametrize("name", [name for name, line in documented().items() if "From " in line])
def test_a_number_is_taken_within_its_documented_range_and_refused_outside(tmp_path: Path, name: str) -> None:
    match = re.search(r"From (\d+) to (\d+)\.", documented()[name])
    assert match
    low, high = int(match[1]), int(match[2])
    for number in (low, high):
        assert getattr(read(tmp_path, **{name.upper(): str(number)}), name) == number
    for number in (low - 1, high + 1):
        with pytest.raises(BadSetting, match=f"{name.upper()} must be from {low} to {high}, not {number}"):
            read(tmp_path, **{name.upper(): str(number)})


@pytest.mark.parametrize("name", [name for name, item in KNOWN.items() if isinstance(item.default, int)])
def test_every_number_has_a_documented_range_and_refuses_words(tmp_path: Path, name: str) -> None:
    assert "From " in documented()[name]
    with pytest.raises(BadSetting, match=f"{name.upper()} must be a whole number, not 'many'"):
        read(tmp_path, **{name.upper(): "many"})


@pytest.mark.parametrize("name", [name for name, line in documented().items() if "One of " in line])
def test_a_choice_takes_its_documented_values_and_no_other(tmp_path: Path, name: str) -> None:
    choices = re.findall(r"`([^`]+)`", documented()[name].split("One of ")[1])
    for choice in choices:
        assert getattr(read(tmp_path, **PRODUCTION | {name.upper(): choice}), name) == choice
    with pytest.raises(BadSetting, match=f"{name.upper()} must be {' or '.join(choices)}, not 'Nonsense'"):
        read(tmp_path, **{name.upper(): "Nonsense"})


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    assert read(tmp_path, DATABASE_POOL_SIZE="  ", LOG_LEVEL="") == read(tmp_path)


def test_a_folder_is_read_from_the_project(tmp_path: Path) -> None:
    assert read(tmp_path, STORAGE_FOLDER="elsewhere/files").storage_folder == PROJECT / "elsewhere" / "files"
    assert read(tmp_path, STORAGE_FOLDER=str(tmp_path / "x")).storage_folder == tmp_path / "x"
    assert read(tmp_path, STORAGE_FOLDER="~/x").storage_folder == Path.home() / "x"


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u:p@h/n", "postgresql+psycopg://u:p@h/n"),
        ("postgresql://u:p@h/n?sslmode=require", "postgresql+psycopg://u:p@h/n?sslmode=require"),
        ("postgresql+psycopg://u@/n", "postgresql+psycopg://u@/n"),
        ("sqlite:////tmp/x.db", "sqlite:////tmp/x.db"),
    ],
)
def test_a_database_url_is_made_one_that_sqlalchemy_takes(tmp_path: Path, given: str, used: str) -> None:
    assert read(tmp_path, DATABASE_URL=given).database_url == used


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://u:p@h/n"),
        ("DATABASE_URL", "the database"),
        ("REDIS_URL", "http://h:6379"),
        ("REDIS_URL", "127.0.0.1:6379"),
    ],
)
def test_a_url_of_the_wrong_kind_is_refused_without_telling_what_it_holds(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(BadSetting, match=f"{name} must be a ") as refusal:
        read(tmp_path, **{name: value})
    assert "u:p" not in str(refusal.value)


def test_defaults_that_depend_on_others_follow_them(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert settings.database_url == f"sqlite:///{tmp_path / 'clinic-reports.db'}"
    assert settings.files_folder == tmp_path / "files"
    assert (settings.log_format, settings.production) == ("text", False)
    settings = read(tmp_path, **PRODUCTION)
    assert (settings.log_format, settings.production) == ("json", True)


def test_without_a_redis_named_the_one_that_make_run_tells_of_is_used(tmp_path: Path) -> None:
    assert read(tmp_path).redis_url == "redis://127.0.0.1:6379/0"
    told = redis_url_file(tmp_path)
    told.parent.mkdir()
    told.write_text("unix:///somewhere/redis.sock")
    assert read(tmp_path).redis_url == "unix:///somewhere/redis.sock"
    assert read(tmp_path, REDIS_URL="redis://h:6379").redis_url == "redis://h:6379"


@pytest.mark.parametrize("missing", ["SECRET_KEY", "DATABASE_URL"])
def test_production_needs_what_cannot_be_made_up(tmp_path: Path, missing: str) -> None:
    with pytest.raises(BadSetting, match=f"{missing} must be set in production"):
        read(tmp_path, **{name: value for name, value in PRODUCTION.items() if name != missing})


def test_production_refuses_a_short_key_without_repeating_it(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="at least 32 characters") as refusal:
        read(tmp_path, **PRODUCTION | {"SECRET_KEY": "hunter2"})
    assert "hunter2" not in str(refusal.value)
    assert not (tmp_path / "secret_key").exists()


def test_a_key_for_development_is_made_once_and_read_by_us_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    key = read(folder).secret_key
    assert len(key) == 64
    assert read(folder).secret_key == key
    assert stat.S_IMODE((folder / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["secret_key"]


def test_processes_that_start_at_once_use_the_same_key(tmp_path: Path) -> None:
    start, keys = threading.Barrier(8), []

    def begin() -> None:
        start.wait()
        keys.append(read(tmp_path).secret_key)

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1


def test_overrides_go_before_the_environment(tmp_path: Path) -> None:
    assert Settings.read({"DATA_DIR": "elsewhere", "TAKEOVERS": "7"}, data_dir=tmp_path, takeovers=1).takeovers == 1


def test_a_misspelt_override_is_refused() -> None:
    with pytest.raises(BadSetting, match="there is no setting takeover"):
        Settings.read({}, takeover=1)


def test_nonsense_stops_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TAKEOVERS", "-1")
    with pytest.raises(BadSetting, match="TAKEOVERS must be from 0 to 100, not -1"):
        create_app(data_dir=tmp_path)


def test_settings_do_not_change_while_the_app_runs(tmp_path: Path) -> None:
    settings: Any = read(tmp_path)
    with pytest.raises(AttributeError):
        settings.takeovers = 5
