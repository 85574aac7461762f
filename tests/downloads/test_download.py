"""The bytes come back: stored, or made again to the same bytes; to the right people, with the right headers."""

import hashlib
import json
from pathlib import Path
from urllib.parse import unquote

import factories
import pytest
from flask import Flask
from page_client import PageClient, page_client
from sqlalchemy import select

from webapp import audit, generate, storage
from webapp.errors import RenderFailed, StorageBroken
from webapp.extensions import db
from webapp.figures import freeze
from webapp.files import FORMATS
from webapp.generate import drawing
from webapp.models import Alert, AuditEntry, Download, File, FrozenPart, Person, Report
from webapp.storage.local import LocalStorage


@pytest.fixture
def report(app: Flask) -> Report:
    """A ready report, its PDF stored."""
    with app.app_context():
        report = factories.add_asked_report()
        generate.make(report.id)
        db.session.refresh(report)
        return report


@pytest.fixture
def stored(app: Flask, report: Report) -> Path:
    """The file in the store's folder."""
    folder = app.config["SETTINGS"].files_folder
    return next(path for path in folder.rglob("*.pdf"))


def link(report: Report, format_name: str = "pdf") -> str:
    return f"/reports/{report.id}/files/{format_name}"


def tiers(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(Download.tier).order_by(Download.id)))


