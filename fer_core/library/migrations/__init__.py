"""The catalogue's tables, version by version; `fer_core.library.database` runs the steps when a library is opened."""
