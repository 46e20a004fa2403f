"""Pages of the lake through Airflow's whole web application: its login, its rights, our plugin."""

import asyncio
import os
import re
import warnings
from base64 import b64encode
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import pytest

from driftgate import uris
from driftgate.catalog import Catalog
from driftgate.catalog.page import render_catalog
from driftgate.lake import lake
from driftgate.monitoring import decide
from driftgate.use_cases import load_use_case
from driftgate_airflow.ui.access import may_read

from .conftest import untidied

KEY = "2013-04-02"
PAGE = uris.validation_report("flights", KEY, "html")
HTML = b"<!DOCTYPE html><p>Judged.</p>"
BROWSER = {"accept": "text/html,application/xhtml+xml"}


@pytest.fixture(scope="module")
def airflow():
    """Airflow's web application as the api-server makes it, on an empty database of its own."""
    from airflow import settings
    from airflow.api_fastapi.app import create_app
    from airflow.models import import_all_models
    from airflow.models.base import Base
    from fastapi.testclient import TestClient

    settings.configure_orm()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import_all_models()
        Base.metadata.create_all(settings.engine)
        app = create_app(apps="core")
    return TestClient(app, base_url="http://testserver", follow_redirects=False)


@pytest.fixture
def token(airflow):
    """Make the token of a session that Airflow itself would accept."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    def make(role="VIEWER"):
        return get_auth_manager().generate_jwt(SimpleAuthManagerUser(username="anna", role=role))

    return make


@pytest.fixture
def get(airflow, token):
    """Ask for a page as anna, whose role is that of a reader; ``None`` asks as nobody."""

    def ask(path, role="VIEWER", **headers):
        headers |= {"authorization": f"Bearer {token(role)}"} if role else {}
        return airflow.get(f"/driftgate/{path}", headers=headers)

    return ask


@pytest.fixture
def written():
    for path, content in {
        PAGE: HTML,
        uris.validation_report("flights", KEY): b'{"checks": []}',
        uris.profile("flights", KEY, "html"): b"<p>Sketched.</p>",
        "reports/evaluation/flight_delays/roc.png": b"\x89PNG",
        "raw/flights/2013-04-02/manifest.json": b'{"secret": 1}',
        "quarantine/flights/2013-04-02/page.html": b"secret",
        "reports/monitoring/flight_delays/2013-04-02/joined/rows.parquet": b"secret",
        "reports/.staged-abc.html": b"secret",
    }.items():
        lake().write(path, content)
    return lake()


def test_nobody_who_is_not_logged_in_sees_anything(get, written):
    for path in (PAGE, "reports/validation/flights/2013-09-09.html", "raw/flights/2013-04-02/manifest.json", ""):
        answer = get(path, role=None)
        assert (answer.status_code, answer.text) == (401, "Not authenticated")


def test_a_token_that_airflow_did_not_sign_is_refused(airflow, written):
    for header in ({"authorization": "Bearer abc.def.ghi"}, {"cookie": "_token=abc.def.ghi"}):
        answer = airflow.get(f"/driftgate/{PAGE}", headers=header)
        assert answer.status_code == 403
        assert HTML not in answer.content


def test_a_browser_goes_to_the_login_and_comes_back(get, airflow, written):
    answer = get(PAGE, role=None, **BROWSER)
    login = urlsplit(answer.headers["location"])
    assert (answer.status_code, login.path) == (303, "/api/v2/auth/login")
    assert parse_qs(login.query)["next"] == [f"http://testserver/driftgate/{PAGE}"]
    assert airflow.get(answer.headers["location"]).headers["location"].startswith("/auth/login?next=")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (PAGE, "text/html; charset=utf-8"),
        (uris.validation_report("flights", KEY), "application/json"),
        (uris.profile("flights", KEY, "html"), "text/html; charset=utf-8"),
        ("reports/evaluation/flight_delays/roc.png", "image/png"),
    ],
)
def test_a_reader_gets_the_page_as_it_is_in_the_lake(get, written, path, kind):
    answer = get(path)
    assert (answer.status_code, answer.content) == (200, written.read(path))
    assert answer.headers["content-type"] == kind


def test_the_cookie_of_a_session_is_enough(airflow, token, written):
    answer = airflow.get(f"/driftgate/{PAGE}", headers={"cookie": f"_token={token()}"})
    assert (answer.status_code, answer.content) == (200, HTML)


def test_a_page_may_load_and_run_nothing(get, written):
    for path in (PAGE, "reports/validation/flights/2013-09-09.html", "raw/x.html"):
        headers = get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
        assert "script-src" not in policy
        assert "frame-ancestors 'self'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


def test_the_catalogue_runs_its_own_script_and_no_other(get):
    assert get(uris.catalog()).text == "There is no catalogue yet; run 'driftgate catalog build'."
    lake().write(uris.catalog(), render_catalog(Catalog(datasets=(), features=(), models=())))
    answer = get(uris.catalog())
    (script,) = re.findall(rb"<script>(.*?)</script>", answer.content, re.DOTALL)
    allowed = re.findall(r"script-src ([^;]*)", answer.headers["content-security-policy"])
    assert allowed == [f"'sha256-{b64encode(sha256(script).digest()).decode()}'"]


def test_a_page_that_is_not_there_is_a_sentence(get, written):
    answer = get("reports/validation/flights/2013-09-09.html")
    assert answer.status_code == 404
    assert answer.text.startswith("There is no reports/validation/flights/2013-09-09.html in the lake: ")


OUTSIDE = [
    "raw/flights/2013-04-02/manifest.json",
    "validated/flights/2013-04-02/manifest.json",
    "quarantine/flights/2013-04-02/page.html",
    "reports/monitoring/flight_delays/2013-04-02/joined/rows.parquet",
    "reports/.staged-abc.html",
    "reports/validation",
    "reports/validation/",
    "reports",
    "",
    "/etc/hosts.html",
    "//etc/hosts.html",
    "reports//etc/hosts.html",
    "reports/../raw/flights/2013-04-02/manifest.json",
    "reports/..%2fraw/flights/2013-04-02/manifest.json",
    "reports/%2e%2e/raw/flights/2013-04-02/manifest.json",
    "reports%2f%2e%2e%2fraw/flights/2013-04-02/manifest.json",
    "reports/%252e%252e/raw/flights/2013-04-02/manifest.json",
    "reports/..%5craw/flights/2013-04-02/manifest.json",
    "reports/..;/raw/flights/2013-04-02/manifest.json",
    "reports/./validation/flights/2013-04-02.html",
    "reports/validation/flights/2013-04-02.html%00.png",
    "reports/validation/flights/2013-04-02.html%0a",
    "reports/validation/flights/2013-04-02.HTML",
    "%2fetc/hosts.html",
    "file:///etc/hosts.html",
    "REPORTS/validation/flights/2013-04-02.html",
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_nothing_but_pages_is_served(airflow, token, written, path):
    status, body = asyncio.run(untidied(airflow.app, f"/driftgate/{path}", token("ADMIN")))
    assert (status, body[:32]) == (404, b"This is not the address of a pag")


def test_a_link_out_of_its_zone_is_not_followed(get, written, tmp_path):
    secret = tmp_path / "secret.html"
    secret.write_text("secret")
    root = written.root
    (root / "reports/validation/flights/link.html").symlink_to(secret)
    (root / "reports/validation/raw").symlink_to(root / "raw")
    for path in ("reports/validation/flights/link.html", "reports/validation/raw/flights/2013-04-02/manifest.json"):
        answer = get(path, role="ADMIN")
        assert (answer.status_code, "secret" in answer.text) == (404, False)


def test_a_zone_may_lie_on_another_disk(get, written, tmp_path):
    os.rename(written.root / "reports", tmp_path / "disk")  # noqa: PTH104
    (written.root / "reports").symlink_to(tmp_path / "disk")
    assert get(PAGE).content == HTML


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_pages_are_only_read(airflow, token, written, method):
    answer = getattr(airflow, method)(f"/driftgate/{PAGE}", headers={"authorization": f"Bearer {token('ADMIN')}"})
    assert answer.status_code == 405
    assert written.read(PAGE) == HTML


@pytest.fixture
def rights(airflow, monkeypatch):
    """Give every account the right to see these DAGs only; ``None`` is the right to all of them."""
    from airflow.api_fastapi.app import get_auth_manager

    def give(*dags):
        def is_authorized(*, method, user, access_entity=None, details=None):
            return method == "GET" and details.id in dags

        monkeypatch.setattr(get_auth_manager(), "is_authorized_dag", is_authorized)

    return give


def test_who_may_not_see_the_tasks_may_not_see_their_pages(get, written, rights):
    rights("another.ingest")
    answer = get(PAGE)
    assert answer.status_code == 403
    assert answer.text.startswith("You may not see the tasks that make this page")
    assert get("reports/validation/flights/2013-09-09.html").status_code == 403, "nor learn which pages there are"
    rights("nycflights.ingest")
    assert get(PAGE).status_code == 200


def test_the_question_cannot_say_which_dag_it_is_about(get, written, rights):
    lake().write(uris.catalog(), b"<p>Everything.</p>")
    rights("nycflights.ingest")
    assert get(f"{uris.catalog()}?dag_id=nycflights.ingest").status_code == 403
    rights("nycflights.ingest", None)
    assert get(uris.catalog()).status_code == 200


def test_every_role_of_the_laptops_accounts_may_read(airflow):
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    assert may_read(SimpleAuthManagerUser(username="anna", role="VIEWER"), PAGE)
    assert not may_read(SimpleAuthManagerUser(username="carl", role=None), PAGE)


def test_a_setting_that_is_wrong_is_a_sentence(get, monkeypatch):
    monkeypatch.setenv("DRIFTGATE_ENV", "nowhere")
    answer = get(PAGE)
    assert answer.status_code == 500
    assert answer.text.startswith("DRIFTGATE_ENV is 'nowhere'")


def test_pages_of_monitoring_are_made_when_they_are_asked_for(get, rights):
    decide(load_use_case("flight_delays"), KEY)
    for path in (uris.model_status(), uris.nights_page("flight_delays"), uris.night_page("flight_delays", KEY)):
        answer = get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "script-src" not in answer.headers["content-security-policy"]
        assert not lake().exists(path)
    assert get(uris.night_page("flight_delays", "2013-09-09")).status_code == 404
    rights("flight_delays.monitor")
    assert get(uris.night_page("flight_delays", KEY)).status_code == 200
    assert get(uris.model_status()).status_code == 403, "it tells of every use case"
    rights("air_time.monitor")
    assert get(uris.nights_page("flight_delays")).status_code == 403


def test_airflow_offers_its_pages_in_its_navigation(airflow, token):
    answer = airflow.get("/api/v2/plugins", headers={"authorization": f"Bearer {token('ADMIN')}"})
    plugin = next(item for item in answer.json()["plugins"] if item["name"] == "driftgate")
    views = {view["name"]: view for view in plugin["external_views"]}
    assert {view["destination"] for view in views.values()} == {"nav"}
    hrefs = {name: view["href"] for name, view in views.items()}
    assert hrefs == {
        "Catalogue": f"/driftgate/{uris.catalog()}",
        "Models": f"/driftgate/{uris.model_status()}",
        "Alarms": f"/driftgate/{uris.alarms()}",
    }
