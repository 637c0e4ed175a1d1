//! What is particular to a PostgreSQL whose log is read.

use super::finding::{Findings, Side};
use crate::error::Error;
use crate::snapshot;
use crate::snapshot::catalogue::Catalogue;
use crate::snapshot::postgres::server::{self, Session};
use crate::snapshot::spec::SourceSpec;
use crate::wal::settings::Settings;
use crate::wal::start::replication;
use crate::wal::{identity, publication};

const SOURCE: Side = Side::Source;

/// Looks whether the server's log can be read, and takes the tables out that it cannot be read of.
pub fn look(spec: &SourceSpec, catalogue: &mut Catalogue, findings: &mut Findings) {
    let asked = snapshot::server::ask(async {
        let session = server::connect(spec).await?;
        identity::refuse(&session, catalogue).await?;
        log(&session, spec, catalogue, findings).await
    });
    if let Err(e) = asked {
        findings.error(SOURCE, &spec.address(), e.to_string());
    }
}

async fn log(
    session: &Session,
    spec: &SourceSpec,
    catalogue: &Catalogue,
    findings: &mut Findings,
) -> Result<(), Error> {
    let replication = replication(spec)?;
    let settings = Settings::read(session, replication).await?;
    let fine = ("log", "it can be decoded, and this user may read it");
    findings.log(settings.missing(&spec.user), settings.advice(), fine);
    let steps = publication::lacks(session, replication, &catalogue.tables).await?;
    if steps.is_empty() {
        findings.ok(SOURCE, "publication", format!("{} has all tables", replication.publication));
    }
    for step in steps {
        if step.by_job {
            let text =
                format!("{}: the job runs this, and fails if {} may not: {}", step.why, spec.user, step.statement);
            findings.notice(SOURCE, "publication", text);
        } else {
            findings.error(SOURCE, "publication", format!("{}; run: {}", step.why, step.statement));
        }
    }
    Ok(())
}
