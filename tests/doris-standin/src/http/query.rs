//! `POST /api/query/{cluster}/{database}`: a statement over HTTP.

use crate::Cluster;
use crate::json::Json;
use crate::sql::{Outcome, Relation, Session};
use std::sync::Arc;
use std::time::Instant;

/// Runs a statement; gives the reply's `data`, or the text of the error.
pub fn run(cluster: &Arc<Cluster>, database: &str, statement: &str) -> Result<Json, String> {
    let started = Instant::now();
    let mut session = Session::new(cluster.clone(), &cluster.settings.user, 0);
    session.use_database(database).map_err(|e| e.to_string())?;
    let outcome = session.execute(statement).map_err(|e| e.to_string())?;
    let time = ("time", Json::from(started.elapsed().as_millis() as u64));
    Ok(match outcome {
        Outcome::Rows(relation) => result_set(&relation, time),
        Outcome::Done { .. } => {
            Json::object([("type", Json::from("exec_status")), ("status", Json::Object(Vec::new())), time])
        }
    })
}

fn result_set(relation: &Relation, time: (&str, Json)) -> Json {
    let meta = relation.fields.iter().enumerate().filter(|(_, f)| f.visible).map(|(i, field)| {
        let ty = relation.type_of(i).to_string().to_uppercase();
        Json::object([("name", Json::from(field.name.as_str())), ("type", Json::from(ty))])
    });
    let visible: Vec<usize> = (0..relation.fields.len()).filter(|&i| relation.fields[i].visible).collect();
    let rows = relation
        .rows
        .iter()
        .map(|row| Json::Array(visible.iter().map(|&i| row[i].text().map_or(Json::Null, Json::from)).collect()));
    Json::object([
        ("type", Json::from("result_set")),
        ("meta", Json::Array(meta.collect())),
        ("data", Json::Array(rows.collect())),
        time,
    ])
}
