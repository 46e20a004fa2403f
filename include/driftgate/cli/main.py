"""The tree of commands."""

import typer

from driftgate.cli import (
    alarm,
    backtest,
    calibrate,
    catalog,
    compute,
    consumer,
    contract,
    cost,
    dataset,
    dev_sample,
    doctor,
    endpoint,
    env,
    erasure,
    experiments,
    fairness,
    feature_review,
    incident,
    init,
    issues,
    job,
    licences,
    lineage,
    model,
    monitor,
    monitor_pages,
    promotion,
    quarantine,
    release,
    retention,
    review,
    source,
    train,
    tune,
)
from driftgate.cli.sentences import Sentences
from driftgate.world import commands as world

app = typer.Typer(
    cls=Sentences,
    help="Runs the whole life of a machine-learning model and retrains it only when a drift sensor fires.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # a local variable may hold a secret
)
app.add_typer(alarm.app, name="alarm")
app.add_typer(catalog.app, name="catalog")
dataset.app.command("issues")(issues.issues)
app.add_typer(compute.app, name="compute")
app.add_typer(consumer.app, name="consumer")
app.add_typer(contract.app, name="contract")
app.add_typer(cost.app, name="cost")
dataset.app.command("forget")(erasure.forget)
dataset.app.command("who-saw")(erasure.who_saw)
dataset.app.command("sample")(dev_sample.sample)
app.add_typer(dataset.app, name="dataset")
app.add_typer(endpoint.app, name="endpoint")
app.add_typer(experiments.app, name="experiments")
app.add_typer(fairness.app, name="fairness")
app.add_typer(feature_review.app, name="feature-review")
app.add_typer(incident.app, name="incident")
app.add_typer(job.app, name="job")
app.add_typer(lineage.app, name="lineage")
app.add_typer(model.app, name="model")
monitor.app.command("calibrate")(calibrate.calibrate)
monitor.app.command("report")(monitor_pages.report)
monitor.app.command("status")(monitor_pages.status)
app.add_typer(monitor.app, name="monitor")
app.add_typer(promotion.app, name="promotion")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(release.app, name="release")
app.add_typer(release.backup_app, name="backup")
app.add_typer(retention.app, name="retention")
app.add_typer(review.app, name="review")
app.add_typer(source.app, name="source")
app.add_typer(train.app, name="train")
app.add_typer(tune.app, name="tune")
app.command(name="backtest")(backtest.backtest)
app.command(name="doctor")(doctor.doctor)
app.command(name="env")(env.env)
app.command(name="init")(init.init)
app.command(name="licences")(licences.licences)
app.add_typer(world.app)
