"""Files of many tokens: read a chunk at a time, worked on in columns, written whole or not at all."""
