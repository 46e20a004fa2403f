"""``driftgate contract diff``: between two files, two states of a repository, and a branch and where it came from."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from driftgate.settings import project_root


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in a repository of its own, with one commit on main; the work goes on in a branch."""
    root = tmp_path / "project"
    for name in ("data_contracts", "include/use_cases", "include/settings"):
        shutil.copytree(project_root() / name, root / name)
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(root))
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root)
    git(root, "switch", "--quiet", "--create", "work")
    return root


def git(root: Path, *arguments: str) -> None:
    named = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    subprocess.run(["git", *named, *arguments], cwd=root, check=True, capture_output=True)


def commit(root: Path) -> None:
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "state")


def replace(path: Path, old: str, new: str) -> Path:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return path


DISTANCE = "{property: unit, value: miles}"


def test_an_unchanged_project_is_in_order(run: Callable[..., Any], project: Path) -> None:
    answer = run("contract", "diff", "--against", "main")
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert answer.stdout.count("no change") == 3


def test_a_breaking_change_without_a_major_step_fails_and_says_who_is_hit(
    run: Callable[..., Any], project: Path
) -> None:
    path = replace(project / "data_contracts/flights.yaml", DISTANCE, "{property: unit, value: km}")
    answer = run("contract", "diff", "--against", "main")
    assert answer.exit_code == 1
    assert "breaking Column 'distance_miles': unit is now 'km', was 'miles'." in answer.stdout
    assert "hits flight_delays: feature distance_miles" in answer.stdout
    assert "flights 1.2.0 → 1.2.0 needs a major step of its version, to 2.0.0 or above" in answer.stderr

    replace(path, "version: 1.2.0", "version: 2.0.0")
    answer = run("contract", "diff", "--against", "main")
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert "flights 1.2.0 → 2.0.0" in answer.stdout


def test_models_that_learned_from_a_feature_are_hit_by_version(
    run: Callable[..., Any], project: Path, put_package: Callable[..., Any]
) -> None:
    for version, feature in (("1", "origin"), ("2", "distance_miles"), ("3", "distance_miles")):
        files = {"model.txt": b"tree", "signature.json": json.dumps({"columns": [{"name": feature}]}).encode()}
        files["feature_baseline.json"] = b"{}"
        put_package(version, files)
    replace(project / "data_contracts/flights.yaml", DISTANCE, "{property: unit, value: km}")
    answer = run("contract", "diff", "--against", "main")
    assert "hits flight_delays: feature distance_miles; model versions 2, 3" in answer.stdout


def test_a_key_of_the_use_case_and_its_label_are_hit_by_name(run: Callable[..., Any], project: Path) -> None:
    path = project / "data_contracts/flights.yaml"
    for before in ("name: arr_delay_minutes", "name: carrier"):
        replace(path, before, f"{before}_2")
    answer = run("contract", "diff", "main:data_contracts/flights.yaml", path)
    assert answer.exit_code == 1
    assert "Column 'carrier' is now called 'carrier_2'." in answer.stdout
    (hit,) = [line for line in answer.stdout.splitlines() if "hits flight_delays" in line]
    assert "feature carrier, " in hit
    assert "request_key, label" in hit
    (other,) = [line for line in answer.stdout.splitlines() if "hits air_time" in line]
    assert "request_key" in other
    assert "label" not in other, "its label is another column"


def test_a_column_that_only_joins_hits_what_it_joins(run: Callable[..., Any], project: Path) -> None:
    path = replace(project / "data_contracts/planes.yaml", "name: tail_number\n", "name: registration\n")
    answer = run("contract", "diff", "main:data_contracts/planes.yaml", path)
    assert "feature aircraft_seats" in answer.stdout
    assert "temperature" not in answer.stdout
    assert "hits flights: its tail_number refers to planes.tail_number" in answer.stdout


def test_a_feature_from_the_history_of_the_requests_is_hit_too(run: Callable[..., Any], project: Path) -> None:
    (project / "include/use_cases/flight_delays/features.sql").write_text("""
        WITH late AS (SELECT carrier, avg(arr_delay_minutes) AS mean FROM flights_history GROUP BY ALL)
        SELECT f.carrier, f.flight, f.origin, f.scheduled_departure, l.mean AS carrier_delay
        FROM flights f LEFT JOIN late l USING (carrier)
    """)
    path = replace(project / "data_contracts/flights.yaml", "name: arr_delay_minutes", "name: arrival_delay_minutes")
    answer = run("contract", "diff", "main:data_contracts/flights.yaml", path)
    assert "hits flight_delays: feature carrier_delay, label\n" in answer.stdout


