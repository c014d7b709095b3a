"""Running the few statements of every turn by the driver itself: each is compiled once for its database.

SQLAlchemy's own execution takes ten times what SQLite needs for such a statement, and a turn runs some twenty.
Compiling, column types and the handling of errors stay SQLAlchemy's. Statements are those of
`bot.store.statements`, over tables; they see what the unit of work has flushed.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Delete, Dialect, Insert, Select, Update
from sqlalchemy.orm import Session

Statement = Select[Any] | Insert | Update | Delete
Values = Mapping[str, Any]
Processor = Callable[[Any], Any]
CONNECTION = "connection"  # in session.info


def use(session: Session, connection: Connection) -> None:
    """Say which connection `session` has to its end: asking it costs as much as a statement."""
    session.info[CONNECTION] = connection


def rows(session: Session, statement: Statement, values: Values) -> list[Any]:
    """What `statement` answers: tuples with the columns as attributes (of columns named alike the first)."""
    connection = session.info.get(CONNECTION) or session.connection()
    prepared = _prepared(connection.dialect, statement, values)
    cursor: Any = connection.connection.cursor()
    parameters = prepared.parameters(values)
    try:
        cursor.execute(prepared.text, parameters)
        found = cursor.fetchall()
    except Exception as error:  # SQLAlchemy's way with it: wrapped, counted, a lost connection given up
        connection._handle_dbapi_exception(error, prepared.text, parameters, cursor, None)
    cursor.close()
    return prepared.converted(found)


def value(session: Session, statement: Statement, values: Values) -> Any:
    """The first column of the first row, None when there is none."""
    found = rows(session, statement, values)
    return found[0][0] if found else None


def run(session: Session, statement: Insert | Update, several: Sequence[Values]) -> None:
    """Run a statement that answers nothing, once for each of `several` values with the same names."""
    connection = session.info.get(CONNECTION) or session.connection()
    prepared = _prepared(connection.dialect, statement, several[0])
    cursor: Any = connection.connection.cursor()
    parameters = [prepared.parameters(values) for values in several]
    try:
        if len(parameters) == 1:
            cursor.execute(prepared.text, parameters[0])
        else:
            cursor.executemany(prepared.text, parameters)
    except Exception as error:
        connection._handle_dbapi_exception(error, prepared.text, parameters, cursor, None)
    cursor.close()


class _Prepared:
    """The text of a statement for one database, and what its types do to values on the way in and out."""

    def __init__(self, dialect: Dialect, statement: Statement, names: Sequence[str]) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(names))
        self.text: str = compiled.string
        self._places: Sequence[str] | None = compiled.positiontup
        self._constants: dict[str, Any] = {
            name: bind.value for name, bind in compiled.binds.items() if not bind.required
        }
        self._defaults: dict[str, Any] = {
            column.key: column.default.arg for column in getattr(compiled, "insert_prefetch", ())
        }
        self._in: dict[str, Processor] = {
            name: process
            for name, bind in compiled.binds.items()
            if (process := bind.type.dialect_impl(dialect).bind_processor(dialect))
        }
        columns = tuple(statement.exported_columns)
        self._row: Any = namedtuple("Row", [column.key for column in columns], rename=True)  # type: ignore[misc]
        self._out: list[tuple[int, Processor]] = [
            (place, process)
            for place, column in enumerate(columns)
            if (process := column.type.dialect_impl(dialect).result_processor(dialect, None))
        ]

    def parameters(self, values: Values) -> Any:
        """`values` as the driver takes them."""
        full = {**self._constants, **values}
        for name, default in self._defaults.items():
            full[name] = default(None) if callable(default) else default
        for name, process in self._in.items():
            full[name] = process(full[name])
        return full if self._places is None else [full[name] for name in self._places]

    def converted(self, found: Sequence[Sequence[Any]]) -> list[Any]:
        """The driver's rows as ours."""
        made = []
        for row in found:
            cells = list(row)
            for place, process in self._out:
                cells[place] = process(cells[place])
            made.append(self._row._make(cells))
        return made


_known: dict[tuple[str, Statement, tuple[str, ...]], _Prepared] = {}


def _prepared(dialect: Dialect, statement: Statement, values: Values) -> _Prepared:
    key = (dialect.name, statement, tuple(values))
    found = _known.get(key)
    if found is None:
        found = _known[key] = _Prepared(dialect, statement, key[2])
    return found
