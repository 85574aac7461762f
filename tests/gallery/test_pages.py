"""The gallery of charts: for whom, and that it shows each shape with each kind of figures."""

import factories
import pytest
from flask import Flask
from page_client import PageClient, page_client

from webapp.gallery.cases import SHAPES, TITLES, cases, strips
from webapp.models.person import ROLES

PATHS = ("/developers/charts", *(f"/developers/charts/{shape}" for shape in SHAPES))


@pytest.fixture
def client(app: Flask) -> PageClient:
    with app.app_context():
        return page_client(app).sign_in(factories.add_person("administrator"))


@pytest.mark.parametrize("role", [role for role in ROLES if role != "administrator"])
def test_others_are_told_that_it_is_for_administrators(app: Flask, role: str) -> None:
    with app.app_context():
        client = page_client(app).sign_in(factories.add_person(role))
    for path in PATHS:
        response = client.get(path)
        assert response.status_code == 403
        assert "The gallery of charts is for administrators." in response.text


def test_the_first_page_has_each_shape_and_strips_of_headline_figures(client: PageClient) -> None:
    page = client.get("/developers/charts").text
    assert page.count('class="case"') == len(SHAPES)
    assert all(f">{title}</figcaption>" in page for title in TITLES.values())
    assert [f"{count} headline figures" in page for count in range(3, 9)] == [True] * 6
    assert page.count('class="spark mw-100"') == sum(len(metric.trend) > 1 for strip in strips() for metric in strip)


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_has_a_page_with_every_case_wide_and_narrow(client: PageClient, shape: str) -> None:
    page = client.get(f"/developers/charts/{shape}").text
    for case in cases(shape):  # type: ignore[arg-type]
        assert f">{case.name}</figcaption>" in page
    assert page.count('class="chart mw-100"') == 2 * len(cases(shape))  # type: ignore[arg-type]


def test_a_shape_that_there_is_not_is_not_found(client: PageClient) -> None:
    assert client.get("/developers/charts/pie").status_code == 404
