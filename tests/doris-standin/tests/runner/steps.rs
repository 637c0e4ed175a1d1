//! The steps of a case.

use super::{compare, expectation};
use crate::http::{self, Request, Transfer};
use crate::mysql::Client;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Where the server under test listens, and who may do anything there.
pub struct Server {
    /// `host:port` of a front end.
    pub frontend: String,
    /// `host:port` of a back end.
    pub backend: String,
    /// Port of the MySQL protocol.
    pub query_port: u16,
    pub user: String,
    pub password: String,
}

/// A case as read.
pub struct Case {
    /// Its name.
    pub name: String,
    /// What the server must have for it.
    pub requires: Vec<String>,
    steps: Vec<Value>,
    folder: PathBuf,
}

type Outcome = Result<(), String>;

impl Case {
    /// Reads a case; `folder` holds the files that it names.
    pub fn read(file: &Path) -> Result<Case, String> {
        let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let value: Value = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        let requires = value["requires"].as_array().into_iter().flatten().map(expectation::text).collect();
        Ok(Case {
            name: expectation::text(&value["name"]),
            requires,
            steps: value["steps"].as_array().cloned().unwrap_or_default(),
            folder: file.parent().unwrap_or(Path::new(".")).to_owned(),
        })
    }
}

/// Runs a case in a database of its own.
pub fn run(case: &Case, server: &Server, database: &str) -> Outcome {
    let mut client =
        Client::connect(server.query_port, &server.user, &server.password, "").map_err(|error| format!("{error:?}"))?;
    for text in [format!("CREATE DATABASE `{database}`"), format!("USE `{database}`")] {
        client.run(&text).map_err(|error| format!("{text}: {error:?}"))?;
    }
    let variables = HashMap::from([("db".to_owned(), database.to_owned())]);
    let mut run = Run { case, server, database, client, variables, labels: 0 };
    for (index, step) in case.steps.iter().enumerate() {
        run.step(step).map_err(|error| format!("step {}: {error}", index + 1))?;
    }
    Ok(())
}

struct Run<'a> {
    case: &'a Case,
    server: &'a Server,
    database: &'a str,
    client: Client,
    variables: HashMap<String, String>,
    labels: u32,
}

