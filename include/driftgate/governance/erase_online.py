"""Taking a subject out of the online store."""

from driftgate.governance.subject import Having, Subject
from driftgate.online import online_store


def erase_online(subject: Subject) -> int:
    """Erase the online values whose key names the subject, and return how many there were.

    Values of others that it has a part in, such as the share of a carrier, are made anew the next night, from a history
    without it. A key is a string or a whole number, so no other subject has values of its own.
    """
    marks = subject.as_published()
    values = {name: value.as_py() for name, value in marks.values.items()} if isinstance(marks, Having) else {}
    if not values or not all(isinstance(value, str | int) for value in values.values()):
        return 0
    return online_store().forget(values)
