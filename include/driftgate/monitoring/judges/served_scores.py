"""The champion's scores of one night."""

from driftgate.errors import CannotJudge
from driftgate.evaluation.metrics import Floats
from driftgate.monitoring.answers import sample_told
from driftgate.monitoring.night import Night


def served_scores(night: Night, wanted: int, what: str) -> Floats:
    """Return the scores that callers got from the champion.

    :param what: that they are wanted for, for the sentence
    :raises CannotJudge: they are fewer than ``wanted``
    """
    import pyarrow.compute as pc

    answers = night.answers
    known = pc.and_(pc.equal(answers.column("model_version"), night.served), pc.is_valid(answers.column("score")))
    scores: Floats = answers.filter(known).column("score").to_numpy().astype(float)
    if len(scores) < wanted:
        raise CannotJudge(
            f"{len(scores)} answers of model {night.served} on {night.key}{sample_told(answers)} are fewer than the "
            f"{wanted} that {what} needs."
        )
    return scores
