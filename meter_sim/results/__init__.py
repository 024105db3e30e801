"""What came of a run: events, daily table, summary, pictures."""
