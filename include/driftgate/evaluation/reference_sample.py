"""Training rows that a package keeps, encoded, so that whole rows of a night can be told from them.

Of a row only its features are kept, as the model reads them: numbers, and codes whose words are in
``preprocessing.json``. No key of a request, no time and no label is among them.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from driftgate.errors import Tampered
from driftgate.evaluation.all_over import places_all_over

if TYPE_CHECKING:
    import pyarrow as pa

    from driftgate.models import Preprocessing

REFERENCE_SAMPLE = "reference_sample.parquet"
ROWS = 2000  # 27 features of so many rows are 200 kB


def reference_sample(preprocessing: "Preprocessing", train: "pa.Table") -> bytes:
    """Return the file's bytes: rows from the whole of ``train``, equally far apart, so each day gives its share."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    matrix = preprocessing.encode_table(train.take(places_all_over(train.num_rows, ROWS)))
    columns = {name: matrix[:, place] for place, name in enumerate(preprocessing.names)}
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink, compression="zstd")
    data: bytes = sink.getvalue().to_pybytes()
    return data


def read_reference_sample(data: bytes, preprocessing: "Preprocessing", where: str) -> NDArray[np.float64]:
    """Return the rows in the bytes of ``reference_sample.parquet``, a column for each feature of the model.

    :raises Tampered: they are no such file, or of another model
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(pa.BufferReader(data))
    except (pa.ArrowInvalid, OSError):
        raise Tampered(f"{where} is no Parquet file of training rows; register the model again.") from None
    if table.column_names != preprocessing.names or not table.num_rows:
        raise Tampered(f"{where} has no rows of the features in preprocessing.json; register the model again.")
    return np.column_stack([column.to_numpy() for column in table.columns])
