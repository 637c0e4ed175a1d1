//! A Doris as a target.

use super::finding::{Findings, Side};
use crate::doris::catalogue::EVERYWHERE;
use crate::doris::cluster::{Access, CallError};
use crate::doris::statements::Statements;
use crate::error::Error;
use crate::sync::open::DatabaseSpec;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

const TARGET: Side = Side::Target;

/// Rights that a job needs, as SHOW GRANTS names them.
const RIGHTS: [&str; 5] = ["Select_priv", "Load_priv", "Alter_priv", "Create_priv", "Drop_priv"];

/// Looks at the cluster; whether it can be asked.
pub fn look(spec: &DatabaseSpec, findings: &mut Findings) -> bool {
    let access = match spec.access.access() {
        Ok(access) => access,
        Err(e) => {
            findings.error(TARGET, "fenodes", e.to_string());
            return false;
        }
    };
    let mut answered = None;
    for front_end in &access.front_ends {
        let one = Access { front_ends: vec![front_end.clone()], ..access.clone() };
        let user = &access.user;
        match asked(one) {
            Ok((doris, version)) => {
                findings.ok(TARGET, &front_end.to_string(), format!("the front end answers {user}: {version}"));
                answered = answered.or(Some(doris));
            }
            Err(text) => findings.error(TARGET, &front_end.to_string(), text),
        }
    }
    let Some(doris) = answered else { return false };
    rights(&doris, &access.user, findings);
    back_ends(&doris, &access, findings);
    true
}

/// A connection, and what Doris says it is.
fn asked(access: Access) -> Result<(Statements, String), String> {
    let doris = Statements::new(access, Duration::ZERO).map_err(|e: Error| e.to_string())?;
    let rows = doris.query(EVERYWHERE, "SELECT @@version_comment").map_err(|e| match e {
        CallError::NoAnswer(why) => {
            format!("{why}; look at target.doris.fenodes, which names HTTP ports, and the firewall")
        }
        answer => answer.to_string(),
    })?;
    let version = rows.into_iter().flatten().next().flatten().unwrap_or_else(|| "of no version".into());
    Ok((doris, version))
}

/// What the user may do, as far as it can be read: rights may be those of roles, databases and tables.
fn rights(doris: &Statements, user: &str, findings: &mut Findings) {
    let said = match doris.query(EVERYWHERE, "SHOW GRANTS") {
        Ok(rows) => rows.into_iter().flatten().flatten().collect::<Vec<_>>().join("; "),
        Err(e) => return findings.notice(TARGET, "rights", format!("{user} may not ask for its rights: {e}")),
    };
    let missing = missing(&said);
    if missing.is_empty() {
        findings.ok(TARGET, "rights", format!("{user} may create, change, load and read tables, at least some"));
    } else {
        findings.error(
            TARGET,
            "rights",
            format!(
                "{user} lacks {}; GRANT {} ON *.*.* (or on the databases of the job and that of its journal) TO the user",
                missing.join(", "),
                missing.join(", ").to_uppercase()
            ),
        );
    }
}

/// Rights that are nowhere in what SHOW GRANTS says.
fn missing(said: &str) -> Vec<&'static str> {
    if said.contains("Admin_priv") {
        return Vec::new();
    }
    RIGHTS.into_iter().filter(|right| !said.contains(right)).collect()
}

/// Where loads go. They do from the task managers, whose network may be another one.
fn back_ends(doris: &Statements, access: &Access, findings: &mut Findings) {
    let found = match doris.patiently(|cluster| cluster.back_ends()) {
        Ok(found) => found,
        Err(e) => return findings.notice(TARGET, "back ends", format!("which there are is not known: {e}")),
    };
    for back_end in found {
        let name = back_end.to_string();
        let connected = name.to_socket_addrs().and_then(|mut addresses| {
            let address = addresses.next().ok_or_else(|| std::io::Error::other("the name has no address"))?;
            TcpStream::connect_timeout(&address, access.connect_timeout)
        });
        match connected {
            Ok(_) => findings.ok(TARGET, &name, "the back end can be reached from here".into()),
            Err(e) => findings.error(
                TARGET,
                &name,
                format!("the back end cannot be reached from here: {e}; loads go there: open its HTTP port, or name another address for it in target.doris.host-rewrite"),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::missing;

    #[test]
    fn rights_are_those_of_any_level() {
        assert_eq!(missing("'root'@'%'; Node_priv,Admin_priv"), [""; 0]);
        assert_eq!(
            missing("'u'@'%'; ; internal.shop: Select_priv,Load_priv,Alter_priv,Create_priv,Drop_priv"),
            [""; 0]
        );
        assert_eq!(
            missing("'u'@'%'; ; internal.shop: Select_priv,Load_priv"),
            ["Alter_priv", "Create_priv", "Drop_priv"]
        );
    }
}
