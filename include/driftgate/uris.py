"""Every path in the lake and every dataset name in lineage, in one place."""


def partition(zone: str, dataset: str, key: str) -> str:
    """Return the folder of one partition; ``zone`` is ``raw``, ``validated`` or ``quarantine``."""
    return f"{zone}/{dataset}/{key}"


def profile(dataset: str, key: str, suffix: str = "json") -> str:
    """Return the path of a partition's profile (``json``) or of its page (``html``)."""
    return f"profiles/{dataset}/{key}.{suffix}"


def validation_report(dataset: str, key: str, suffix: str = "json") -> str:
    """Return the path of a validation report (``json``) or of its Data Docs page (``html``)."""
    return f"reports/validation/{dataset}/{key}.{suffix}"


def evaluation_report(use_case: str, model_id: str, suffix: str = "json") -> str:
    """Return the path of the evaluation of one candidate (``json``), or of its page (``html``)."""
    return f"reports/evaluation/{use_case}/{model_id}.{suffix}"


def gate_receipt(use_case: str, model_id: str, gate: str) -> str:
    """Return the path of the signed receipt of one gate."""
    return f"reports/receipts/{use_case}/{model_id}/{gate}.json"


def approval(use_case: str, model_id: str) -> str:
    """Return the path of what a person answered about one candidate."""
    return f"reports/approval/{use_case}/{model_id}.json"


def revalidation_report(use_case: str, key: str) -> str:
    """Return the path of the evaluation of a champion on the newest labelled rows of one day."""
    return f"reports/revalidation/{use_case}/{key}.json"


def dataset_check(version: str) -> str:
    """Return the path of how a dataset version (``flight_delays/2013-03-31-3f9c2a1``) was tested."""
    return f"reports/datasets/{version}/check.json"


def monitoring_report(use_case: str, key: str, monitor: str) -> str:
    """Return the path of one monitor's evidence for one night."""
    return f"reports/monitoring/{use_case}/{key}/{monitor}.json"


def retraining(use_case: str, outcome_id: str) -> str:
    """Return the path of what came of one retraining."""
    return f"reports/retraining/{use_case}/{outcome_id}/outcome.json"


def calibration_report(use_case: str, version: str, kind: str) -> str:
    """Return the path of what a model version's data monitor promises, ``json`` or ``html``."""
    return f"reports/calibration/{use_case}/{version}.{kind}"


def model_status() -> str:
    """Return the path of the page of all models and what is wrong with each; it is made when it is asked for."""
    return "reports/monitoring/index.html"


def nights_page(use_case: str) -> str:
    """Return the path of the page of a use case's last nights; it is made when it is asked for."""
    return f"reports/monitoring/{use_case}/index.html"


def night_page(use_case: str, key: str) -> str:
    """Return the path of the page of what was found about one night; it is made when it is asked for."""
    return f"reports/monitoring/{use_case}/{key}/index.html"


def joined(use_case: str, key: str) -> str:
    """Return the folder of one day's answers joined with their outcomes."""
    return f"reports/monitoring/{use_case}/{key}/joined"


def promotion_report(use_case: str, version: str, step: str, suffix: str = "json") -> str:
    """Return the path of one judgement of a candidate's shadow or canary step (``json``), or of its page (``html``)."""
    return f"reports/promotion/{use_case}/{version}/{step}.{suffix}"


def promotion_page(use_case: str, version: str) -> str:
    """Return the path of the page of a whole promotion."""
    return f"reports/promotion/{use_case}/{version}/index.html"


def model_page(use_case: str, version: str) -> str:
    """Return the path of the page of a model version: its card, and what was decided of it until now."""
    return f"reports/models/{use_case}/{version}.html"


def incident(use_case: str, incident_id: str) -> str:
    """Return the folder of the evidence of one incident."""
    return f"reports/incidents/{use_case}/{incident_id}"


def security_report(use_case: str, key: str) -> str:
    """Return the path of what one day's requests look like: probing, or not."""
    return f"reports/security/{use_case}/{key}.json"


def skew_report(use_case: str, version: str, name: str) -> str:
    """Return the path of one comparison of where a version serves with where it came from."""
    return f"reports/skew/{use_case}/{version}/{name}.json"


def tuning_report(use_case: str, study: str, name: str) -> str:
    """Return the path of a file of one study's report."""
    return f"reports/tuning/{use_case}/{study}/{name}"


def experiment(use_case: str, dataset_version: str, name: str) -> str:
    """Return the path of one comparison of models on one dataset version (``flight_delays/2013-03-31-3f9c2a1``)."""
    return f"reports/experiments/{use_case}/{dataset_version.rpartition('/')[2]}/{name}"


