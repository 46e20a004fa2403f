"""One page about a dataset for whoever wants to use it: what it is, what is promised, what is done with it."""

from driftgate.contracts.contract import Contract, Server
from driftgate.contracts.words import in_words

TREATMENTS = {
    "keep": "published as delivered",
    "mask": "published as ***",
    "hash": "published as a keyed hash, which still joins",
    "drop": "not published",
}
KNOWN = {
    "prediction": "when a prediction is asked for",
    "event": "from the row's own time on",
    "outcome": "only afterwards: never a feature of its own row",
}
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{{ contract.name }}</title>
<style>
body { font-family: system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; line-height: 1.4 }
table { border-collapse: collapse; width: 100%; margin-bottom: 1rem }
td, th { border: 1px solid #ddd; padding: .3rem .6rem; text-align: left; vertical-align: top }
</style></head><body>
<h1>{{ contract.name }} <small>{{ contract.version }}</small></h1>
<p>{{ contract.purpose }}</p>
<table>
{% for name, value in facts %}<tr><th>{{ name }}</th><td>{{ value }}</td></tr>
{% endfor %}</table>
<h2>Columns</h2>
<table><tr><th>Column</th><th>Type</th><th>Unit</th><th>Meaning</th><th>Classification</th><th>Treatment</th>
<th>Needed for</th><th>Known</th></tr>
{% for column in contract.columns %}<tr><td>{{ column.name }}</td><td>{{ column.type }}</td>
<td>{{ column.unit or "" }}</td><td>{{ column.description }}</td><td>{{ column.classification }}</td>
<td>{{ treatments[column.treatment] }}</td><td>{{ column.purpose or "" }}</td>
<td>{{ known[column.available_at] }}</td></tr>
{% endfor %}</table>
<h2>Rules</h2>
<table><tr><th>Rule</th><th>Severity</th><th>In words</th><th>Remark</th></tr>
{% for rule in contract.rules %}<tr><td>{{ rule.id }}</td><td>{{ rule.severity }}</td><td>{{ in_words(rule) }}</td>
<td>{{ rule.description or "" }}</td></tr>
{% endfor %}</table>
</body></html>
"""


def render_document(contract: Contract) -> bytes:
    """Return the page as HTML: one file that needs no network, everything in it escaped."""
    from jinja2 import Environment, StrictUndefined

    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(PAGE)
    page = template.render(
        contract=contract, facts=list(_facts(contract).items()), treatments=TREATMENTS, known=KNOWN, in_words=in_words
    )
    return page.encode()


def _facts(contract: Contract) -> dict[str, str]:
    permissions, limit = contract.permissions, contract.max_quarantined_percent
    facts = {
        "Owner": f"{contract.owner} ({contract.contact})",
        "Licence": contract.licence,
        "May teach models": f"{'yes' if permissions.ml_use else 'no'}, by {permissions.legal_basis}",
        "Consent": permissions.consent_ref or "",
        "Permission ends": str(permissions.expires or ""),
        "Class": contract.data_class,
        "Kept": f"{contract.retention_days} days",
        "Delivered": f"{contract.latency_hours} hours after the day is over",
        "Partition": f"the date of {contract.partition_column}" if contract.partition_column else "a daily snapshot",
        "Source": f"{contract.source}: {_place(contract.server)}",
        "Can be made again": "yes" if contract.recreatable else "no",
        "Made up": "yes, these rows are synthetic" if contract.synthetic else "",
        "Loss limit": "" if limit is None else f"{limit:g} % of the rows may be quarantined",
        "Losses must not lean on": ", ".join(contract.slices),
        "Refers to": ", ".join(str(rule.references) for rule in contract.references),
    }
    return {name: value for name, value in facts.items() if value}


def _place(server: Server) -> str:
    if server.kind == "files":
        return f"{server.format} files {f's3://{server.bucket}/' if server.bucket else ''}{server.path}"
    rows = f"the table {'.'.join(filter(None, (server.table_schema, server.table)))}" if server.table else "a query"
    return f"{rows} of the database in {server.connection}"