class TestStored:
    def test_it_comes_with_the_headers_of_its_kind(
        self, app: Flask, client: PageClient, report: Report, stored: Path
    ) -> None:
        response = client.get(link(report))
        assert response.status_code == 200
        assert response.data == stored.read_bytes()
        assert response.headers["Content-Type"] == "application/pdf"
        assert response.headers["Content-Length"] == str(stored.stat().st_size)
        assert response.headers["Content-Disposition"].startswith("attachment;")
        assert "Visit trends, October 2026, Riverside Clinic.pdf" in response.headers["Content-Disposition"]
        assert response.get_etag() == (hashlib.sha256(stored.read_bytes()).hexdigest(), False)
        assert response.headers["Accept-Ranges"] == "bytes"
        assert set(response.headers["Cache-Control"].split(", ")) == {"private", "no-cache"}
        assert tiers(app) == ["folder"]

    @pytest.mark.parametrize("format_name", list(FORMATS))
    def test_every_format_is_there_made_when_first_wanted(
        self, app: Flask, client: PageClient, report: Report, format_name: str
    ) -> None:
        first, second = client.get(link(report, format_name)), client.get(link(report, format_name))
        assert first.data == second.data
        assert first.headers["Content-Type"] == FORMATS[format_name].content_type
        assert tiers(app) == ["folder" if format_name == "pdf" else "made", "folder"]

    def test_a_part_of_it_can_be_had(self, app: Flask, client: PageClient, report: Report, stored: Path) -> None:
        response = client.get(link(report), headers={"Range": "bytes=100-199"})
        assert response.status_code == 206
        assert response.data == stored.read_bytes()[100:200]
        assert response.headers["Content-Range"] == f"bytes 100-199/{stored.stat().st_size}"
        assert response.headers["Content-Length"] == "100"
        assert tiers(app) == []
        with app.app_context():
            actions = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.number)).all()
        assert actions[-1] == "report.downloaded_in_part"

    def test_a_first_part_counts_as_a_download(self, app: Flask, client: PageClient, report: Report) -> None:
        assert client.get(link(report), headers={"Range": "bytes=0-99"}).status_code == 206
        assert tiers(app) == ["folder"]

    @pytest.mark.parametrize("odd", ["items=0-1", "bytes=0-1,5-6", "bytes=", "bytes=-", "nonsense"])
    def test_an_odd_range_is_ignored(self, client: PageClient, report: Report, stored: Path, odd: str) -> None:
        response = client.get(link(report), headers={"Range": odd})
        assert (response.status_code, response.data) == (200, stored.read_bytes())

    def test_a_version_that_is_not_ours_is_not_sent(self, app: Flask, client: PageClient, report: Report) -> None:
        response = client.get(link(report), headers={"If-Match": '"another"'})
        assert response.status_code == 412
        assert b"%PDF" not in response.data
        assert tiers(app) == []

    def test_a_version_that_is_ours_or_any_is_sent(self, client: PageClient, report: Report, stored: Path) -> None:
        etag = client.head(link(report)).headers["ETag"]
        for wanted in ("*", etag, f'"another", {etag}'):
            response = client.get(link(report), headers={"If-Match": wanted})
            assert (response.status_code, response.data) == (200, stored.read_bytes())

    def test_a_part_of_what_the_browser_has_is_not_sent_again(self, client: PageClient, report: Report) -> None:
        etag = client.head(link(report)).headers["ETag"]
        for wanted in ("bytes=0-9", "bytes=99999999-"):
            response = client.get(link(report), headers={"Range": wanted, "If-None-Match": etag})
            assert (response.status_code, response.data) == (304, b"")

    def test_a_version_named_by_a_weak_tag_is_sent_whole(self, client: PageClient, report: Report) -> None:
        etag = client.head(link(report)).headers["ETag"]
        strong = client.get(link(report), headers={"Range": "bytes=0-9", "If-Range": etag})
        weak = client.get(link(report), headers={"Range": "bytes=0-9", "If-Range": f"W/{etag}"})
        assert (strong.status_code, weak.status_code) == (206, 200)

    def test_a_look_at_the_headers_has_no_parts(self, client: PageClient, report: Report) -> None:
        assert client.head(link(report), headers={"Range": "bytes=0-9"}).status_code == 200

    def test_a_part_beyond_its_end_is_refused(self, client: PageClient, report: Report) -> None:
        assert client.get(link(report), headers={"Range": "bytes=99999999-"}).status_code == 416

    def test_a_part_of_another_version_is_the_whole(self, client: PageClient, report: Report, stored: Path) -> None:
        response = client.get(link(report), headers={"Range": "bytes=0-9", "If-Range": '"another"'})
        assert response.status_code == 200
        assert response.data == stored.read_bytes()

    def test_what_the_browser_has_is_not_sent_again(self, app: Flask, client: PageClient, report: Report) -> None:
        etag = client.get(link(report)).headers["ETag"]
        response = client.get(link(report), headers={"If-None-Match": etag})
        assert (response.status_code, response.data) == (304, b"")
        assert tiers(app) == ["folder"]

    def test_a_look_at_the_headers_is_no_download(self, app: Flask, client: PageClient, report: Report) -> None:
        response = client.head(link(report))
        assert (response.status_code, response.data) == (200, b"")
        assert int(response.headers["Content-Length"]) > 1000
        assert tiers(app) == []

    def test_a_name_in_another_script_is_sent_as_rfc_6266_says(
        self, app: Flask, client: PageClient, report: Report
    ) -> None:
        with app.app_context():
            db.session.get_one(Report, report.id).clinic.name = 'คลินิก "ริม/น้ำ"\r\nX: y'
            db.session.commit()
        disposition = client.get(link(report)).headers["Content-Disposition"]
        assert "\r" not in disposition
        assert "filename*=UTF-8''" in disposition
        name = unquote(disposition.partition("filename*=UTF-8''")[2])
        assert name == "Visit trends, October 2026, คลินิก ริม น้ำ X y.pdf"

    def test_a_name_that_is_too_long_is_cut_and_keeps_its_ending(
        self, app: Flask, client: PageClient, report: Report
    ) -> None:
        with app.app_context():
            db.session.get_one(Report, report.id).clinic.name = "x" * 200
            db.session.commit()
        name = client.get(link(report)).headers["Content-Disposition"].partition("filename=")[2].strip('"')
        assert (len(name), name[-5:]) == (204, "x.pdf")

    def test_a_long_name_in_another_script_fits_on_every_disk(
        self, app: Flask, client: PageClient, report: Report
    ) -> None:
        with app.app_context():
            db.session.get_one(Report, report.id).clinic.name = "診療所" * 60
            db.session.commit()
        disposition = client.get(link(report)).headers["Content-Disposition"]
        name = unquote(disposition.partition("filename*=UTF-8''")[2], errors="strict")
        assert name.startswith("Visit trends, October 2026, 診療所診")
        assert name.endswith(".pdf")
        assert 190 < len(name.encode()) <= 204