def feature_review(use_case: str, key: str, suffix: str = "json") -> str:
    """Return the path of what people look at in the feature review of one night (``json``), or its page (``html``)."""
    return f"reports/feature_reviews/{use_case}/{key}.{suffix}"


def catalog() -> str:
    """Return the path of the catalogue's page."""
    return "reports/catalog/index.html"


def alarms() -> str:
    """Return the path of the page of alarms."""
    return "reports/alarms/index.html"


def cost_report(week: str, suffix: str) -> str:
    """Return the path of what an ISO week cost, as a table (``csv``) or a page (``html``)."""
    return f"reports/cost/{week}.{suffix}"


def efficiency(use_case: str, week: str) -> str:
    """Return the path of what a use case took for a unit of its work in an ISO week."""
    return f"reports/efficiency/{use_case}/{week}.json"


def value(use_case: str, week: str) -> str:
    """Return the path of what a use case earned in an ISO week."""
    return f"reports/value/{use_case}/{week}/roi.json"


def usage(day: str, name: str) -> str:
    """Return the path of what one endpoint's consumers used in some minute of a day."""
    return f"{usage_of(day)}/{name}.json"


def usage_of(period: str) -> str:
    """Return the folder of what was used in a day (2026-11-25) or a month (2026-11)."""
    return f"reports/usage/{period[:7]}" + (f"/{period}" if len(period) > 7 else "")


def backtest(use_case: str, name: str) -> str:
    """Return the folder of one backtest of a use case: its report, and the nights played so far."""
    return f"reports/backtest/{use_case}/{name}"


def backtest_work(use_case: str, kind: str) -> str:
    """Return the folder of what backtests of a use case share: ``models``, ``evaluations`` or ``nights``."""
    return f"{backtest(use_case, 'work')}/{kind}"


def prepared(use_case: str, key: str, inputs_sha256: str) -> str:
    """Return the folder of one day's rows as prepared from inputs with this hash."""
    return f"prepared/{use_case}/{key}/{inputs_sha256}"


def captures(use_case: str, key: str) -> str:
    """Return the folder of one day's captured requests and answers."""
    return f"captures/{use_case}/{key}"


def review_queue(use_case: str, key: str) -> str:
    """Return the path of one day's answers that people are to look at."""
    return f"reviews/{use_case}/{key}/queue.json"


def reviewed_labels(use_case: str) -> str:
    """Return the folder of the labels that people gave: one set, with its revisions."""
    return f"reviews/{use_case}/labels"


def review_report(use_case: str, key: str) -> str:
    """Return the path of how far people agreed with the answers, and with each other, in the night of ``key``."""
    return f"reports/reviews/{use_case}/{key}.json"


def data_capture(endpoint: str = "") -> str:
    """Return the folder that SageMaker writes the requests and answers of an endpoint (or of all) to."""
    return f"sagemaker/{endpoint}".rstrip("/")


def package(use_case: str, version: str) -> str:
    """Return the folder of a registered model package."""
    return f"models/{use_case}/{version}"


def package_draft(use_case: str, version: str, job_id: str) -> str:
    """Return the path of a whole package that is about to be written."""
    return f"drafts/{use_case}/{version}/{job_id}.zip"


def releases(use_case: str) -> str:
    """Return the folder of the releases of a use case."""
    return f"releases/{use_case}"


def release(use_case: str, release_id: str) -> str:
    """Return the path of what belongs to one switch of the champion."""
    return f"{releases(use_case)}/{release_id}/release.json"


def recovery_report(use_case: str, key: str) -> str:
    """Return the path of one recovery drill."""
    return f"reports/recovery/{use_case}/{key}.json"


def sizing(use_case: str) -> str:
    """Return the path of how many machines a use case needs."""
    return f"reports/sizing/{use_case}.json"


def job(job_id: str) -> str:
    """Return the folder in the lake for what a job writes."""
    return f"jobs/{job_id}"


def lineage(stream: str) -> str:
    """Return the folder of one hash chain of lineage records; a stream is a use case or a source."""
    return f"lineage/{stream}"


def delivery(source: str, dataset: str, name: str) -> str:
    """Return the lineage name of a piece that a source delivered; a file's ``name`` is its path below the dataset."""
    return f"source/{source}/{dataset}/{name}"


def learning_curve(dataset_version: str) -> str:
    """Return the path of the learning curve of a use case on one of its dataset versions."""
    return f"reports/training/{dataset_version}/learning_curve.json"
