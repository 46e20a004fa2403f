"""What each algorithm asks of the people who run it, from the simplest to the most complex."""

from driftgate.records import Record


class Algorithm(Record):
    """One algorithm; its place among others says how complex it is to run, explain and keep up."""

    name: str
    data_need: str
    interpretability: str
    deployment: str
    upkeep: str


ALGORITHMS = (
    Algorithm(
        name="rule",
        data_need="some hundred rows per group",
        interpretability="one number per group, read by anybody",
        deployment="a table",
        upkeep="the table is counted anew",
    ),
    Algorithm(
        name="linear",
        data_need="some ten rows per coefficient",
        interpretability="one coefficient per feature; what features do together is not seen",
        deployment="a table of coefficients",
        upkeep="features need scaling, and what is not linear needs features of its own",
    ),
    Algorithm(
        name="logistic",
        data_need="some ten rows per coefficient",
        interpretability="one coefficient per feature; what features do together is not seen",
        deployment="a table of coefficients",
        upkeep="features need scaling, and what is not linear needs features of its own",
    ),
    Algorithm(
        name="lightgbm",
        data_need="thousands of rows",
        interpretability="gains, SHAP values of each answer",
        deployment="a text file and the LightGBM library",
        upkeep="a dozen parameters; retrains in seconds to minutes on a CPU",
    ),
    Algorithm(
        name="torch",
        data_need="ten thousands of rows",
        interpretability="permutation only",
        deployment="an ONNX file and its runtime",
        upkeep="architecture, rates and epochs; retrains in minutes to hours, faster on a GPU",
    ),
)
ORDER = tuple(algorithm.name for algorithm in ALGORITHMS)
