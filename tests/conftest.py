import signal

from hypothesis import settings

from tests.kit import LONG, examples

collect_ignore = [] if LONG else ["test_keypad_fuzz.py", "test_keypad_in_browser.py", "test_report_in_browser.py"]

FIRST = (
    "test_fleet_engine",
    "test_token_files",
    "test_html_report",
    "test_shards_command",
    "test_shards",
    "test_batch",
    "test_cli_plot",
    "test_experiments",
    "test_docs",
    "test_from_python",
    "test_fleet_decoder",
    "test_calibrate_cli",
    "test_scenarios",
    "test_tutorial",
    "test_keypad_http",
    "test_keypad_kept",
)
"""What takes longest goes first, so that no worker is alone at the end. While the first compiles the engine's kernels,
the next two need none of them."""


def pytest_collection_modifyitems(items):
    places = {name: place for place, name in enumerate(FIRST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(FIRST)))


settings.register_profile("meter_sim", deadline=None, max_examples=examples(100), print_blob=True)
settings.load_profile("meter_sim")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background by a shell: what is ignored here would be ignored by the processes that tests stop.
    signal.signal(signal.SIGINT, signal.default_int_handler)
