"""``driftgate licences``: may we use what we run on?"""

from driftgate.cli.sentences import fail, out


def licences() -> None:
    """Check the licences of all pinned packages; exit code 1 for a new or changed one."""
    from driftgate.governance.licences import licence_problems

    if problems := licence_problems():
        fail("\n".join(problems))
    out.print("Every pinned package has a licence that was approved.")
