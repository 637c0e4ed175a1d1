//! What is particular to an Oracle whose log is read.

use super::finding::{Findings, Side};
use crate::error::Error;
use crate::redo::server::Server;
use crate::redo::settings::Settings;
use crate::snapshot::catalogue::Catalogue;
use crate::snapshot::spec::SourceSpec;

const SOURCE: Side = Side::Source;

/// Looks whether the server's log can be read, and takes the tables out that it cannot be read of.
pub fn look(spec: &SourceSpec, catalogue: &mut Catalogue, findings: &mut Findings) {
    let looked = Server::connect(spec).and_then(|mut server| log(&mut server, catalogue, findings));
    if let Err(e) = looked {
        findings.error(SOURCE, &spec.address(), e.to_string());
    }
}

fn log(server: &mut Server, catalogue: &mut Catalogue, findings: &mut Findings) -> Result<(), Error> {
    let settings = Settings::read(&mut server.log)?;
    let missing = settings.missing();
    if missing.is_empty() {
        settings.refuse(&mut server.tables, catalogue)?;
        // LogMiner itself is only known once it has begun.
        server.try_log()?;
    }
    findings.log(missing, settings.advice(), ("log", "LogMiner reads it, and this user may"));
    Ok(())
}