def test_features_that_cannot_be_followed_are_told(run: Callable[..., Any], project: Path) -> None:
    (project / "include/use_cases/flight_delays/features.sql").write_text("SELECT nothing FROM flights")
    path = replace(project / "data_contracts/flights.yaml", DISTANCE, "{property: unit, value: km}")
    answer = run("contract", "diff", "main:data_contracts/flights.yaml", path)
    assert "hits flight_delays: its features are not known (" in answer.stdout


def test_a_compatible_change_hits_nobody(run: Callable[..., Any], project: Path) -> None:
    path = replace(project / "data_contracts/planes.yaml", "description: Who built it.", "description: The maker.")
    answer = run("contract", "diff", "main:data_contracts/planes.yaml", path)
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert "compatible Column 'manufacturer'" in answer.stdout
    assert "hits" not in answer.stdout


def test_a_branch_is_compared_with_where_it_left_main_not_with_what_main_is_now(
    run: Callable[..., Any], project: Path
) -> None:
    git(project, "switch", "--quiet", "main")
    path = replace(project / "data_contracts/planes.yaml", "version: 1.2.0", "version: 1.3.0")
    commit(project)
    git(project, "switch", "--quiet", "work")
    assert "1.2.0" in path.read_text()
    answer = run("contract", "diff", "--against", "main")
    assert (answer.exit_code, answer.stderr) == (0, "")


def test_origin_comes_before_a_local_branch(run: Callable[..., Any], project: Path, tmp_path: Path) -> None:
    git(project, "clone", "--quiet", "--bare", ".", str(tmp_path / "origin"))
    git(project, "remote", "add", "origin", str(tmp_path / "origin"))
    git(project, "fetch", "--quiet", "origin")
    replace(project / "data_contracts/flights.yaml", DISTANCE, "{property: unit, value: km}")
    commit(project)
    git(project, "branch", "--force", "main", "work")  # a main of one's own that has the change already
    answer = run("contract", "diff", "--against", "main")
    assert answer.exit_code == 1
    assert "needs a major step" in answer.stderr


def test_new_and_removed_contracts_are_told(run: Callable[..., Any], project: Path) -> None:
    (project / "data_contracts/weather.yaml").unlink()
    new = project / "data_contracts/aircraft.yaml"
    new.write_text((project / "data_contracts/planes.yaml").read_text().replace("name: planes", "name: aircraft"))
    answer = run("contract", "diff", "--against", "main")
    assert answer.exit_code == 0
    assert "new aircraft.yaml" in answer.stdout
    assert "weather.yaml: the contract is gone" in answer.stdout


def test_without_the_branch_nothing_is_compared_and_that_is_said(run: Callable[..., Any], project: Path) -> None:
    answer = run("contract", "diff", "--against", "trunk")
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert "There is no trunk here to compare with" in answer.stdout
    shutil.rmtree(project / ".git")
    assert "There is no main here" in run("contract", "diff", "--against", "main").stdout


def test_a_contract_of_an_older_language_is_told_and_not_compared(run: Callable[..., Any], project: Path) -> None:
    git(project, "switch", "--quiet", "main")
    path = replace(project / "data_contracts/planes.yaml", "  - {property: dataClass, value: reference}\n", "")
    commit(project)
    git(project, "switch", "--quiet", "--create", "later")
    replace(
        path, "  - {property: permissions", "  - {property: dataClass, value: reference}\n  - {property: permissions"
    )
    answer = run("contract", "diff", "--against", "main")
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert "cannot be compared: " in answer.stdout
    assert "dataClass' is missing" in answer.stdout


@pytest.mark.parametrize(
    ("arguments", "telling"),
    [
        ((), "Name two contracts, OLD and NEW, or --against a branch."),
        (("data_contracts/planes.yaml",), "Name two contracts, OLD and NEW"),
        (("a", "b", "--against", "main"), "Name two contracts, OLD and NEW"),
        (
            ("main:data_contracts/plane.yaml", "x.yaml"),
            "main:data_contracts/plane.yaml is neither a file nor a file of",
        ),
        (("none:data_contracts/planes.yaml", "x.yaml"), "none:data_contracts/planes.yaml is neither a file nor"),
        (("none.yaml", "x.yaml"), "none.yaml does not exist"),
        (
            ("main:data_contracts/planes.yaml", "main:data_contracts/flights.yaml"),
            "of two datasets, planes and flights",
        ),
        (("main:include/settings/local.yaml", "x.yaml"), "main:include/settings/local.yaml: unknown key"),
    ],
    ids=["nothing", "one", "all three", "no such file", "no such ref", "no such path", "two datasets", "no contract"],
)
def test_what_cannot_be_compared_is_a_sentence(
    run: Callable[..., Any], project: Path, arguments: tuple[str, ...], telling: str
) -> None:
    answer = run("contract", "diff", *arguments)
    assert answer.exit_code == 1
    assert telling in answer.stderr
    assert "Traceback" not in answer.output
