"""A large run: cut into shards that processes or a cluster's workers run, kept on disk, put together at the end."""
