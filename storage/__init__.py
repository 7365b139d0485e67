"""One SQLite file per home: the log, certificates, the side set, and views rebuilt from them."""