class TestMadeAgain:
    def test_a_lost_file_is_the_same_again_and_put_back(
        self, app: Flask, client: PageClient, report: Report, stored: Path
    ) -> None:
        before = stored.read_bytes()
        stored.unlink()
        response = client.get(link(report))
        assert response.data == before
        assert stored.read_bytes() == before
        assert tiers(app) == ["made again"]
        with app.app_context():
            entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "file.made_again")).one()
            sha256 = hashlib.sha256(before).hexdigest()
            hashes = {"was_sha256": sha256, "sha256": sha256}
            assert json.loads(entry.details) == {"format": "pdf", "why": "missing", "identical": True, **hashes}
            assert list(audit.faults()) == []

    @pytest.mark.parametrize("bad", [b"", b"%PDF-1.4 another", None])
    def test_a_file_with_wrong_bytes_is_never_sent_and_is_replaced(
        self, app: Flask, client: PageClient, report: Report, stored: Path, bad: bytes | None
    ) -> None:
        before = stored.read_bytes()
        flipped = before[:500] + bytes([before[500] ^ 1]) + before[501:]
        stored.write_bytes(flipped if bad is None else bad)
        assert client.get(link(report)).data == before
        assert stored.read_bytes() == before
        assert tiers(app) == ["made again"]
        with app.app_context():
            alert = db.session.scalars(select(Alert)).one()
            assert (alert.rule, alert.subject, report.id in alert.message) == ("file-corrupt", "", True)

    def test_a_store_that_is_down_is_not_waited_for(
        self, app: Flask, client: PageClient, report: Report, stored: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object, **__: object) -> None:
            raise StorageBroken("no answer")

        before = stored.read_bytes()
        monkeypatch.setattr(LocalStorage, "open", broken)
        monkeypatch.setattr(LocalStorage, "put", broken)
        assert client.get(link(report)).data == before
        assert tiers(app) == ["made again"]
        with app.app_context():
            assert db.session.scalars(select(Alert.rule)).all() == ["store-not-read"]
        monkeypatch.undo()
        client.get(link(report))
        with app.app_context():
            assert db.session.scalars(select(Alert.resolved_at)).one() is not None

    def test_a_library_that_draws_other_bytes_is_told_with_both_hashes(
        self, app: Flask, client: PageClient, report: Report, stored: Path
    ) -> None:
        with app.app_context():
            file = db.session.scalars(select(File)).one()
            old = stored.with_name(f"{'e' * 64}.pdf")
            stored.rename(old)
            file.sha256, file.storage_key = "e" * 64, storage.key_for(report.id, "e" * 64, "pdf")
            db.session.commit()
        response = client.get(link(report))
        assert response.data == stored.read_bytes()
        assert not old.exists()
        with app.app_context():
            redrawn = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "file.redrawn")).one()
            assert "e" * 64 in redrawn.details
            assert hashlib.sha256(response.data).hexdigest() in redrawn.details
            assert db.session.scalars(select(File.sha256)).one() == hashlib.sha256(response.data).hexdigest()

    @pytest.mark.parametrize("damage", [b"\x00", None])
    def test_damaged_figures_are_told_in_words_on_the_page_and_instead_of_a_file(
        self, app: Flask, client: PageClient, report: Report, damage: bytes | None
    ) -> None:
        with app.app_context():
            part = db.session.get_one(FrozenPart, report.figures_sha256)
            part.body = damage or freeze(("other",)).body
            db.session.commit()
        for path in (f"/reports/{report.id}", link(report, "csv")):
            response = client.get(path)
            assert response.status_code == 500
            assert "The figures kept for this report are damaged." in response.text
        assert client.get(link(report)).status_code == 200
        with app.app_context():
            alert = db.session.scalars(select(Alert)).one()
            assert (alert.rule, alert.severity, alert.count) == ("figures-damaged", "critical", 2)
            assert report.id in alert.message

    def test_a_format_that_cannot_be_drawn_says_so_and_the_others_are_still_there(
        self, client: PageClient, report: Report, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def failing(*_: object) -> None:
            raise RenderFailed("a hole")

        monkeypatch.setattr(drawing, "draw", failing)
        page = client.get(link(report, "excel"), follow_redirects=True)
        assert "could not be drawn" in page.text
        assert client.get(link(report)).status_code == 200


class TestAccess:
    def test_a_stranger_and_a_colleague_do_not_see_it_and_their_manager_does(
        self, app: Flask, client: PageClient, report: Report
    ) -> None:
        with app.app_context():
            clinic = db.session.get_one(Report, report.id).clinic
            people = [
                (factories.add_person("staff"), 404),
                (factories.add_person("manager"), 404),
                (factories.add_person("staff", clinic), 404),
                (factories.add_person("auditor"), 404),
                (factories.add_person("manager", clinic), 200),
                (factories.add_person("administrator"), 200),
            ]
        for person, status in people:
            assert page_client(app).sign_in(person).get(link(report)).status_code == status
        assert page_client(app).get(link(report)).status_code == 303

    def test_an_unknown_format_or_report_is_not_found(self, client: PageClient, report: Report) -> None:
        assert client.get(link(report, "docx")).status_code == 404
        assert client.get("/reports/nothing/files/pdf").status_code == 404

    def test_an_unfinished_report_leads_to_its_page(self, app: Flask, client: PageClient, report: Report) -> None:
        with app.app_context():
            waiting = factories.add_report(db.session.get_one(Person, report.requester_id))
        response = client.get(link(waiting))
        assert (response.status_code, response.location) == (303, f"/reports/{waiting.id}")

    def test_an_expired_report_is_gone_in_plain_words(self, app: Flask, client: PageClient, report: Report) -> None:
        with app.app_context():
            db.session.get_one(Report, report.id).status = "expired"
            db.session.commit()
        assert client.get(link(report)).status_code == 410


def test_the_store_is_not_asked_for_keys_with_names(app: Flask, report: Report) -> None:
    with app.app_context():
        file = db.session.scalars(select(File)).one()
        assert file.storage_key == storage.key_for(report.id, file.sha256, "pdf")
