"""Who may say that a model goes before users: the policy, or a person who neither trained nor registered it."""

import pytest
from typer.testing import CliRunner

from driftgate.approval_policy import Approval
from driftgate.cli import app
from driftgate.errors import ConfigError, PromotionRefused, Tampered
from driftgate.evaluation.receipts import require_receipts
from driftgate.lake import lake
from driftgate.metadata import metadata
from driftgate.registry import find_model, load_package
from driftgate.registry.adoption import sign_unsigned
from driftgate.registry.aliases import KIND as ALIAS
from driftgate.registry.approval import APPROVAL, admit, approve, reject
from driftgate.registry.states import KIND, model_state, move_state, state_history
from driftgate.registry.writing import write_package

NAME = "flight_delays"


@pytest.fixture
def waiting(package, artefacts, features, finished, use_case):
    """Version 2, which Anna trained, waits; its gates have passed."""
    finished("job-2", champion=None)
    model = package("1").model_copy(update={"version": "2", "job_id": "job-2"})
    files = {name: lake().read(f"{model.folder.replace('/2', '/1')}/{name}") for name in model.files}
    write_package(model, files, trained_by="anna", registered_by="ben")
    asked = use_case.model_copy(update={"promote": use_case.promote.model_copy(update={"approve": "always"})})
    admit(asked, model, actor="ben")
    return model


def test_where_nobody_is_asked_the_policy_approves(package, use_case) -> None:
    model = package("1")
    with metadata().engine.begin() as connection:
        connection.exec_driver_sql("delete from driftgate_record where kind = ?", (KIND,))
    admit(use_case, model, actor="anna")
    assert [(one.state, one.actor) for one in state_history(NAME, "1")] == [
        ("candidate", "anna"), ("approved", "policy"),
    ]  # fmt: skip
    admit(use_case, model, actor="anna")
    assert len(state_history(NAME, "1")) == 2, "registered again, it is the same"


def test_where_the_evaluation_could_not_decide_a_person_does(package, use_case) -> None:
    model = package("1")
    with metadata().engine.begin() as connection:
        connection.exec_driver_sql("delete from driftgate_record where kind = ?", (KIND,))
    assert admit(use_case, model, actor="anna", needs_review=True).state == "needs_review"
    assert admit(use_case, model, actor="anna").state == "needs_review"


@pytest.mark.parametrize(("actor", "did"), [("anna", "trained"), ("ben", "registered"), (" Anna ", "trained")])
def test_whoever_made_a_model_cannot_approve_it(waiting, use_case, actor, did) -> None:
    with pytest.raises(PromotionRefused, match=rf"had version 2 of flight_delays {did}, so somebody else must approve"):
        approve(use_case, "2", actor=actor, reason="mine")
    assert model_state(NAME, "2").state == "candidate"


def test_another_person_can_and_the_answer_is_signed(waiting, use_case) -> None:
    with pytest.raises(PromotionRefused, match="receipt of the gate 'approval' is missing"):
        require_receipts(use_case, waiting, further=[APPROVAL])
    state = approve(use_case, "2", actor="carla", reason="looked at it")
    assert (state.state, state.actor, state.reason) == ("approved", "carla", "looked at it")
    assert approve(use_case, "2", actor="carla", reason="again") == state
    answer = next(one for one in require_receipts(use_case, waiting, further=[APPROVAL]) if one.gate == APPROVAL)
    assert answer.inputs["approver"] == "carla"
    path = f"reports/approval/{NAME}/job-2.json"
    lake().write(path, lake().read(path).replace(b"carla", b"annaa"))
    with pytest.raises(PromotionRefused, match=r"'approval' .* was changed or is gone"):
        require_receipts(use_case, waiting, further=[APPROVAL])


def test_the_command_line_verifies_it_all(waiting) -> None:
    answer = CliRunner().invoke(app, ["model", "verify", NAME, "2"])
    assert "All 7 files are what was registered and signed; the model loads." in answer.stdout
    assert "State: candidate, ben: job job-2 passed its gates" in answer.stdout
    assert [gate in answer.stdout for gate in ("evaluation", "uplift")] == [True, True]
    lake().delete("reports/receipts/flight_delays/job-2/uplift.json")
    answer = CliRunner().invoke(app, ["model", "verify", NAME, "2"])
    assert (answer.exit_code, "'uplift' is missing" in " ".join(answer.stderr.split())) == (1, True)


