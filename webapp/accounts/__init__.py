"""Who people are and what they may do: sign-in, sessions, roles. access.py is the only door to rows."""

from datetime import timedelta

from flask import Flask

from webapp.accounts import guard, sessions, views
from webapp.extensions import login_manager
from webapp.settings import Settings


def register(app: Flask) -> None:
    """Give the app its sign-in: cookies, sessions, the guard before every route, and the pages."""
    settings: Settings = app.config["SETTINGS"]
    lifetime = timedelta(hours=settings.session_hours)
    app.config.update(
        # The prefix makes browsers hold the cookie to this host and to HTTPS (RFC 6265bis, section 4.1.3).
        SESSION_COOKIE_NAME="__Host-clinic-reports" if settings.production else "clinic-reports",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.production,
        # The cookie ends when its row does; renewing it in each response would only make answers differ.
        PERMANENT_SESSION_LIFETIME=lifetime,
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_TIME_LIMIT=int(lifetime.total_seconds()),
    )
    # Flask-Login would tie a session to the network address, and sign out everybody whose telephone changes it. Our
    # sessions are rows on the server instead.
    login_manager.session_protection = None
    # In place of its init_app, which reads the cookie in every response, for a remember-me that we do not have, and
    # asks for the person while a page is drawn, when the database may be what has failed.
    app.login_manager = login_manager  # type: ignore[attr-defined]
    login_manager.user_loader(sessions.find)
    app.register_blueprint(views.blueprint)
    guard.register(app)
