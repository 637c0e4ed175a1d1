//! What a server's settings and a user's rights have to be for rows to be read from the log.

use super::visible;
use crate::changes::problem::Problem;
use crate::error::Error;
use crate::snapshot::mysql::server::texts;
use mysql_async::Conn;
use std::collections::HashMap;

/// Seconds that a log is kept for, at least, so that a job may be down over night.
const KEPT: u64 = 86_400;

/// What a server says of itself and of the user that asks.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Global variables; names in lower case.
    variables: HashMap<String, String>,
    /// As SHOW GRANTS has them.
    grants: Vec<String>,
}

/// Each variable, the value that is needed, and what follows and helps where it has another one.
const NEEDED: [(&str, &str, &str); 4] = [
    ("log_bin", "ON", "the server writes no binary log; set log_bin in its configuration and restart it"),
    (
        "binlog_format",
        "ROW",
        "the binary log has statements instead of rows; SET GLOBAL binlog_format = 'ROW', and have clients connect anew",
    ),
    (
        "binlog_row_image",
        "FULL",
        "the binary log lacks columns of rows; SET GLOBAL binlog_row_image = 'FULL', and have clients connect anew",
    ),
    (
        "binlog_row_value_options",
        "",
        "the binary log has parts of JSON values; SET GLOBAL binlog_row_value_options = '', and have clients connect anew",
    ),
];

impl Settings {
    /// Asks the server.
    ///
    /// # Errors
    /// [`Kind::Source`](crate::error::Kind::Source) with the statement.
    pub async fn read(conn: &mut Conn) -> Result<Settings, Error> {
        let variables = texts(conn, "SHOW GLOBAL VARIABLES").await?;
        let variable = |row: Vec<Option<String>>| match <[Option<String>; 2]>::try_from(row) {
            Ok([Some(name), value]) => Some((name.to_lowercase(), value.unwrap_or_default())),
            _ => None,
        };
        let grants = texts(conn, "SHOW GRANTS").await?;
        Ok(Settings {
            variables: variables.into_iter().filter_map(variable).collect(),
            grants: grants.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect(),
        })
    }

    /// A variable; None if the server knows none of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// What keeps the log from being read.
    pub fn missing(&self, user: &str) -> Vec<Problem> {
        let mut missing = Vec::new();
        for (name, needed, remedy) in NEEDED {
            let is_right = |value: &str| value.eq_ignore_ascii_case(needed) || name == "log_bin" && value == "1";
            if let Some(value) = self.get(name).filter(|value| !is_right(value)) {
                missing.push(Problem { subject: name, text: format!("{name} is `{value}`: {remedy}") });
            }
        }
        if !self.may_replicate() {
            missing.push(Problem {
                subject: "REPLICATION SLAVE",
                text: format!(
                    "{user} may not read the binary log; GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* to the user"
                ),
            });
        }
        missing
    }

    fn may_replicate(&self) -> bool {
        let may = |right: &str| self.grants.iter().any(|grant| grant.contains(right) && grant.contains(" ON *.*"));
        // What a role gives is not shown; then the server says no when the log is asked for.
        let has_role = self.grants.iter().any(|grant| !grant.contains(" ON "));
        may("REPLICATION SLAVE") || may("ALL PRIVILEGES") || may("REPLICATION REPLICA") || has_role
    }

    /// What would better be another way.
    pub fn advice(&self) -> Vec<Problem> {
        let mut advice = Vec::new();
        let mut advise = |subject, text: String| advice.push(Problem { subject, text });
        if let Some(metadata) = self.get("binlog_row_metadata").filter(|value| !value.eq_ignore_ascii_case("FULL")) {
            advise(
                "binlog_row_metadata",
                format!(
                    "binlog_row_metadata is `{metadata}`: columns are followed through the schema changes, and the job stops at one that it \
                     cannot follow; with SET GLOBAL binlog_row_metadata = 'FULL' their names and types are in the log"
                ),
            );
        }
        if let Some(mode) = self.get("gtid_mode").filter(|mode| !mode.eq_ignore_ascii_case("ON")) {
            advise(
                "gtid_mode",
                format!(
                    "gtid_mode is `{mode}`: the log is read by file and offset, which no other server has; after a failover the job begins anew"
                ),
            );
        }
        // MariaDB, which has no gtid_mode, says itself what can be seen.
        if self.get("gtid_mode").is_some_and(|mode| !mode.eq_ignore_ascii_case("ON"))
            && visible::waits_for_replicas(&self.variables)
        {
            advise(
                "rpl_semi_sync_source_enabled",
                "commits wait for a semi-synchronous replica when they are in the log already, and cannot be seen yet: a job that begins awaits those, a minute at most; with \
                 gtid_mode = ON it need not"
                    .into(),
            );
        }
        if let Some(seconds) = self.kept().filter(|seconds| *seconds < KEPT) {
            advise(
                "binlog_expire_logs_seconds",
                format!(
                    "the binary log is kept for {seconds} s: a job that is down for longer, or whose full data takes longer, cannot go on; \
                     SET GLOBAL binlog_expire_logs_seconds = 604800 keeps it for a week"
                ),
            );
        }
        advice
    }

