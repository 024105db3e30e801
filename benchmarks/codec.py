"""How many tokens and keys a second, on one core: the batch codec, and the scalar one that checks it.

Every batch has 200 000 rows with as many distinct keys; a rate is the median of several repetitions after a first run,
which compiles. The last line is one JSON object with all rates. Run it with `python benchmarks/codec.py`.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROWS = 200_000
REPETITIONS = 11
SCALAR_TOKENS = 10_000  # more than the scalar code keeps key schedules for
SCALAR_REPETITIONS = 5
SEED = 62055
FILE_ROWS = 1_000_000
FEED_ROWS = 50_000
KEY_CHANGES = 20_000
FILE_REPETITIONS = 3

Rates = dict[str, float]


def rate(rows: int, repetitions: int, work: Callable[[], object]) -> float:
    """Rows a second: the median of so many repetitions, after one that does not count."""
    work()
    seconds = []
    for _ in range(repetitions):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return rows / statistics.median(seconds)


def batch_rates() -> Rates:
    """The batch codec, all of it in this process and on one core."""
    import numpy as np

    from meter_sim.sts import batch
    from meter_sim.sts.batch import Keys, Meters
    from meter_sim.sts.dkga import Dkga
    from meter_sim.sts.identity import Encryption, MeterPan, luhn
    from meter_sim.sts.tid import BaseDate

    rng = np.random.default_rng(SEED)
    rates: Rates = {}

    def measure(name: str, work: Callable[[], object]) -> None:
        rates[name] = rate(ROWS, REPETITIONS, work)
        show(name, rates[name])

    contents = rng.integers(0, 1 << 44, ROWS, dtype=np.uint64)
    keys = {}
    for encryption in Encryption:
        words = rng.integers(0, 1 << 64, (ROWS, encryption.key_bits // 64), dtype=np.uint64)
        assert len(np.unique(words, axis=0)) == ROWS
        keys[encryption] = Keys(encryption, words)
    for encryption, column in keys.items():
        digits = batch.issue(0, 0, contents, column)
        assert (batch.read(digits, column).content == contents).all()
        measure(f"ea{encryption}_issue_per_s", lambda column=column: batch.issue(0, 0, contents, column))
        measure(f"ea{encryption}_read_per_s", lambda digits=digits, column=column: batch.read(digits, column))

    bodies = [f"12{serial:08d}" for serial in rng.permutation(10**6)[:ROWS].tolist()]
    pans = [int(MeterPan.of("600727", body + luhn(body)).digits) for body in bodies]
    ones = np.ones(ROWS, dtype=np.uint8)
    meters = Meters(np.array(pans, dtype=np.uint64), np.full(ROWS, 123457, dtype=np.uint32), ones, ones, 2 * ones)
    for algorithm, encryption in (
        (Dkga.DKGA02, Encryption.EA07),
        (Dkga.DKGA04, Encryption.EA07),
        (Dkga.DKGA04, Encryption.EA11),
    ):
        vending_key = rng.bytes(algorithm.vending_key_bytes)
        name = "dkga02_per_s" if algorithm is Dkga.DKGA02 else f"dkga04_ea{encryption}_per_s"
        measure(
            name,
            lambda algorithm=algorithm, encryption=encryption, vending_key=vending_key: batch.derive(
                meters, algorithm, vending_key, BaseDate.Y2014, encryption
            ),
        )

    for encryption, column in keys.items():
        new = column.take(np.arange(ROWS)[::-1])
        for group, sections in ((None, 2), (123457, 3)) if encryption is Encryption.EA07 else ((123457, 4),):
            measure(
                f"ea{encryption}_key_change_sets_of_{sections}_per_s",
                lambda new=new, column=column, group=group: batch.issue_key_change(
                    new,
                    column,
                    key_type=2,
                    key_revision=2,
                    tariff_index=1,
                    key_expiry=255,
                    rollover=True,
                    supply_group=group,
                ),
            )

    blocks = batch.seal(0, 0, contents)
    digits = batch.digits_of(0, blocks)
    measure("digits_of_per_s", lambda: batch.digits_of(0, blocks))
    measure("blocks_of_per_s", lambda: batch.blocks_of(digits))
    measure("seal_per_s", lambda: batch.seal(0, 0, contents))
    measure("crc_check_per_s", lambda: batch.passes(0, blocks))
    for encryption, column in keys.items():
        measure(f"ea{encryption}_encrypt_per_s", lambda column=column: batch.encrypt(blocks, column))
        measure(f"ea{encryption}_decrypt_per_s", lambda column=column: batch.decrypt(blocks, column))
    return rates


def scalar_rates() -> Rates:
    """The scalar codec, in a process into which numba is not loaded: whole tokens, one direction at a time."""
    import random

    from meter_sim.sts import cipher
    from meter_sim.sts.dkga import DecoderKey
    from meter_sim.sts.identity import Encryption
    from meter_sim.sts.token import CreditToken, Service

    draws = random.Random(SEED)
    rates: Rates = {}
    tokens = [
        CreditToken(Service.ELECTRICITY, draws.getrandbits(4), draws.getrandbits(24), draws.getrandbits(16))
        for _ in range(SCALAR_TOKENS)
    ]
    for encryption in Encryption:
        different = [DecoderKey(encryption, draws.getrandbits(encryption.key_bits)) for _ in range(SCALAR_TOKENS)]
        for name, keys in (("new_keys", different), ("same_key", different[:1] * SCALAR_TOKENS)):
            printed = [cipher.encipher(token, key) for token, key in zip(tokens, keys, strict=True)]
            work: dict[str, Callable[[], object]] = {
                "encipher": lambda keys=keys: [cipher.encipher(*pair) for pair in zip(tokens, keys, strict=True)],
                "decipher": lambda keys=keys, printed=printed: [
                    cipher.decipher(*pair) for pair in zip(printed, keys, strict=True)
                ],
            }
            assert work["decipher"]() == tokens
            for direction, call in work.items():
                rates[f"scalar_ea{encryption}_{direction}_{name}_per_s"] = rate(SCALAR_TOKENS, SCALAR_REPETITIONS, call)
    assert "numba" not in sys.modules
    return rates


def requests(path: Path, rows: int, meters: int) -> None:
    """A file of credit tokens to be issued, as many to a meter as come to it; half the meters have EA11."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv

    from meter_sim.sts.identity import luhn

    draws = np.random.default_rng(SEED)
    pans = []
    for serial in draws.choice(10**8, meters, replace=False):
        body = f"01{serial:08d}"
        drn = body + luhn(body)
        pans.append(f"600727{drn}{luhn('600727' + drn)}")
    place = np.arange(rows) % meters
    times = np.datetime64("2024-01-01T00:02:00") + (np.arange(rows) // meters * 1441).astype("timedelta64[m]")
    columns = {
        "meter_pan": np.array(pans)[place],
        "ea": np.array(["07", "11"])[place % 2],
        "dkga": np.full(rows, "04"),
        "base_date": np.full(rows, "2014"),
        "key_revision_number": np.full(rows, "1"),
        "tariff_index": np.full(rows, "01"),
        "key_type": np.full(rows, "2"),
        "supply_group_code": np.full(rows, "123457"),
        "vending_key": np.full(rows, "test:new"),
        "token_class": np.full(rows, "0"),
        "subclass": np.full(rows, "0"),
        "issued": np.char.replace(times.astype(str), "T", " "),
        "rnd": draws.integers(0, 16, rows).astype(str),
        "units": np.char.mod("%.1f", draws.integers(1, 5000, rows) / 10),
    }
    pyarrow.csv.write_csv(pa.table(columns), path)


def command(*arguments: object) -> float:
    """Seconds of a whole command, process and files included."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "meter_sim", *map(str, arguments)], check=True, capture_output=True)
    return time.perf_counter() - start


def with_keys(path: Path, out: Path) -> None:
    """The issued file with its vending keys put in again, as a vending system's test output has them."""
    import pyarrow as pa
    import pyarrow.csv

    names = path.open().readline().replace('"', "").strip().split(",")
    texts = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    table = pyarrow.csv.read_csv(path, convert_options=texts)
    table = table.drop_columns(["error"]).append_column("vending_key", pa.array(["test:new"] * table.num_rows))
    pyarrow.csv.write_csv(table, out)


def end_to_end_rates() -> Rates:
    """Whole commands, files and all, with both cores: rows per second, median of a few runs."""
    rates: Rates = {}
    with tempfile.TemporaryDirectory() as folder:
        asked, issued, tokens, out = (Path(folder) / f"{name}.csv" for name in ("asked", "issued", "tokens", "out"))
        for rows, meters, names in (
            (FILE_ROWS, FILE_ROWS, ("issue", "verify")),
            (FEED_ROWS, FEED_ROWS // 10, ("feed",)),
            (KEY_CHANGES, KEY_CHANGES, ("keychange",)),
        ):
            requests(asked, rows, meters)
            command("token", "issue", "--from", asked, "--out", issued)
            with_keys(issued, tokens)
            for name in names:
                arguments: tuple[object, ...] = ("token", name, "--from", asked if name == "issue" else tokens)
                if name == "keychange":
                    arguments = ("keychange", "--to", 2, "--to-key", "test:old", "--meters", tokens)
                seconds = statistics.median(command(*arguments, "--out", out) for _ in range(FILE_REPETITIONS))
                rates[f"{'' if name == 'keychange' else 'token_'}{name}_rows_per_s"] = rows / seconds
    return rates


def show(name: str, value: float) -> None:
    """A rate as a line for people."""
    print(f"{name.removesuffix('_per_s').replace('_', ' '):38} {value:14,.0f} a second", flush=True)


def main() -> None:
    """Measure everything; with the argument `scalar` the scalar part only, as JSON."""
    if sys.argv[1:] == ["scalar"]:
        print(json.dumps(scalar_rates()))
        return
    rates = batch_rates()
    done = subprocess.run([sys.executable, __file__, "scalar"], capture_output=True, text=True, check=True)
    for part in (json.loads(done.stdout), end_to_end_rates()):
        for name, value in part.items():
            show(name, value)
        rates |= part
    machine = {"rows": ROWS, "cores": os.cpu_count(), "python": platform.python_version()}
    print(json.dumps({name: round(value) for name, value in rates.items()} | machine))


if __name__ == "__main__":
    main()
