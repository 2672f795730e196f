"""Train on a Parquet file that is larger than the memory that this program allows itself.

Rows are read one row group after the other, and each is a call of ``partial_fit``.
"""

import resource
import tempfile
from pathlib import Path

import duckdb
import numpy as np

from skinit import InitMLPClassifier

N_ROWS, N_COLUMNS, ROWS_OF_A_GROUP = 500_000, 60, 20_000  # 240 MB as numbers of 8 bytes
ALLOWED = 150 * 2**20  # bytes, above what the libraries take once they are loaded


def write_rows(path: Path) -> None:
    """Write a table of random numbers and of what is to be learned from them."""
    columns = ", ".join(f"random() - 0.5 as x{j}" for j in range(N_COLUMNS))
    rows = f"select *, x0 + x1 > x2 as y from (select {columns} from range({N_ROWS}))"
    connection = connect()
    connection.sql(rows).write_parquet(str(path), row_group_size=ROWS_OF_A_GROUP)


def connect() -> duckdb.DuckDBPyConnection:
    """Return a connection that is modest itself."""
    return duckdb.connect(config={"memory_limit": "100MB", "threads": 1})


def read_groups(path: Path):
    """Yield X and y of one row group after the other."""
    connection = connect()
    for first in range(0, N_ROWS, ROWS_OF_A_GROUP):
        table = connection.sql(
            f"select * exclude file_row_number from read_parquet('{path}', file_row_number=true) "
            f"where file_row_number >= {first} and file_row_number < {first + ROWS_OF_A_GROUP}"
        ).fetchnumpy()
        y = np.array(table.pop("y"))
        yield np.column_stack([*table.values()]).astype(np.float32), y


def limit_memory() -> None:
    """Let this process have no more than what it has, and what is allowed."""
    used = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_DATA, (used + ALLOWED, used + ALLOWED))


def main() -> None:
    """Train for one epoch on all groups but the last, which tells the accuracy."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        write_rows(path)
        limit_memory()
        try:
            np.ones((N_ROWS, N_COLUMNS))
        except MemoryError:
            print("All rows at once: they do not fit.")
        network = InitMLPClassifier((16,), random_state=0)
        *_, last = range(0, N_ROWS, ROWS_OF_A_GROUP)
        for number, (X, y) in enumerate(read_groups(path)):
            if number * ROWS_OF_A_GROUP < last:
                network.partial_fit(X, y, classes=[False, True])
        print(f"One row group after the other: accuracy {network.score(X, y):.2f}.")


if __name__ == "__main__":
    main()
