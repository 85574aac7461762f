"""How the rooms are put together into one Flask app."""

from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import make_url

from webapp import accounts, cli, downloads, frame, logs, queues, storage, temporary
from webapp.clinic_data import views as clinic_data
from webapp.downloads import views as download_views
from webapp.extensions import csrf, db, migrate
from webapp.gallery import views as gallery
from webapp.health import views as health
from webapp.report_requests import patient_pages
from webapp.report_requests import views as report_requests
from webapp.retention import views as retention
from webapp.settings import PROJECT, Settings
from webapp.uploads import taking_back_pages
from webapp.uploads import views as uploads


def build(**overrides: Any) -> Flask:
    """See webapp.create_app."""
    settings = Settings.read(**overrides)
    logs.configure(settings.log_level, settings.log_format)
    app = Flask("webapp", template_folder=str(PROJECT / "templates"), static_folder=None)
    app.config.from_mapping(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=_engine_options(settings),
        MAX_CONTENT_LENGTH=1024 * 1024,
    )
    temporary.use(settings.temp_folder)
    _keep_to_ourselves(settings)
    db.init_app(app)
    migrate.init_app(app, db, directory=str(PROJECT / "migrations"))
    frame.register(app)
    accounts.register(app)
    csrf.init_app(app)
    storage.init_app(app)
    queues.init_app(app)
    app.register_blueprint(report_requests.blueprint)
    app.register_blueprint(patient_pages.blueprint)
    downloads.init_app(app)
    app.register_blueprint(download_views.blueprint)
    app.register_blueprint(uploads.blueprint)
    app.register_blueprint(taking_back_pages.blueprint)
    app.register_blueprint(retention.blueprint)
    app.register_blueprint(clinic_data.blueprint)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(gallery.blueprint)
    cli.register(app)
    return app


def _keep_to_ourselves(settings: Settings) -> None:
    """A new SQLite file will hold patients: it is made readable to its owner alone, and its journal takes after it.
    Where it lies in DATA_DIR, that is made for it."""
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite" or not url.database or url.database.startswith((":", "file:")):
        return
    path = Path(url.database)
    if path.parent == settings.data_dir:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    if path.parent.is_dir() and not path.exists():
        path.touch(mode=0o600)


def _engine_options(settings: Settings) -> dict[str, Any]:
    """PostgreSQL drops idle connections behind our back, so each is tried before use and replaced now and then. Rows
    hold patients, so no fault of either database repeats what was to be written."""
    if settings.database_url.startswith("sqlite"):
        return {"hide_parameters": True}
    return {
        "hide_parameters": True,
        "pool_size": settings.database_pool_size,
        "max_overflow": settings.database_pool_size,
        "pool_pre_ping": True,
        "pool_recycle": 1800,
        "pool_timeout": 10,
    }
