"""Sheets as a nurse brings them through the pages."""

import io
import re

from flask import Flask
from page_client import PageClient
from sqlalchemy import select
from sqlalchemy.orm import undefer_group
from werkzeug.test import TestResponse

from tests.uploads.conftest import add_clinic
from webapp.extensions import db
from webapp.models import Clinic, Upload
from webapp.models.upload import CELLS

HEAD = "MRN;Family name;Given name;Date of birth;Date;Time;Resp;SpO2 %;Air or oxygen;BP;Pulse;Temp (°C);AVPU\n"
ANA = "0417;Reyes;Ana;1990-05-20;2026-11-21;09:00;16;98;air;124/78;72;36.8;A\n"
MARIA = "0418;Santos;Maria Luisa;1954-01-02;2026-11-21;09:10;22;94;air;108/66;96;37.4;A\n"
STRANGER = "0999;Mendoza;Rosa;1960-07-08;2026-11-21;09:20;18;97;air;130/80;80;36.9;A\n"


def clinic_of(app: Flask) -> Clinic:
    """A clinic with four patients, read back, so that it can be used after the session has gone."""
    with app.app_context():
        clinic = add_clinic()
        db.session.refresh(clinic)
        return clinic


def bring(client: PageClient, text: str | bytes, name: str = "ward.csv") -> TestResponse:
    data = text if isinstance(text, bytes) else text.encode()
    return client.submit("/uploads", {"sheet": (io.BytesIO(data), name)}, follow_redirects=True)


def accept(client: PageClient, path: str) -> TestResponse:
    """Press the button of the dry run as it is now."""
    shown = re.search(r'name="shown" value="([0-9a-f]+)"', client.get(path).text)
    assert shown
    return client.submit(f"{path}/accept", {"shown": shown[1]})


def path_of(page: TestResponse) -> str:
    return page.request.path


def latest(app: Flask) -> Upload:
    with app.app_context():
        newest = select(Upload).order_by(Upload.received_at.desc(), Upload.id).options(undefer_group(CELLS))
        upload = db.session.scalars(newest).first()
        assert upload is not None
        return upload
