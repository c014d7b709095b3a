"""Running the few statements of every turn by the driver itself: each is compiled once for its database.

SQLAlchemy's own execution takes ten times what SQLite needs for such a statement, and a turn runs some twenty.
Compiling, column types and the handling of errors stay SQLAlchemy's. Statements are those of
`bot.store.statements`, over tables; they see what the unit of work has flushed.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from sqlalchemy import Connection, Delete, Dialect, Insert, Select, Update
from sqlalchemy.orm import Session

Statement = Select[*tuple[Any, ...]] | Insert | Update | Delete
Values = Mapping[str, Any]
Processor = Callable[[Any], Any]
CONNECTION = "connection"  # in session.info


def use(session: Session, connection: Connection) -> None:
    """Say which connection `session` has to its end: asking it costs as much as a statement."""
    session.info[CONNECTION] = connection, connection.connection.cursor()


def rows(session: Session, statement: Statement, values: Values) -> list[Any]:
    """What `statement` answers: tuples with the columns as attributes (of columns named alike the first)."""
    connection, cursor = _way(session)
    prepared = _prepared(connection.dialect, statement, values)
    parameters = prepared.parameters(values)
    try:
        cursor.execute(prepared.text, parameters)
        found = cursor.fetchall()
    except Exception as error:
        _failed(session, error, (connection, cursor), prepared.text, parameters)
    return prepared.converted(found)


def value(session: Session, statement: Statement, values: Values) -> Any:
    """The first column of the first row, None when there is none."""
    found = rows(session, statement, values)
    return found[0][0] if found else None


def run(session: Session, statement: Insert | Update, several: Sequence[Values]) -> None:
    """Run a statement that answers nothing, once for each of `several` values with the same names."""
    connection, cursor = _way(session)
    prepared = _prepared(connection.dialect, statement, several[0])
    parameters = [prepared.parameters(values) for values in several]
    try:
        if len(parameters) == 1:
            cursor.execute(prepared.text, parameters[0])
        else:
            cursor.executemany(prepared.text, parameters)
    except Exception as error:
        _failed(session, error, (connection, cursor), prepared.text, parameters)


def _way(session: Session) -> tuple[Connection, Any]:
    """The connection of `session` and a cursor of it: the one it was told to use, else a new one."""
    known: tuple[Connection, Any] | None = session.info.get(CONNECTION)
    if known is not None:
        return known
    connection = session.connection()
    return connection, connection.connection.cursor()


def _failed(
    session: Session, error: Exception, way: tuple[Connection, Any], text: str, parameters: Any
) -> NoReturn:
    """SQLAlchemy's way with an error: wrapped, counted, a lost connection given up."""
    session.info.pop(CONNECTION, None)  # its cursor is closed now
    connection, cursor = way
    connection._handle_dbapi_exception(error, text, parameters, cursor, None)


class _Prepared:
    """The text of a statement for one database, and what its types do to values on the way in and out."""

    def __init__(self, dialect: Dialect, statement: Statement, names: Sequence[str]) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(names))
        self.text: str = compiled.string
        processors = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect)
            for name, bind in compiled.binds.items()
        }
        fixed = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        fixed |= {column.key: _default(column) for column in getattr(compiled, "insert_prefetch", ())}
        for name in fixed.keys() - set(names):
            process = processors[name]
            fixed[name] = process(fixed[name]) if process else fixed[name]
        places = compiled.positiontup
        self._template: Any = [fixed.get(name) for name in places] if places is not None else fixed
        self._given: list[tuple[Any, str, Processor | None]] = [
            (name if places is None else place, name, processors[name])
            for place, name in enumerate(processors if places is None else places)
            if name in names
        ]
        columns = tuple(statement.exported_columns)
        self._row: Any = namedtuple("Row", [column.key for column in columns], rename=True)  # type: ignore[misc]
        self._out: list[tuple[int, Processor]] = [
            (place, process)
            for place, column in enumerate(columns)
            if (process := column.type.dialect_impl(dialect).result_processor(dialect, None))
        ]

    def parameters(self, values: Values) -> Any:
        """`values` as the driver takes them, among what is the same each time."""
        full = self._template.copy()
        for place, name, process in self._given:
            value = values[name]
            full[place] = value if process is None else process(value)
        return full

    def converted(self, found: Sequence[Sequence[Any]]) -> list[Any]:
        """The driver's rows as ours."""
        made = []
        for row in found:
            cells = list(row)
            for place, process in self._out:
                cells[place] = process(cells[place])
            made.append(self._row._make(cells))
        return made


def _default(column: Any) -> Any:
    """What a column that is left out holds, the same in each row."""
    made = column.default.arg
    if not callable(made):
        return made
    made = made(None)
    if made:
        raise TypeError(f"{column} has another default in each row: give it")
    return made


_known: dict[tuple[str, Statement, tuple[str, ...]], _Prepared] = {}


def _prepared(dialect: Dialect, statement: Statement, values: Values) -> _Prepared:
    key = (dialect.name, statement, tuple(values))
    found = _known.get(key)
    if found is None:
        found = _known[key] = _Prepared(dialect, statement, key[2])
    return found
