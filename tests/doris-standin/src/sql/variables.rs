//! Session variables and their defaults: those that drivers read at connecting, and those that change what the stand-in does.

use crate::cell::Cell;
use crate::cluster::Version;
use std::collections::BTreeMap;

/// What `version()` and the handshake say: Doris passes for a MySQL 5.7.
pub const MYSQL_VERSION: &str = "5.7.99";

const TEXTS: [(&str, &str); 27] = [
    ("character_set_client", "utf8mb4"),
    ("character_set_connection", "utf8mb4"),
    ("character_set_database", "utf8mb4"),
    ("character_set_results", "utf8mb4"),
    ("character_set_server", "utf8mb4"),
    ("character_set_system", "utf8mb4"),
    ("collation_connection", "utf8mb4_0900_bin"),
    ("collation_database", "utf8mb4_0900_bin"),
    ("collation_server", "utf8mb4_0900_bin"),
    ("group_commit", "off_mode"),
    ("init_connect", ""),
    ("license", "Apache License, Version 2.0"),
    ("query_cache_type", "0"),
    ("resource_group", "normal"),
    ("sql_mode", "ONLY_FULL_GROUP_BY"),
    ("system_time_zone", "Etc/UTC"),
    ("time_zone", "Etc/UTC"),
    ("transaction_isolation", "READ-COMMITTED"),
    ("tx_isolation", "READ-COMMITTED"),
    ("version", MYSQL_VERSION),
    ("language", "/mysql/share/english/"),
    ("default_storage_engine", "olap"),
    ("performance_schema", "0"),
    ("have_query_cache", "0"),
    ("ssl_cipher", ""),
    ("hostname", "localhost"),
    ("trace_id", ""),
];

const NUMBERS: [(&str, i128); 16] = [
    ("auto_increment_increment", 1),
    ("autocommit", 1),
    ("insert_timeout", 14_400),
    ("interactive_timeout", 3600),
    ("lower_case_table_names", 0),
    ("max_allowed_packet", 16_777_216),
    ("net_buffer_length", 16_384),
    ("net_read_timeout", 60),
    ("net_write_timeout", 60),
    ("query_cache_size", 1_048_576),
    ("query_timeout", 900),
    ("sql_auto_is_null", 0),
    ("sql_select_limit", 9_223_372_036_854_775_807),
    ("transaction_read_only", 0),
    ("tx_read_only", 0),
    ("wait_timeout", 28_800),
];

const SWITCHES: [(&str, bool); 5] = [
    ("enable_insert_strict", true),
    ("enable_unique_key_partial_update", false),
    ("enable_nereids_planner", true),
    ("require_sequence_in_insert", true),
    ("show_hidden_columns", false),
];

/// All variables of a new session.
pub fn defaults(version: Version) -> BTreeMap<String, Cell> {
    let texts = TEXTS.iter().map(|(name, text)| ((*name).to_owned(), Cell::Text((*text).to_owned())));
    let numbers = NUMBERS.iter().map(|(name, number)| ((*name).to_owned(), Cell::Int(*number)));
    let switches = SWITCHES.iter().map(|(name, on)| ((*name).to_owned(), Cell::Bool(*on)));
    let mut all: BTreeMap<String, Cell> = texts.chain(numbers).chain(switches).collect();
    all.insert("version_comment".to_owned(), Cell::Text(format!("Doris version {}", version.text())));
    all
}
