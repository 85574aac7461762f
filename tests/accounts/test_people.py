import factories
import pytest
from flask import Flask
from page_client import PageClient
from sqlalchemy import select

from webapp import audit
from webapp.accounts import passwords, people, sessions
from webapp.extensions import db
from webapp.models import AuditEntry, Person

PASSWORD = "seven quiet herons"


@pytest.fixture(autouse=True)
def _quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "METHOD", "scrypt:1024:8:1")


def run(app: Flask, *arguments: str, password: str = PASSWORD) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["people", *arguments], input=password + "\n")
    return result.exit_code, result.output


def test_the_first_administrator_is_made_by_a_command_and_can_sign_in(app: Flask, client: PageClient) -> None:
    code, said = run(app, "add", "Ada@Example.org", "--name", "Ada Byron", "--role", "administrator")
    assert (code, said) == (0, "Ada Byron can sign in as ada@example.org (administrator).\n")
    assert client.submit("/sign-in", {"email": "ada@example.org", "password": PASSWORD}).status_code == 303


def test_the_password_is_nowhere_but_in_its_hash(app: Flask) -> None:
    code, said = run(app, "add", "ada@example.org", "--name", "Ada", "--role", "auditor")
    assert code == 0
    assert PASSWORD not in said
    with app.app_context():
        assert PASSWORD not in db.session.scalars(select(Person)).one().password_hash
        assert PASSWORD not in db.session.scalars(select(AuditEntry)).one().details


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["ada", "--name", "Ada", "--role", "auditor"], "not an e-mail address"),
        (["ada@example.org", "--name", " ", "--role", "auditor"], "1 to 200 characters"),
        (["ada@example.org", "--name", "Ada", "--role", "nurse"], "'nurse' is not one of"),
        (["ada@example.org", "--name", "Ada", "--role", "staff"], "Staff work for one clinic: name it"),
        (["ada@example.org", "--name", "Ada", "--role", "staff", "--clinic", "Nowhere"], "no clinic Nowhere"),
        (
            ["ada@example.org", "--name", "Ada", "--role", "auditor", "--clinic", "Riverside"],
            "Auditors belong to no single clinic",
        ),
        (["taken@example.org", "--name", "Ada", "--role", "auditor"], "there already"),
    ],
)
def test_nonsense_is_refused_in_plain_words(app: Flask, arguments: list[str], why: str) -> None:
    with app.app_context():
        factories.add_person("staff", factories.add_clinic("Riverside"), email="taken@example.org")
    code, said = run(app, "add", *arguments)
    assert code != 0
    assert why in said
    with app.app_context():
        assert len(db.session.scalars(select(Person)).all()) == 1


@pytest.mark.parametrize(
    "password",
    ["short", "", "password1234", "Password!2026", "passwordpassword", "qwertyuiop12", "123456789012", "aaaaaaaaaaaaaa",
     "abababababab", "Welcome-12345", "clinicreports1", "ada.byron2026", "example2026!!"],
)  # fmt: skip
def test_common_passwords_are_refused(password: str) -> None:
    with pytest.raises(passwords.WeakPassword):
        passwords.require_strong(password, "ada.byron@example.org", "Ada Byron")


@pytest.mark.parametrize(
    "password", ["seven quiet herons", "пароль на семь слов", "Tr0ub4dor&3xyz", "byron likes to walk far"]
)
def test_other_passwords_are_taken(password: str) -> None:
    passwords.require_strong(password, "ada.byron@example.org", "Ada Byron")


def test_a_password_is_the_same_from_every_keyboard() -> None:
    assert passwords.matches(passwords.hashed("caf\u00e9 am See 12"), "cafe\u0301 am See 12")


def test_a_new_password_signs_out_everywhere(app: Flask, client: PageClient) -> None:
    with app.app_context():
        person = factories.add_person("staff", email="ada@example.org")
    client.sign_in(person)
    assert client.get("/sign-in").status_code == 303
    assert run(app, "set-password", "ada@example.org")[0] == 0
    assert client.get("/sign-in").status_code == 200
    assert client.submit("/sign-in", {"email": "ada@example.org", "password": PASSWORD}).status_code == 303


def test_a_deactivated_person_can_sign_in_no_more(app: Flask, client: PageClient) -> None:
    with app.app_context():
        person = factories.add_person("staff", email="ada@example.org")
    client.sign_in(person)
    assert run(app, "deactivate", "ada@example.org") == (0, "ada@example.org can sign in no more.\n")
    assert client.get("/sign-in").status_code == 200
    with app.app_context():
        assert db.session.scalars(select(AuditEntry.action)).all() == ["person.deactivated"]
        assert list(audit.faults()) == []


def test_the_last_administrator_stays(context: Flask) -> None:
    first, second = factories.add_person("administrator"), factories.add_person("administrator")
    people.deactivate(first)
    with pytest.raises(people.PersonRefused, match="last administrator"):
        people.deactivate(second)


def test_people_are_listed_with_role_clinic_and_state(app: Flask) -> None:
    with app.app_context():
        factories.add_person("staff", factories.add_clinic("Riverside"), email="b@example.org", name="Ben")
        factories.add_person("auditor", email="a@example.org", name="Ada", is_active=False)
    assert run(app, "list")[1].splitlines() == [
        "a@example.org\tauditor\tall clinics\tAda\tdeactivated",
        "b@example.org\tstaff\tRiverside\tBen\tactive",
    ]


def test_the_cookie_holds_nothing_that_the_database_would_give_away(context: Flask) -> None:
    token = sessions.start(factories.add_person()).get_id()
    db.session.commit()
    assert db.session.scalars(select(sessions.SignInSession.token_sha256)).one() != token
