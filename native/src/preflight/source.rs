//! The database that is read: its listing, and what its kind of server has besides.

use super::finding::{Findings, Side};
use super::{mysql, oracle, postgres};
use crate::snapshot::catalogue::{Catalogue, Table};
use crate::snapshot::server;
use crate::snapshot::spec::{ServerKind, SourceSpec};

const SOURCE: Side = Side::Source;

/// Looks at the server; the tables that can be read.
pub fn look(spec: &SourceSpec, findings: &mut Findings) -> Vec<Table> {
    let mut catalogue = match server::catalogue(spec) {
        Ok(catalogue) => catalogue,
        Err(e) => {
            findings.error(SOURCE, &spec.address(), e.to_string());
            return Vec::new();
        }
    };
    findings.ok(SOURCE, &spec.address(), format!("{} answers {}", catalogue.server, spec.user));
    if spec.kind == ServerKind::Postgres && spec.log {
        postgres::look(spec, &mut catalogue, findings);
    }
    if spec.kind == ServerKind::Oracle && spec.log {
        oracle::look(spec, &mut catalogue, findings);
    }
    listed(&catalogue, findings);
    if spec.kind == ServerKind::Mysql {
        mysql::look(spec, &catalogue.tables, findings);
    }
    catalogue.tables
}

fn listed(catalogue: &Catalogue, findings: &mut Findings) {
    let rows: u64 = catalogue.tables.iter().map(|table| table.rows).sum();
    findings.ok(SOURCE, "tables", format!("{} can be read, with about {rows} rows", catalogue.tables.len()));
    for refused in &catalogue.refused {
        findings.error(SOURCE, &refused.table, refused.reason.clone());
    }
}