    /// Seconds that the log is kept for; None where it is kept for good, or that is not known.
    fn kept(&self) -> Option<u64> {
        const DAY: u64 = 86_400;
        let number = |name| self.get(name).and_then(|value| value.parse::<f64>().ok()).filter(|value| *value > 0.0);
        let days = || number("expire_logs_days").map(|days| (days * DAY as f64) as u64);
        number("binlog_expire_logs_seconds").map(|seconds| seconds as u64).or_else(days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::changes::problem::subjects;

    fn settings(variables: &[(&str, &str)], grants: &[&str]) -> Settings {
        Settings {
            variables: variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
            grants: grants.iter().map(ToString::to_string).collect(),
        }
    }

    const REPLICA: &str = "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO `r`@`%`";

    #[test]
    fn a_log_of_whole_rows_is_needed() {
        let good = [("log_bin", "ON"), ("binlog_format", "ROW"), ("binlog_row_image", "full")];
        assert_eq!(subjects(&settings(&good, &[REPLICA]).missing("r")), [""; 0]);
        let bad = [
            ("log_bin", "OFF"),
            ("binlog_format", "MIXED"),
            ("binlog_row_image", "MINIMAL"),
            ("binlog_row_value_options", "PARTIAL_JSON"),
        ];
        let missing = settings(&bad, &[REPLICA]).missing("r");
        assert_eq!(subjects(&missing), ["log_bin", "binlog_format", "binlog_row_image", "binlog_row_value_options"]);
        assert_eq!(
            missing[1].text,
            "binlog_format is `MIXED`: the binary log has statements instead of rows; SET GLOBAL binlog_format = 'ROW', and have clients connect anew"
        );
    }

    #[test]
    fn a_user_has_to_be_a_replica() {
        for (grant, may) in [
            (REPLICA, true),
            ("GRANT ALL PRIVILEGES ON *.* TO `root`@`%`", true),
            ("GRANT `replicas`@`%` TO `r`@`%`", true),
            ("GRANT SELECT ON `shop`.* TO `r`@`%`", false),
            ("GRANT ALL PRIVILEGES ON `shop`.* TO `r`@`%`", false),
        ] {
            assert_eq!(settings(&[], &[grant]).missing("r").is_empty(), may, "{grant}");
        }
    }

    #[test]
    fn what_would_be_better() {
        let mysql = settings(
            &[("binlog_row_metadata", "MINIMAL"), ("gtid_mode", "OFF"), ("binlog_expire_logs_seconds", "3600")],
            &[],
        );
        assert_eq!(subjects(&mysql.advice()), ["binlog_row_metadata", "gtid_mode", "binlog_expire_logs_seconds"]);
        let waits = [("rpl_semi_sync_source_enabled", "ON"), ("rpl_semi_sync_source_wait_point", "AFTER_SYNC")];
        let with_mode = |mode| settings(&[("gtid_mode", mode), waits[0], waits[1]], &[]);
        assert_eq!(subjects(&with_mode("OFF").advice()), ["gtid_mode", "rpl_semi_sync_source_enabled"]);
        assert!(with_mode("ON").advice().is_empty() && settings(&waits, &[]).advice().is_empty());
        for kept in [
            ("expire_logs_days", "0.000000"),
            ("expire_logs_days", "3.000000"),
            ("binlog_expire_logs_seconds", "2592000"),
        ] {
            assert!(settings(&[kept], &[]).advice().is_empty(), "{kept:?}");
        }
        assert!(settings(&[("expire_logs_days", "0.5")], &[]).advice()[0].text.contains("43200 s"));
    }
}
