//! Databases that are read as they are now, table by table: full data.

pub mod mysql;