impl Run<'_> {
    fn step(&mut self, step: &Value) -> Outcome {
        let kinds = ["sql", "stream_load", "stream_load_2pc", "get_load_state", "query", "wait_alter"];
        let Some(kind) = kinds.iter().find(|kind| step.get(**kind).is_some()) else {
            return Err(format!("unknown step {step}"));
        };
        let subject = &step[*kind];
        match *kind {
            "sql" => self.sql(step),
            "stream_load" => self.stream_load(subject, step),
            "stream_load_2pc" => self.second_phase(subject, step),
            "get_load_state" => self.load_state(subject, step),
            "query" => self.query(step),
            _ => self.wait_alter(&expectation::text(subject)),
        }
    }

    fn sql(&mut self, step: &Value) -> Outcome {
        let text = self.filled_in(&expectation::text(&step["sql"]));
        let outcome = self.client.run(&text);
        match (outcome, step.get("expect_error")) {
            (Ok(_), Some(expected)) => return Err(format!("{text}: expected the error {expected}")),
            (Err(error), None) => return Err(format!("{text}: {error:?}")),
            (Err(error), Some(expected)) if !error.message.contains(&self.filled_in(&expectation::text(expected))) => {
                return Err(format!("{text}: expected the error {expected}, found {}", error.message));
            }
            _ => {}
        }
        if let Some(pause) = step["wait_ms"].as_u64() {
            sleep(Duration::from_millis(pause));
        }
        Ok(())
    }

    fn query(&mut self, step: &Value) -> Outcome {
        let text = self.filled_in(&expectation::text(&step["query"]));
        let patience = if step["eventually"] == Value::Bool(true) { 60 } else { 0 };
        let until = Instant::now() + Duration::from_secs(patience);
        loop {
            let rows = self.client.rows(&text).map_err(|error| format!("{text}: {error:?}"))?;
            match row_difference(step, &rows) {
                None => return Ok(()),
                Some(difference) if Instant::now() >= until => return Err(format!("{text}: {difference}")),
                Some(_) => sleep(Duration::from_millis(50)),
            }
        }
    }

    fn stream_load(&mut self, load: &Value, step: &Value) -> Outcome {
        let mut headers = vec![http::basic(&self.server.user, &self.server.password)];
        headers.push(("Expect".into(), "100-continue".into()));
        match load["label"].as_str().unwrap_or("auto") {
            "none" => {}
            "auto" => headers.push(("label".into(), self.fresh_label("auto"))),
            name => headers.push(("label".into(), self.named_label(name))),
        }
        headers.extend(self.headers(&load["headers"]));
        let body = self.body(&load["body"])?;
        let transfer = match load["transfer"].as_str() {
            Some("chunked") => Transfer::Chunked,
            Some("both") => Transfer::Both,
            Some("none") => Transfer::None,
            _ => Transfer::Length,
        };
        let to_backend = load["to"].as_str() == Some("be");
        let host = if to_backend { &self.server.backend } else { &self.server.frontend };
        let path = format!("/api/{}/{}/_stream_load", self.database, expectation::text(&load["table"]));
        let request = Request { method: "PUT", host: host.clone(), path, headers, body: &body, transfer };
        let reply = http::send(&request).map_err(|error| format!("stream load: {error}"))?;
        self.check_load(&step["expect"], &reply.body)?;
        self.save(step, &reply.body)
    }

    fn second_phase(&mut self, phase: &Value, step: &Value) -> Outcome {
        let mut headers = vec![http::basic(&self.server.user, &self.server.password)];
        headers.push(("Expect".into(), "100-continue".into()));
        headers.extend(self.headers(&phase["headers"]));
        let path = format!("/api/{}/{}/_stream_load_2pc", self.database, expectation::text(&phase["table"]));
        let host = self.server.frontend.clone();
        let request = Request { method: "PUT", host, path, headers, body: b"", transfer: Transfer::Length };
        let reply = http::send(&request).map_err(|error| format!("stream load 2pc: {error}"))?;
        self.check_keys(&step["expect"], &reply.body)
    }

    fn load_state(&mut self, state: &Value, step: &Value) -> Outcome {
        let label = self.named_label(&expectation::text(&state["label"]));
        let request = Request {
            method: "GET",
            host: self.server.frontend.clone(),
            path: format!("/api/{}/get_load_state?label={label}", self.database),
            headers: vec![http::basic(&self.server.user, &self.server.password)],
            body: b"",
            transfer: Transfer::None,
        };
        let reply = http::send(&request).map_err(|error| format!("get_load_state: {error}"))?;
        self.check_keys(&step["expect"], &reply.body)
    }

    fn wait_alter(&mut self, table: &str) -> Outcome {
        let text = format!("SHOW ALTER TABLE COLUMN WHERE TableName = '{table}' ORDER BY CreateTime DESC LIMIT 1");
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let rows = self.client.rows(&text).map_err(|error| format!("{text}: {error:?}"))?;
            match rows.first().and_then(|row| row[9].as_deref()) {
                None | Some("FINISHED") => return Ok(()),
                Some("CANCELLED") => return Err(format!("the schema change of {table} was cancelled")),
                Some(state) if Instant::now() >= until => {
                    return Err(format!("the schema change of {table} is {state}"));
                }
                Some(_) => sleep(Duration::from_millis(20)),
            }
        }
    }

    fn check_load(&mut self, expected: &Value, body: &str) -> Outcome {
        if expected["any"] == Value::Bool(true) {
            return Ok(());
        }
        self.check_keys(expected, body)
    }

    fn check_keys(&self, expected: &Value, body: &str) -> Outcome {
        let reply: Value = serde_json::from_str(body).unwrap_or(Value::Null);
        for (key, wanted) in expected.as_object().unwrap_or(&Map::new()) {
            let wanted = self.filled_in_value(wanted);
            if let Some(difference) = self.check_key(key, &wanted, &reply, body)? {
                let log = self.error_log(&expectation::text(&reply["ErrorURL"])).unwrap_or_default();
                let lines: Vec<&str> = log.lines().take(3).collect();
                return Err(format!("{difference}\n    in {body}\n    {}", lines.join("\n    ")));
            }
        }
        Ok(())
    }

    fn check_key(&self, key: &str, wanted: &Value, reply: &Value, body: &str) -> Result<Option<String>, String> {
        let count = |name: &str| reply[name].as_i64().unwrap_or(0);
        let total = count("NumberTotalRows");
        let unlike = |holds: bool| Ok((!holds).then(|| format!("{key}: expected {wanted}")));
        match key {
            "all_rows_loaded" => unlike(total == count("NumberLoadedRows")),
            "counts_add_up" => {
                let rest = count("NumberFilteredRows") + count("NumberUnselectedRows");
                unlike(total == count("NumberLoadedRows") + rest)
            }
            "error_url" => unlike(wanted.as_bool() == Some(reply["ErrorURL"].is_string())),
            "error_log" => {
                let log = self.error_log(&expectation::text(&reply["ErrorURL"]))?;
                Ok(expectation::difference(key, wanted, Some(&Value::String(log))))
            }
            "raw" => Ok(expectation::difference(key, wanted, Some(&Value::String(body.to_owned())))),
            "any" => Ok(None),
            _ => Ok(expectation::difference(key, wanted, reply.get(key))),
        }
    }

    fn error_log(&self, url: &str) -> Result<String, String> {
        let rest = url.strip_prefix("http://").ok_or_else(|| format!("no ErrorURL: {url}"))?;
        let (host, path) = rest.split_once('/').ok_or_else(|| format!("no path in {url}"))?;
        let request = Request {
            method: "GET",
            host: host.to_owned(),
            path: format!("/{path}"),
            headers: Vec::new(),
            body: b"",
            transfer: Transfer::None,
        };
        Ok(http::send(&request).map_err(|error| format!("{url}: {error}"))?.body)
    }

    fn save(&mut self, step: &Value, body: &str) -> Outcome {
        let reply: Value = serde_json::from_str(body).unwrap_or(Value::Null);
        for (variable, key) in step["save"].as_object().unwrap_or(&Map::new()) {
            self.variables.insert(variable.clone(), expectation::text(&reply[expectation::text(key)]));
        }
        Ok(())
    }

    fn headers(&self, headers: &Value) -> Vec<(String, String)> {
        let header = |(name, value): (&String, &Value)| (name.clone(), self.filled_in(&expectation::text(value)));
        headers.as_object().into_iter().flatten().map(header).collect()
    }

    fn body(&self, body: &Value) -> Result<Vec<u8>, String> {
        if let Some(text) = body["text"].as_str() {
            return Ok(text.as_bytes().to_vec());
        }
        let Some(file) = body["file"].as_str() else { return Ok(Vec::new()) };
        let file = self.case.folder.join(file);
        std::fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))
    }

    fn fresh_label(&mut self, name: &str) -> String {
        self.labels += 1;
        format!("{}_{name}_{}", self.database, self.labels)
    }

    fn named_label(&mut self, name: &str) -> String {
        let key = format!("label:{name}");
        if let Some(label) = self.variables.get(&key) {
            return label.clone();
        }
        let label = self.fresh_label(name);
        self.variables.insert(key, label.clone());
        label
    }

    fn filled_in(&self, text: &str) -> String {
        let fill = |text: String, (name, value): (&String, &String)| text.replace(&format!("${{{name}}}"), value);
        self.variables.iter().fold(text.to_owned(), fill)
    }

    fn filled_in_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.filled_in(text)),
            Value::Array(items) => items.iter().map(|item| self.filled_in_value(item)).collect(),
            Value::Object(members) => {
                Value::Object(members.iter().map(|(key, value)| (key.clone(), self.filled_in_value(value))).collect())
            }
            other => other.clone(),
        }
    }
}

fn row_difference(step: &Value, rows: &[Vec<Option<String>>]) -> Option<String> {
    if let Some(expected) = step.get("expect_rows") {
        return compare::difference(expected, rows, step["ordered"] != Value::Bool(false));
    }
    let count = step["expect_row_count"].as_u64();
    if count.is_some_and(|count| count != rows.len() as u64) {
        return Some(format!("{count:?} rows expected, {} found", rows.len()));
    }
    let column = step.get("expect_column")?;
    let index = column["index"].as_u64().unwrap_or(0) as usize;
    let all = expectation::text(&column["all"]);
    let unlike = rows.iter().find(|row| !row[index].as_deref().is_some_and(|found| compare::texts_match(&all, found)));
    unlike.map(|row| format!("column {index}: expected {all} in every row, found {row:?}"))
}