def test_only_approvers_may_where_there_are_some(waiting, use_case) -> None:
    asked = use_case.model_copy(update={"approval": Approval(approvers=("carla", "dora"))})
    for answer in (approve, reject):
        with pytest.raises(PromotionRefused, match=r"emil is none of the approvers of flight_delays \(carla, dora\)"):
            answer(asked, "2", actor="emil", reason="hm")
    assert approve(asked, "2", actor="Carla", reason="fine").state == "approved"


def test_nothing_is_approved_whose_gates_left_no_receipts(waiting, use_case) -> None:
    lake().delete("reports/receipts/flight_delays/job-2/uplift.json")
    with pytest.raises(PromotionRefused, match="receipt of the gate 'uplift' is missing"):
        approve(use_case, "2", actor="carla", reason="fine")
    assert model_state(NAME, "2").state == "candidate"


def test_a_rejection_is_an_answer_and_final(waiting, use_case) -> None:
    state = reject(use_case, "2", actor="anna", reason="I changed my mind")
    assert reject(use_case, "2", actor="carla", reason="me too") == state
    with pytest.raises(
        PromotionRefused, match=r"Version 2 .* is rejected \(I changed my mind\), so it may not be appr"
    ):
        approve(use_case, "2", actor="carla", reason="fine")


def test_what_is_under_way_is_rolled_back_not_rejected(waiting, use_case) -> None:
    approve(use_case, "2", actor="carla", reason="fine")
    move_state(NAME, "2", "shadow", actor="carla", reason="a test")
    for answer in (approve, reject):
        with pytest.raises(PromotionRefused, match="is shadow"):
            answer(use_case, "2", actor="carla", reason="fine")


def test_an_unknown_version_is_said_so(waiting, use_case) -> None:
    for answer in (approve, reject):
        with pytest.raises(ConfigError, match=r"no model version '22'; did you mean '2'\? Known: 1, 2"):
            answer(use_case, "22", actor="carla", reason="fine")


class TestPackagesFromBeforeSignatures:
    @pytest.fixture
    def unsigned(self, package):
        """Version 1, as an older Driftgate left it: no signature and no state."""
        model = package("1")
        lake().delete(f"{model.folder}/package.sig")
        with metadata().engine.begin() as connection:
            connection.exec_driver_sql("delete from driftgate_record where kind = ?", (KIND,))
        return model

    def test_somebody_who_answers_for_it_signs_it(self, unsigned, use_case) -> None:
        assert sign_unsigned(use_case, "1", actor="anna") == unsigned
        assert load_package(NAME, "1").model == find_model(NAME, "1")
        assert [(one.state, one.actor) for one in state_history(NAME, "1")] == [("candidate", "anna")]

    def test_the_one_that_serves_goes_on_serving(self, unsigned, use_case) -> None:
        body = {"use_case": NAME, "alias": "champion", "version": "1", "previous": None}
        metadata().append(ALIAS, f"{NAME}/champion", body)
        sign_unsigned(use_case, "1", actor="anna")
        assert model_state(NAME, "1").state == "champion"

    def test_a_changed_file_is_not_signed(self, unsigned, use_case) -> None:
        lake().write(f"{unsigned.folder}/card.md", b"another")
        with pytest.raises(Tampered, match=r"card\.md is not the file that was registered"):
            sign_unsigned(use_case, "1", actor="anna")
        assert not lake().exists(f"{unsigned.folder}/package.sig")

    def test_a_signature_is_never_replaced(self, package, use_case) -> None:
        model = package("1")
        lake().write(f"{model.folder}/package.sig", b"forged")
        with pytest.raises(ConfigError, match=r"package\.sig is there already, and no signature is replaced"):
            sign_unsigned(use_case, "1", actor="anna")
