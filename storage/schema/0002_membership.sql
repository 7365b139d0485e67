CREATE TABLE enrolment (
    log_no INTEGER NOT NULL, seq INTEGER NOT NULL,
    device BLOB NOT NULL, person BLOB NOT NULL, record BLOB NOT NULL,
    PRIMARY KEY (log_no, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE invitation (
    log_no INTEGER NOT NULL, seq INTEGER NOT NULL,
    device BLOB NOT NULL,
    slot INTEGER NOT NULL, round INTEGER NOT NULL,
    key BLOB NOT NULL,  -- one-time public key
    record BLOB NOT NULL,
    PRIMARY KEY (log_no, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX invitation_record ON invitation (record);

CREATE TABLE joining (
    log_no INTEGER NOT NULL, seq INTEGER NOT NULL,
    device BLOB NOT NULL, invite BLOB NOT NULL, proof BLOB NOT NULL, record BLOB NOT NULL,
    PRIMARY KEY (log_no, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE confirmation (
    log_no INTEGER NOT NULL, seq INTEGER NOT NULL,
    device BLOB NOT NULL, slot INTEGER NOT NULL, round INTEGER NOT NULL, joined BLOB NOT NULL,
    PRIMARY KEY (log_no, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE leaving (
    log_no INTEGER NOT NULL, seq INTEGER NOT NULL,
    device BLOB NOT NULL, heads BLOB NOT NULL, record BLOB NOT NULL,
    PRIMARY KEY (log_no, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE erased (  -- erasures in force; they never lapse, so forks and cuts don't remove them
    target BLOB NOT NULL, person BLOB NOT NULL,
    PRIMARY KEY (target, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE profile (
    log_no INTEGER NOT NULL, seq INTEGER NOT NULL,
    version INTEGER NOT NULL, id BLOB NOT NULL, name TEXT NOT NULL, place TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (log_no, seq)
) STRICT, WITHOUT ROWID;
