"""Every setting, typed, from the environment; nonsense stops the start. docs/settings.md tells people the same."""

import os
import secrets
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PROJECT = Path(__file__).resolve().parent.parent

# The library's function would try to write there, which it may not where only TEMP_FOLDER can be written.
_SYSTEM_TEMP = Path(os.environ.get("TMPDIR") or "/tmp")  # noqa: S108


class BadSetting(SystemExit):
    """A setting that cannot be used; the text says which, why, and what would do. Where nobody catches it, Python ends
    the process with that sentence and no traceback."""


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise BadSetting(f"must be a whole number, not {text!r}") from None
        if not low <= value <= high:
            raise BadSetting(f"must be from {low} to {high}, not {value}")
        return value

    return read


def _one_of(*allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in allowed:
            raise BadSetting(f"must be {' or '.join(allowed)}, not {text!r}")
        return text

    return read


def _folder(text: str) -> Path:
    return (PROJECT / Path(text).expanduser()).resolve()


def _database(text: str) -> str:
    """SQLAlchemy's URL. Heroku and others still hand out postgres://, which SQLAlchemy no longer takes."""
    scheme, mark, rest = text.partition("://")
    if not mark:
        raise BadSetting("must be a URL such as postgresql://user:password@host/name")
    if scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        return f"postgresql+psycopg://{rest}"
    if scheme == "sqlite":
        return text
    raise BadSetting(f"must be a sqlite:// or postgresql:// URL, not {scheme}://")


def _redis(text: str) -> str:
    if urlsplit(text).scheme not in ("redis", "rediss", "unix"):
        raise BadSetting("must be a redis://, rediss:// or unix:// URL")
    return text


def _endpoint(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadSetting("must be an http:// or https:// URL")
    return text.rstrip("/")


def _setting(default: Any, read: Callable[[str], Any] = str) -> Any:
    return field(default=default, metadata={"read": read})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The environment variable of a setting is its name in capitals: `redis_url` is REDIS_URL."""

    app_env: str = _setting("development", _one_of("development", "production"))
    secret_key: str = _setting("")
    data_dir: Path = _setting(PROJECT / "var", _folder)
    database_url: str = _setting("", _database)
    database_pool_size: int = _setting(5, _whole(1, 100))
    redis_url: str = _setting("", _redis)
    storage_bucket: str = _setting("")
    storage_service: str = _setting("google", _one_of("google", "s3"))
    storage_endpoint: str = _setting("", _endpoint)
    storage_location: str = _setting("")
    storage_kms_key: str = _setting("")
    storage_signer: str = _setting("")
    storage_folder: Path | None = _setting(None, _folder)
    temp_folder: Path = _setting(_SYSTEM_TEMP / f"clinic-reports-{os.getuid()}", _folder)
    spool_mb: int = _setting(512, _whole(16, 100_000))
    download_mode: str = _setting("stream", _one_of("stream", "redirect"))
    signed_url_seconds: int = _setting(60, _whole(10, 3600))
    fetch_seconds: int = _setting(20, _whole(1, 50))
    remake_kb: int = _setting(2048, _whole(0, 100_000))
    retention_days: int = _setting(30, _whole(1, 3650))
    log_level: str = _setting("info", _one_of("debug", "info", "warning", "error"))
    log_format: str = _setting("", _one_of("text", "json"))
    trusted_proxies: int = _setting(0, _whole(0, 5))
    session_idle_minutes: int = _setting(30, _whole(1, 24 * 60))
    session_hours: int = _setting(12, _whole(1, 24 * 7))
    sign_in_attempts: int = _setting(5, _whole(1, 100))
    sign_in_window_minutes: int = _setting(15, _whole(1, 24 * 60))
    reports_in_flight: int = _setting(10, _whole(1, 1000))
    job_seconds: int = _setting(900, _whole(10, 24 * 3600))
    lease_seconds: int = _setting(30, _whole(1, 3600))
    sweep_seconds: int = _setting(5, _whole(1, 3600))
    takeovers: int = _setting(3, _whole(0, 100))

    @property
    def production(self) -> bool:
        return self.app_env == "production"

    @property
    def store(self) -> str:
        """What keeps the files: "google", "s3", "local", or "none" in a production that names neither a bucket nor a
        folder: a disk that nobody has chosen may be gone tomorrow."""
        if self.storage_bucket:
            return self.storage_service
        return "none" if self.production and not self.storage_folder else "local"

    @property
    def files_folder(self) -> Path:
        """Where files are kept without a bucket, and were before there was one."""
        return self.storage_folder or self.data_dir / "files"

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None, **overrides: Any) -> "Settings":
        """From the environment, or from `overrides` by field name. Raises BadSetting."""
        environ = os.environ if environ is None else environ
        known = {item.name: item for item in fields(cls)}
        if unknown := set(overrides) - set(known):
            raise BadSetting(f"there is no setting {', '.join(sorted(unknown))}")
        values: dict[str, Any] = {}
        for name, item in known.items():
            if name in overrides:
                values[name] = overrides[name]
            elif text := environ.get(name.upper(), "").strip():
                try:
                    values[name] = item.metadata["read"](text)
                except BadSetting as fault:
                    raise BadSetting(f"{name.upper()} {fault}") from None
        return cls(**values)._completed()

    def _completed(self) -> "Settings":
        """The settings whose default depends on others. Raises BadSetting where production lacks one."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        if self.production:
            for name in ("secret_key", "database_url"):
                if not values[name]:
                    raise BadSetting(f"{name.upper()} must be set in production")
            if len(self.secret_key) < 32:
                raise BadSetting("SECRET_KEY must have at least 32 characters in production")
        values["secret_key"] = self.secret_key or _kept_secret(self.data_dir)
        values["database_url"] = self.database_url or f"sqlite:///{self.data_dir / 'clinic-reports.db'}"
        values["redis_url"] = self.redis_url or _running_redis(self.data_dir) or "redis://127.0.0.1:6379/0"
        values["log_format"] = self.log_format or ("json" if self.production else "text")
        return type(self)(**values)


def redis_url_file(data_dir: Path) -> Path:
    """Where `make run` says how to reach the Redis that it runs, for as long as it runs it."""
    return data_dir / "redis" / "url"


def _running_redis(data_dir: Path) -> str:
    """The URL of that Redis, so that a command in another terminal meets the same queue; empty where there is none."""
    try:
        return redis_url_file(data_dir).read_text().strip()
    except OSError:
        return ""


def _kept_secret(data_dir: Path) -> str:
    """A key for development, made once, so that a restart does not sign people out."""
    path = data_dir / "secret_key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=data_dir) as draft:
            draft.write(secrets.token_hex(32))
            draft.flush()
            # A link appears whole or not at all, so processes that start at once all read the same key.
            with suppress(FileExistsError):
                os.link(draft.name, path)
    return path.read_text()
