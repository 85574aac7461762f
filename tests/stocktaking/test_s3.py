"""A store that speaks S3 lists its objects without checksums: files move there and back and are checked as well."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from apps import build_app, close

from tests.buckets import Bucket, s3_bucket
from tests.stocktaking.conftest import make_files
from tests.stocktaking.holdings import audited, file, is_right, keys
from webapp import audit, storage


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    with s3_bucket() as bucket:
        for name, value in bucket.environ().items():
            monkeypatch.setenv(name, value)
        yield bucket


def test_files_move_there_are_checked_and_repaired_and_come_back(
    tmp_path: Path, sqlite_url: str, bucket: Bucket
) -> None:
    made = make_files(tmp_path / "before", sqlite_url, 3)
    app = build_app(tmp_path / "before", sqlite_url, **_named(bucket))
    with app.app_context():
        run = app.test_cli_runner().invoke
        s3, folder = storage.by_name("s3"), storage.by_name("local")
        assert run(args=["storage", "move", "--from", "local", "--to", "s3", "--remove-originals"]).exit_code == 0
        assert all(is_right(s3, file(one)) for one in made)
        assert (len(bucket.objects()), keys(folder)) == (3, [])
        bucket.write(file(made[0]).storage_key, b"x" * file(made[0]).size)
        bucket.remove(file(made[1]).storage_key)
        bucket.write("reports/nobody/0.csv", b"nobody's")
        told = run(args=["storage", "check"])
        assert (told.exit_code, "3 faults found." in told.output) == (1, True)
        assert run(args=["storage", "check", "--repair"]).exit_code == 0
        assert run(args=["storage", "check", "--read"]).output.endswith("All is well.\n")
        assert len(audited("file.made_again")) == 2
        assert run(args=["storage", "move", "--from", "s3", "--to", "local", "--remove-originals"]).exit_code == 0
        assert all(is_right(folder, file(one)) for one in made)
        assert bucket.objects() == {}
        assert list(audit.faults()) == []
    close(app)


def _named(bucket: Bucket) -> dict[str, str]:
    """What build_app() takes, which looks at no variables of the environment but for those of boto3."""
    return {"storage_bucket": "reports", "storage_service": "s3", "storage_endpoint": bucket.url}
