import factories
import pytest
from flask import Flask

from webapp.models import Report


@pytest.fixture
def report(context: Flask) -> Report:
    return factories.add_asked_report()
