"""A keypad meter on a web page, and as an HTTP interface for a vending test bench."""
