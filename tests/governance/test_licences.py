"""A new or changed licence is found, whatever field a package says it in."""

import shutil
from email.message import Message
from pathlib import Path

import pytest

from driftgate.governance.licences import licence_of, licence_problems

ROOT = Path(__file__).resolve().parents[2]
LIST = "include/governance/licenses.yaml"


@pytest.fixture
def packages(project):
    """Pin these packages in the project."""

    def pin(*names):
        (project / "requirements").mkdir(exist_ok=True)
        (project / "requirements" / "runtime.txt").write_text(
            "".join(f"{name}==1.0 \\\n    --hash=x\n" for name in names)
        )
        shutil.copy(ROOT / LIST, project / LIST)
        path = project / LIST
        path.write_text(path.read_text().partition("\npackages:")[0] + "\npackages: {}\n")

    return pin


def test_every_package_that_is_pinned_has_an_approved_licence():
    assert licence_problems() == []


def test_approved_packages_pass_and_one_for_another_platform_is_left_out(packages):
    packages("pydantic", "numpy", "certifi", "a-package-that-nobody-has")
    assert licence_problems() == []


def test_a_licence_that_is_not_on_the_list_is_a_sentence(packages):
    packages("psycopg", "pydantic")
    (problem,) = licence_problems()
    assert "psycopg has the licence 'LGPL-3.0-only'" in problem
    assert "approve it or remove psycopg" in problem


@pytest.mark.parametrize(
    ("licence", "sentence"), [("LGPL-3.0-only", None), ("LGPL-2.1-only", "has the licence 'LGPL-3.0-only'")]
)
def test_a_reviewed_package_must_keep_the_licence_that_was_read(packages, change, licence, sentence):
    packages("psycopg")
    change(LIST, "packages: {}", f"packages: {{psycopg: {{licence: {licence}, because: read}}}}")
    problems = licence_problems()
    assert [sentence in problem for problem in problems] == ([True] if sentence else [])


def test_a_review_of_what_is_not_needed_any_more_is_a_sentence(packages, change):
    packages("pydantic")
    change(LIST, "packages: {}", "packages: {psycopg: {licence: LGPL-3.0-only, because: read}}")
    (problem,) = licence_problems()
    assert "psycopg is not needed any more" in problem


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ([("License-Expression", "MIT"), ("License", "other")], "MIT"),
        (
            [("Classifier", "License :: OSI Approved :: MIT License"), ("Classifier", "Topic :: Utilities")],
            "MIT License",
        ),
        ([("Classifier", "License :: OSI Approved"), ("License", "MIT\nand a long text")], "MIT"),
        ([], ""),
    ],
)
def test_a_licence_is_read_from_whichever_field_has_it(fields, licence):
    about = Message()
    for name, value in fields:
        about[name] = value
    assert licence_of(about) == licence
