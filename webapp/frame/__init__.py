"""What every response shares: the request's number and log line, security headers, static files, error pages,
what is refused as no text, the number of a page in an address, /healthz.

Nothing here knows who is signed in; the page's top bar is drawn from `viewer`, which accounts/ provides.
"""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp.frame import error_pages, headers, healthz, readable, request_log, static_files
from webapp.settings import Settings


def register(app: Flask) -> None:
    """Give the app its frame. The order counts: the request is numbered before anything can fail."""
    settings: Settings = app.config["SETTINGS"]
    if settings.trusted_proxies:
        # Only what each platform's router sets itself: a host named by X-Forwarded-Host could come from anyone. Each
        # proxy adds an address, but the scheme is told once.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies, x_proto=1)  # type: ignore[method-assign]
    # Tags on lines of their own leave no blank lines in the page.
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    request_log.register(app)
    headers.register(app)
    static_files.register(app)
    error_pages.register(app)
    readable.register(app)
    healthz.register(app)
