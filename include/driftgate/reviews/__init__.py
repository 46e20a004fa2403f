"""People look at some answers: a queue of items, their answers, and the labels that come of them."""

from driftgate.reviews.agreement import ReviewAgreement, measure_agreement
from driftgate.reviews.answers import ReviewAnswer, answer_item, decided, review_answers
from driftgate.reviews.item import ReviewItem, find_item, review_items
from driftgate.reviews.label_set import publish_labels
from driftgate.reviews.queue import open_items
from driftgate.reviews.sampling import queue_reviews, sample_reviews
from driftgate.reviews.worth import ReasonWorth, review_worth

__all__ = [
    "ReasonWorth",
    "ReviewAgreement",
    "ReviewAnswer",
    "ReviewItem",
    "answer_item",
    "decided",
    "find_item",
    "measure_agreement",
    "open_items",
    "publish_labels",
    "queue_reviews",
    "review_answers",
    "review_items",
    "review_worth",
    "sample_reviews",
]
