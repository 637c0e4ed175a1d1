//! What a server's settings and a user's rights have to be for its log to be read.

use crate::changes::problem::Problem;
use crate::error::Error;
use crate::snapshot::postgres::server::Session;
use crate::snapshot::quoted::quoted_name;
use crate::snapshot::spec::ReplicationSpec;

/// The first version of which partitioned tables can be followed, and slots say whether they are lost.
const FIRST: u32 = 130_000;

/// What a server says of itself and of the user that asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    version: u32,
    wal_level: String,
    is_standby: bool,
    may_replicate: bool,
    /// Megabytes of log that a slot may keep; None without a limit.
    kept: Option<u64>,
    slots: u64,
    most_slots: u64,
    has_slot: bool,
    senders: u64,
    most_senders: u64,
}

impl Settings {
    /// Asks the server.
    ///
    /// # Errors
    /// [`Kind::Source`](crate::error::Kind::Source) with the statement.
    pub async fn read(session: &Session, replication: &ReplicationSpec) -> Result<Settings, Error> {
        // Of Amazon RDS the role has another name. A limit is shown with a unit.
        let statement = format!(
            "SELECT pg_catalog.current_setting('wal_level'), pg_catalog.pg_is_in_recovery(), \
             EXISTS (SELECT 1 FROM pg_catalog.pg_roles r WHERE r.rolname = CURRENT_USER AND (r.rolreplication OR r.rolsuper)) \
             OR EXISTS (SELECT 1 FROM pg_catalog.pg_roles r WHERE r.rolname = 'rds_replication' AND pg_catalog.pg_has_role(r.oid, 'MEMBER')), \
             (SELECT s.setting FROM pg_catalog.pg_settings s WHERE s.name = 'max_slot_wal_keep_size'), \
             (SELECT pg_catalog.count(*) FROM pg_catalog.pg_replication_slots), pg_catalog.current_setting('max_replication_slots'), \
             EXISTS (SELECT 1 FROM pg_catalog.pg_replication_slots s WHERE s.slot_name = '{}'), \
             (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_replication), pg_catalog.current_setting('max_wal_senders')",
            replication.slot.replace('\'', "''")
        );
        let row = session.texts(&statement).await?.into_iter().next().unwrap_or_default();
        let mut values = row.into_iter().map(Option::unwrap_or_default);
        let mut next = || values.next().unwrap_or_default();
        let flag = |text: String| text == "t";
        let number = |text: String| text.parse().unwrap_or(0);
        Ok(Settings {
            version: session.version().number,
            wal_level: next(),
            is_standby: flag(next()),
            may_replicate: flag(next()),
            kept: next().parse().ok(),
            slots: number(next()),
            most_slots: number(next()),
            has_slot: flag(next()),
            senders: number(next()),
            most_senders: number(next()),
        })
    }

    /// What keeps the log from being read.
    pub fn missing(&self, user: &str) -> Vec<Problem> {
        let mut missing = Vec::new();
        let mut problem = |subject, text: String| missing.push(Problem { subject, text });
        if self.version < FIRST {
            let text = format!(
                "the server's version is {}, and its log is read from PostgreSQL 13 on; leave the stage incremental out",
                self.version
            );
            problem("version", text);
        }
        if self.is_standby {
            problem(
                "standby",
                "the server is a standby, on which no publication can be made; read from the primary".into(),
            );
        }
        if self.wal_level != "logical" {
            let text = format!(
                "wal_level is `{}`: rows cannot be read from the server's log; ALTER SYSTEM SET wal_level = 'logical', and restart the server",
                self.wal_level
            );
            problem("wal_level", text);
        }
        if !self.may_replicate {
            let text = format!(
                "{user} may not read the server's log; ALTER ROLE {} REPLICATION (Amazon RDS: GRANT rds_replication TO the user)",
                quoted_name(user)
            );
            problem("REPLICATION", text);
        }
        if !self.has_slot && self.slots >= self.most_slots {
            let text = format!(
                "all {} replication slots are in use; drop one that nobody needs (pg_replication_slots), or raise max_replication_slots and restart the server",
                self.most_slots
            );
            problem("max_replication_slots", text);
        }
        missing
    }

    /// What would better be another way.
    pub fn advice(&self) -> Vec<Problem> {
        let mut advice = Vec::new();
        if let Some(kept) = self.kept {
            let text = format!(
                "max_slot_wal_keep_size is {kept} MB: a job that is down while the server writes more, or whose full data takes longer than that, cannot go on"
            );
            advice.push(Problem { subject: "max_slot_wal_keep_size", text });
        }
        if !self.has_slot && self.senders >= self.most_senders {
            let text = format!(
                "all {} connections for readers of the log are in use; raise max_wal_senders and restart the server, unless one becomes free",
                self.most_senders
            );
            advice.push(Problem { subject: "max_wal_senders", text });
        }
        advice
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::changes::problem::subjects;

    fn good() -> Settings {
        Settings {
            version: 150_018,
            wal_level: "logical".into(),
            may_replicate: true,
            most_slots: 10,
            most_senders: 10,
            ..Settings::default()
        }
    }

    #[test]
    fn a_log_that_can_be_decoded_is_needed() {
        assert_eq!(subjects(&good().missing("r")), [""; 0]);
        let bad = Settings {
            wal_level: "replica".into(),
            may_replicate: false,
            version: 120_000,
            is_standby: true,
            slots: 10,
            ..good()
        };
        let missing = bad.missing("re\"ader");
        assert_eq!(subjects(&missing), ["version", "standby", "wal_level", "REPLICATION", "max_replication_slots"]);
        assert!(missing[3].text.contains("ALTER ROLE \"re\"\"ader\" REPLICATION"), "{}", missing[3].text);
        // The job's own slot is made anew.
        assert_eq!(subjects(&Settings { slots: 10, has_slot: true, ..good() }.missing("r")), [""; 0]);
    }

    #[test]
    fn what_would_be_better() {
        assert_eq!(subjects(&good().advice()), [""; 0]);
        let limited = Settings { kept: Some(64), senders: 10, ..good() };
        assert_eq!(subjects(&limited.advice()), ["max_slot_wal_keep_size", "max_wal_senders"]);
    }
}
