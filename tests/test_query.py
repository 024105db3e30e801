"""SQL on a result: what it answers, how it is written, and what it cannot reach."""

import csv
import json
import re
import shlex
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from meter_sim.cli import main
from meter_sim.results.query import TABLES, asked
from meter_sim.results.result import read_result
from tests.rollout import town

RESULTS = Path(__file__).parent.parent / "docs" / "results.md"


def query(*words):
    return CliRunner().invoke(main, ["query", *map(str, words)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("query")
    town(place, {"end": "2024-10-01 00:00"}).write(place / "town", plot=False)
    return place / "town"


def rows(folder, sql):
    with asked(folder, sql) as answer:
        return list(answer.rows)


@pytest.mark.parametrize("name", TABLES)
def test_each_table_is_there_with_all_its_rows(folder, name):
    table = getattr(read_result(folder), f"{name}_table")
    assert rows(folder, f"select count(*) from {name}") == [(table.num_rows,)]
    assert [row[0] for row in rows(folder, f"describe {name}")] == table.schema.names


def test_what_is_counted_is_what_the_summary_says(folder):
    entries = rows(folder, "select result, count(*) from events where event = 'entry' group by 1 order by 1")
    summary = json.loads((folder / "summary.json").read_text())
    assert dict(entries) == summary["entries"]
    [(sold,)] = rows(folder, "select sum(bought_tenths) / 10 from areas")
    assert sold == summary["measures"]["kwh_sold"]


def test_a_table_may_be_a_folder_of_files(folder, tmp_path):
    whole = pq.read_table(folder / "meters.parquet")
    (tmp_path / "summary.json").write_text("{}")
    (tmp_path / "meters.parquet").mkdir()
    for place in (0, 10, 20):
        pq.write_table(whole.slice(place, 10), tmp_path / "meters.parquet" / f"{place}.parquet")
    found = rows(tmp_path, "select meter from meters order by connection")
    assert [row[0] for row in found] == whole.column("meter").to_pylist()
    assert rows(tmp_path, "select count(*) from areas") == [(0,)]


def test_the_answer_as_a_table(folder):
    outcome = query(
        folder, "select 'a' as word, 12 as number, null as nothing union all select 'long', 3, null order by 1"
    )
    assert outcome.exit_code == 0
    assert outcome.stdout == "word  number  nothing\na         12\nlong       3\n"


def test_the_answer_as_csv_and_json(folder, tmp_path):
    sql = (
        "select time, meter, register_ws, credited_ws / 3600000.0 as kwh from events order by time, connection limit 3"
    )
    events = read_result(folder).events_table.slice(0, 3).to_pylist()
    wanted = [
        {
            "time": f"{row['time']:%Y-%m-%d %H:%M:%S}Z",
            "meter": row["meter"],
            "register_ws": row["register_ws"],
            "kwh": row["credited_ws"] / 3_600_000,
        }
        for row in events
    ]
    assert json.loads(query(folder, sql, "--format", "json").stdout) == wanted
    read = list(csv.DictReader(query(folder, sql, "--format", "csv").stdout.splitlines()))
    assert read == [{name: str(value) for name, value in row.items()} for row in wanted]
    for name, form in (("a.json", "json"), ("a.csv", "csv"), ("a.txt", "table")):
        outcome = query(folder, sql, "--out", tmp_path / name)
        assert outcome.stdout == f"written to {tmp_path / name}\n"
        assert (tmp_path / name).read_text() == query(folder, sql, "--format", form).stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "a.json", "a.txt"]
    assert query(folder, "select 1 as one limit 0", "--format", "json").stdout == "[]\n"
    assert query(folder, "select 1 as one limit 0", "--format", "csv").stdout == "one\n"
    assert query(folder, "select 1 as one limit 0").stdout == "one\n"


def test_values_of_every_kind(folder):
    sql = (
        "select sum(x) as a, 1.5::decimal(4, 2) as b, [1, null] as c, {'k': date '2024-01-02'} as d, 'nan'::double as e, "
        "true as f, timestamp '2024-01-02 03:04:05' as g, interval 1 day as h, 'two' || chr(10) || 'lines' as i "
        "from (values (4611686018427387904), (4611686018427387904)) t(x)"
    )
    [row] = json.loads(query(folder, sql, "--format", "json").stdout)
    day = row.pop("h")
    assert "1" in str(day)
    assert row == {
        "a": 1 << 63, "b": 1.5, "c": [1, None], "d": {"k": "2024-01-02"}, "e": None, "f": True,
        "g": "2024-01-02 03:04:05", "i": "two\nlines",
    }  # fmt: skip
    assert "two lines" in query(folder, sql).stdout


@pytest.mark.parametrize(
    ("sql", "line"),
    [
        ("select conection from events", 'query: Binder Error: .*connection".*'),
        ("select * from event", 'query: Catalog Error: .*Did you mean "events"\\?'),
        ("selct 1", 'query: Parser Error: syntax error at or near "selct"'),
        ("select cast(meter as int) from meters", "query: Conversion Error: .*"),
        ("", "query: write one statement that reads, .*"),
        ("select 1; select 2", "query: write one statement that reads, .*"),
    ],
)
def test_what_is_wrong_is_one_line(folder, sql, line):
    outcome = query(folder, sql)
    assert outcome.exit_code == 2
    assert re.fullmatch(line + "\n", outcome.stderr), outcome.stderr
    assert outcome.stdout == ""


OTHER = "the other file"


@pytest.mark.parametrize(
    "sql",
    [
        "copy events to 'FILE'",
        "copy (select 1) to 'FILE' (format parquet)",
        "copy events from 'FILE'",
        "attach 'FILE' as other",
        "install httpfs",
        "load httpfs",
        "create table x as select 1",
        "create view x as select 1",
        "insert into events select * from events",
        "update meters set area = 'x'",
        "delete from events",
        "drop view events",
        "export database 'FILE'",
        "call pragma_version()",
        "explain analyze select 1",
        "set enable_external_access = true",
        "reset lock_configuration",
        "select * from 'FILE'",
        "select * from read_csv('FILE')",
        "select * from read_text('FILE')",
        "select * from read_parquet('FOLDER/events.parquet')",
        "select * from 'FOLDER/summary.json'",
        "select * from glob('FOLDER/*')",
        "from query('copy events to ''FILE''')",
        "select * from read_csv('https://127.0.0.1:9/x.csv')",
        "select (select content from read_text('FILE'))",
        "with x as materialized (select * from read_blob('FILE')) select * from x",
    ],
)
def test_nothing_else_is_reached(folder, tmp_path, sql, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "other.csv"
    file.write_text(OTHER)
    before = {path: path.read_bytes() for path in (*folder.iterdir(), file)}
    outcome = query(folder, sql.replace("FILE", str(file)).replace("FOLDER", str(folder)))
    assert outcome.exit_code == 2
    assert re.fullmatch("query: .*\n", outcome.stderr), outcome.stderr
    assert OTHER not in outcome.output
    assert {path: path.read_bytes() for path in (*folder.iterdir(), *tmp_path.iterdir())} == before


def test_secrets_of_the_home_folder_are_out_of_reach(folder):
    """DuckDB keeps secrets there for other uses: none is listed, by whatever version."""
    outcome = query(folder, "select * from duckdb_secrets()", "--format", "json")
    assert outcome.exit_code == 2 or json.loads(outcome.stdout) == []


def test_python_variables_are_out_of_reach(folder):
    events_of_mine = read_result(folder).events_table
    assert events_of_mine is not None
    assert "does not exist" in query(folder, "select * from events_of_mine").stderr


def test_folders_that_are_no_results(tmp_path):
    outcome = query(tmp_path, "select 1")
    assert (outcome.exit_code, outcome.stderr) == (
        2,
        f"{tmp_path}: not a result, summary.json is missing; name a folder that run wrote\n",
    )


def test_a_damaged_table_is_one_line(tmp_path):
    (tmp_path / "summary.json").write_text("{}")
    (tmp_path / "events.parquet").write_bytes(b"PAR1 no more")
    outcome = query(tmp_path, "select * from events")
    assert outcome.exit_code == 2
    assert outcome.stderr.count("\n") == 1
    assert outcome.stderr.startswith("query: ")


def test_a_file_that_cannot_be_written(folder, tmp_path):
    outcome = query(folder, "select 1", "--out", tmp_path / "nowhere" / "a.csv")
    assert outcome.exit_code == 2
    assert outcome.stderr == f"{tmp_path / 'nowhere' / 'a.csv'}: cannot be written: No such file or directory\n"
    outcome = query(folder, "select cast(meter as int) from meters", "--out", tmp_path / "a.csv")
    assert outcome.exit_code == 2
    assert not list(tmp_path.iterdir())


def test_without_duckdb_the_extra_is_named(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    outcome = query(folder, "select 1")
    assert outcome.exit_code == 2
    assert outcome.stderr == "query: DuckDB is not installed; it comes with pip install 'meter_sim[query]'\n"


def test_the_queries_in_the_docs_have_answers(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = re.findall(r"^meter-sim query .*$", RESULTS.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(lines) == 3
    for line in lines:
        _, _, _, *words = shlex.split(line)
        outcome = query(folder, *words)
        assert outcome.exit_code == 0, outcome.stderr
