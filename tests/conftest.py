import signal

from hypothesis import settings

from tests.kit import LONG, examples

collect_ignore = [] if LONG else ["test_keypad_fuzz.py", "test_keypad_in_browser.py", "test_report_in_browser.py"]

settings.register_profile("meter_sim", deadline=None, max_examples=examples(100), print_blob=True)
settings.load_profile("meter_sim")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background by a shell: what is ignored here would be ignored by the processes that tests stop.
    signal.signal(signal.SIGINT, signal.default_int_handler)
