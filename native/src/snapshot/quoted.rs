//! Names and texts between the quotes of standard SQL, as PostgreSQL, Greenplum and Oracle take them.

/// A name in quotes. Oracle has no name with a quote in it.
pub fn quoted_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text in quotes, for a session in which a backslash is a letter.
pub fn quoted_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
