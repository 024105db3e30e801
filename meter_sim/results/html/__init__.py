"""The report of results as one page of HTML: for a manager the top, for an engineer all of it."""
