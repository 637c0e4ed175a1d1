//! A Doris cluster over HTTP: which front end is asked, where it redirects to, and the calls that loads need.
//!
//! Doris answers 200 to nearly everything; what happened stands in the JSON. A front end answers a load or a two-phase call with 307
//! and a `Location` that carries the credentials; it reads no body, so the body goes to the back end only
//! (Doris: `LoadAction`, `StreamLoadAction`).

use super::catalogue::EVERYWHERE;
use super::http::{
    Authority, Chunks, Connections, HeaderMap, HeaderName, HeaderValue, Method, NoAnswer, Request, Response,
};
use super::route::{HostRewrite, Location, Route};
use super::tls::Tls;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, EXPECT};
use serde_json::Value;
use std::fmt;
use std::time::{Duration, Instant};

/// How long a call without a body of rows may take.
const CALL_LIMIT: Duration = Duration::from_secs(30);
/// Columns of SHOW FRONTENDS.
const FRONT_END_HOST: usize = 1;
const FRONT_END_QUERY_PORT: usize = 4;
const FRONT_END_ALIVE: usize = 11;
/// Front ends are asked so many times for a back end other than those that are left out.
const ASKED_AGAIN: usize = 3;
/// Of the loads with one of these headers a front end sends each where it belongs.
const ROUTED: [&str; 3] = ["group_commit", "cloud_cluster", "compute_group"];

/// Who and where the cluster is.
#[derive(Clone)]
pub struct Access {
    /// Front ends' HTTP addresses, at least one.
    pub front_ends: Vec<Authority>,
    /// Back ends to load into where `auto_redirect` is off; if there are none, a front end is asked which there are.
    pub back_ends: Vec<Authority>,
    /// Whether each load goes through a front end, which names the back end.
    pub auto_redirect: bool,
    /// How addresses that Doris names are reached.
    pub rewrite: HostRewrite,
    /// User name.
    pub user: String,
    /// Never shown.
    pub password: String,
    /// Limit for making a connection.
    pub connect_timeout: Duration,
    /// Whom to trust; None for HTTP in the clear.
    pub tls: Option<Tls>,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("front_ends", &self.front_ends)
            .field("back_ends", &self.back_ends)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// What Doris knows of a label (`GET /api/{db}/get_load_state`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelState {
    /// No such label, or one that was forgotten.
    Unknown,
    /// Rows are being received.
    Prepare,
    /// Waits for commit or abort.
    Precommitted,
    /// Will be visible.
    Committed,
    /// Is visible.
    Visible,
    /// Nothing of it was kept; the label is free again.
    Aborted,
}

impl LabelState {
    fn parse(text: &str) -> Option<LabelState> {
        Some(match text {
            "UNKNOWN" => LabelState::Unknown,
            "PREPARE" => LabelState::Prepare,
            "PRECOMMITTED" => LabelState::Precommitted,
            "COMMITTED" => LabelState::Committed,
            "VISIBLE" => LabelState::Visible,
            "ABORTED" => LabelState::Aborted,
            _ => return None,
        })
    }
}

/// What a two-phase call names: Doris takes either.
#[derive(Debug, Clone, Copy)]
pub enum Transaction<'a> {
    /// By number.
    Id(i64),
    /// By label, where the number was never heard.
    Label(&'a str),
}

/// A call that failed.
#[derive(Debug)]
pub enum CallError {
    /// No server answered, or what took effect is not known.
    NoAnswer(NoAnswer),
    /// User, password or privilege, or a certificate that is not accepted: the same the next time.
    Denied(String),
    /// An answer that says no, or none that can be understood; by whom, and the text.
    Refused(String),
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::NoAnswer(e) => e.fmt(f),
            CallError::Denied(text) | CallError::Refused(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for CallError {}

impl From<NoAnswer> for CallError {
    fn from(e: NoAnswer) -> Self {
        match e {
            NoAnswer::Untrusted(text) => CallError::Denied(text),
            other => CallError::NoAnswer(other),
        }
    }
}

/// A cluster that is talked to. Cheap to share behind an `Arc`.
#[derive(Debug)]
pub struct Cluster {
    access: Access,
    connections: Connections,
    authorization: HeaderValue,
    route: Route,
}

impl Cluster {
    /// No connection is made yet.
    pub fn new(access: Access) -> Cluster {
        let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", access.user, access.password)));
        let mut authorization = HeaderValue::try_from(basic).expect("Base64 is ASCII");
        authorization.set_sensitive(true);
        let connections = Connections::new(access.connect_timeout, access.tls.clone());
        // Subtasks that start together do not all begin with the same host.
        let first = std::process::id() as usize ^ (&raw const access as usize >> 6);
        Cluster { access, connections, authorization, route: Route::new(first) }
    }

    /// Sends a body under `headers` and `named`, this request's own, to `/api/{path}` of a back end: the one that a front end names, or one of those that there are.
    ///
    /// # Errors
    /// [`NoAnswer::Unreachable`] only if the body has not left.
    pub async fn put(
        &self,
        path: &str,
        headers: &HeaderMap,
        named: &[(&'static str, &str)],
        body: Chunks,
        limit: Duration,
    ) -> Result<Response, CallError> {
        let mut sent = headers.clone();
        sent.insert(AUTHORIZATION, self.authorization.clone());
        sent.insert(EXPECT, HeaderValue::from_static("100-continue"));
        for (name, value) in named {
            let value =
                HeaderValue::from_str(value).map_err(|e| CallError::Refused(format!("{name} '{value}': {e}")))?;
            sent.insert(HeaderName::from_static(name), value);
        }
        if !self.access.auto_redirect {
            return self.put_in_turn(path, sent, body, limit).await;
        }
        let is_routed = ROUTED.iter().any(|name| sent.contains_key(*name));
        if !is_routed && let Some(to) = self.route.redirected_lately(Instant::now()) {
            return self.put_body(&to, path, sent, body, limit).await;
        }
        let mut asked = 1;
        loop {
            let answer = self.ask_front_ends(Method::PUT, path, &sent, &Chunks::default()).await?;
            let Some((to, its_path)) = self.redirect(&answer)? else { return Ok(answer.0) };
            // A front end goes on naming a back end that is gone until it has noticed.
            let is_left_out = self.route.health.is_left_out(&to, Instant::now());
            if !is_left_out && !is_routed && its_path.trim_end_matches('?') == path {
                self.route.redirected(&to, Instant::now());
            }
            if asked == ASKED_AGAIN || !is_left_out {
                return self.put_body(&to, &its_path, sent, body, limit).await;
            }
            asked += 1;
        }
    }

    async fn put_in_turn(
        &self,
        path: &str,
        sent: HeaderMap,
        body: Chunks,
        limit: Duration,
    ) -> Result<Response, CallError> {
        let mut failures = Vec::new();
        for to in self.route.in_turn(&self.back_ends().await?) {
            match self.put_body(&to, path, sent.clone(), body.clone(), limit).await {
                Err(CallError::NoAnswer(NoAnswer::Unreachable(reason))) => failures.push(reason),
                other => return other,
            }
        }
        Err(NoAnswer::Unreachable(failures.join("; ")).into())
    }

    /// Those configured, or those that a front end knows: asked for again after a while and after each failure, as back ends come and go.
    ///
    /// # Errors
    /// No front end answered, or none says which there are.
    pub async fn back_ends(&self) -> Result<Vec<Authority>, CallError> {
        if !self.access.back_ends.is_empty() {
            return Ok(self.access.back_ends.clone());
        }
        let (known, believed) = self.route.found();
        if believed {
            return Ok(known);
        }
        match self.discover().await {
            Ok(found) => {
                self.route.find(found.clone());
                Ok(found)
            }
            // What was true a moment ago is better than nothing, while no front end answers.
            Err(CallError::NoAnswer(_)) if !known.is_empty() => Ok(known),
            Err(error) => Err(error),
        }
    }

    async fn discover(&self) -> Result<Vec<Authority>, CallError> {
        let answer = self.call_asked(Method::GET, "/api/backends?is_alive=true", Chunks::default()).await;
        let (json, asked) = answer.map_err(|error| match error {
            CallError::Refused(text) => CallError::Refused(format!(
                "{text}; to load without asking for the back ends, name them in 'benodes', or set 'auto-redirect' = 'true'"
            )),
            other => other,
        })?;
        let found = self.access.rewrite.back_ends(&json, &asked);
        if found.is_empty() {
            return Err(
                NoAnswer::Unreachable(format!("the front end {asked} knows of no back end that is alive")).into()
            );
        }
        Ok(found)
    }

    async fn put_body(
        &self,
        to: &Authority,
        path: &str,
        headers: HeaderMap,
        body: Chunks,
        limit: Duration,
    ) -> Result<Response, CallError> {
        let answer = self.connections.send(Request { method: Method::PUT, to, path, headers, body }, limit).await;
        match &answer {
            Ok(_) => self.route.health.answered(to),
            Err(_) => self.route.back_end_failed(to),
        }
        Ok(answer?)
    }

    /// Where a 307 points to, with the address that is reachable from here; None for an answer that is no redirect.
    fn redirect(&self, answer: &(Response, Authority)) -> Result<Option<(Authority, String)>, CallError> {
        let (answer, asked) = answer;
        if !(300..400).contains(&answer.status) {
            return Ok(None);
        }
        let location = answer.location.as_deref().unwrap_or_default();
        let refused = |why: &str| {
            let shown = Location::shown(location);
            CallError::Refused(format!("the front end {asked} redirects to '{shown}', {why}"))
        };
        let at = Location::parse(location).ok_or_else(|| refused("which is no http:// or https:// address"))?;
        match (at.scheme, &self.access.tls) {
            ("http", Some(_)) => {
                return Err(CallError::Denied(
                    refused(
                        "which is not encrypted, and the password is not sent there; let Doris redirect to https (enable_https), load into \
                         back ends directly ('auto-redirect' = 'false'), or set 'doris.tls.excluded-protocols' = 'http'",
                    )
                    .to_string(),
                ));
            }
            ("https", None) => {
                return Err(CallError::Denied(refused("over TLS; set 'doris.enable.tls' = 'true'").to_string()));
            }
            _ => {}
        }
        let to = self.access.rewrite.reachable(at.host, Some(asked)).ok_or_else(|| refused("which has no port"))?;
        Ok(Some((to, in_ascii(at.path))))
    }

    /// Front end after front end, until one answers.
    async fn ask_front_ends(
        &self,
        method: Method,
        path: &str,
        headers: &HeaderMap,
        body: &Chunks,
    ) -> Result<(Response, Authority), CallError> {
        let (mut failures, mut untrusted) = (Vec::new(), 0);
        for to in self.route.in_turn(&self.access.front_ends) {
            let request =
                Request { method: method.clone(), to: &to, path, headers: headers.clone(), body: body.clone() };
            match self.connections.send(request, CALL_LIMIT).await {
                Ok(answer) => {
                    self.route.health.answered(&to);
                    return Ok((answer, to));
                }
                Err(e) => {
                    self.route.health.failed(&to, Instant::now());
                    untrusted += usize::from(matches!(e, NoAnswer::Untrusted(_)));
                    failures.push(e.to_string());
                }
            }
        }
        let text = failures.join("; ");
        Err(if untrusted == failures.len() { NoAnswer::Untrusted(text) } else { NoAnswer::Unreachable(text) }.into())
    }

    async fn call(&self, method: Method, path: &str, body: Chunks) -> Result<Value, CallError> {
        Ok(self.call_asked(method, path, body).await?.0)
    }

    /// The answer's JSON, and the front end that gave it.
    async fn call_asked(&self, method: Method, path: &str, body: Chunks) -> Result<(Value, Authority), CallError> {
        let mut headers = self.signed();
        if method != Method::GET {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let (answer, asked) = self.ask_front_ends(method, path, &headers, &body).await?;
        let json = parse(&answer.body).ok_or_else(|| {
            let text = String::from_utf8_lossy(&answer.body[..answer.body.len().min(200)]).into_owned();
            CallError::Refused(format!("{asked} answered {} to {path}: {text}", answer.status))
        })?;
        match json["code"].as_i64() {
            Some(0) | None => Ok((json, asked)),
            Some(401) => Err(CallError::Denied(denied(&self.access.user, &text(&json["data"])))),
            Some(_) => Err(CallError::Refused(format!(
                "{asked} answered to {path}: {} {}",
                text(&json["msg"]),
                text(&json["data"])
            ))),
        }
    }

    /// What Doris knows of a label.
    ///
    /// # Errors
    /// No front end answered, or not as documented.
    pub async fn label_state(&self, database: &str, label: &str) -> Result<LabelState, CallError> {
        let path = format!("/api/{}/get_load_state?label={}", escaped(database), escaped(label));
        let json = self.call(Method::GET, &path, Chunks::default()).await?;
        let state = json["data"].as_str().unwrap_or_default();
        LabelState::parse(state).ok_or_else(|| {
            CallError::Refused(format!(
                "Doris says '{}' of the label {label}, which is no state of a load",
                text(&json["data"])
            ))
        })
    }

    /// Commits a pre-committed load. Whether it took effect is to be asked of [`Self::label_state`] when it says no.
    ///
    /// # Errors
    /// No server answered.
    pub async fn commit(&self, database: &str, transaction: Transaction<'_>) -> Result<TwoPhaseAnswer, CallError> {
        self.two_phase(database, transaction, "commit").await
    }

    /// Aborts a load that is received or pre-committed.
    ///
    /// # Errors
    /// No server answered.
    pub async fn abort(&self, database: &str, transaction: Transaction<'_>) -> Result<TwoPhaseAnswer, CallError> {
        self.two_phase(database, transaction, "abort").await
    }

    async fn two_phase(
        &self,
        database: &str,
        transaction: Transaction<'_>,
        operation: &str,
    ) -> Result<TwoPhaseAnswer, CallError> {
        let (name, value) = match transaction {
            Transaction::Id(id) => ("txn_id", id.to_string()),
            Transaction::Label(label) => ("label", label.to_string()),
        };
        let named = [(name, value.as_str()), ("txn_operation", operation)];
        let path = format!("/api/{}/_stream_load_2pc", escaped(database));
        let answer = self.put(&path, &HeaderMap::new(), &named, Chunks::default(), CALL_LIMIT).await?;
        let json = parse(&answer.body).unwrap_or(Value::Null);
        if json["code"].as_i64() == Some(401) {
            return Err(CallError::Denied(denied(&self.access.user, &text(&json["data"]))));
        }
        let done = json["status"].as_str().is_some_and(|status| status.eq_ignore_ascii_case("success"));
        Ok(TwoPhaseAnswer { done, text: text(&json["msg"]) })
    }

    /// Runs a statement (`POST /api/query/…`) and gives the rows, each cell as text.
    ///
    /// # Errors
    /// No front end answered, or the statement failed.
    pub async fn query(&self, database: &str, statement: &str) -> Result<Vec<Vec<Option<String>>>, CallError> {
        let path = format!("/api/query/default_cluster/{}", escaped(database));
        let body = serde_json::json!({ "stmt": statement }).to_string().into_bytes();
        let json = self.call(Method::POST, &path, body.into()).await?;
        let rows = json["data"]["data"].as_array().cloned().unwrap_or_default();
        let cell = |cell: &Value| (!cell.is_null()).then(|| text(cell));
        Ok(rows
            .iter()
            .map(|row| row.as_array().map(|cells| cells.iter().map(cell).collect()).unwrap_or_default())
            .collect())
    }

    /// Where the front ends that are alive speak MySQL's protocol.
    ///
    /// # Errors
    /// No front end answered, or the user may not ask.
    pub async fn query_addresses(&self) -> Result<Vec<Authority>, CallError> {
        let rows = self.query(EVERYWHERE, "SHOW FRONTENDS").await?;
        let asked = self.access.front_ends.first();
        let address = |row: &Vec<Option<String>>| {
            let cell = |i: usize| row.get(i)?.as_deref();
            let is_alive = cell(FRONT_END_ALIVE) != Some("false");
            let named = format!("{}:{}", cell(FRONT_END_HOST)?, cell(FRONT_END_QUERY_PORT)?);
            self.access.rewrite.reachable(&named, asked).filter(|_| is_alive)
        };
        Ok(rows.iter().filter_map(address).collect())
    }

    /// The text behind a load's `ErrorURL`.
    ///
    /// # Errors
    /// The back end did not answer.
    pub async fn error_log(&self, url: &str) -> Result<String, CallError> {
        let refused = || CallError::Refused(format!("'{url}' is no address of an error log"));
        // Doris writes http:// whatever the back end speaks; it is asked as it was loaded into.
        let at = Location::parse(url).ok_or_else(refused)?;
        let to = self.access.rewrite.reachable(at.host, None).ok_or_else(refused)?;
        let request =
            Request { method: Method::GET, to: &to, path: at.path, headers: self.signed(), body: Chunks::default() };
        let answer = self.connections.send(request, CALL_LIMIT).await?;
        Ok(String::from_utf8_lossy(&answer.body).into_owned())
    }

    fn signed(&self) -> HeaderMap {
        HeaderMap::from_iter([(AUTHORIZATION, self.authorization.clone())])
    }

    /// The user that is logged in with.
    pub fn user(&self) -> &str {
        &self.access.user
    }
}

/// What came of a commit or abort.
#[derive(Debug)]
pub struct TwoPhaseAnswer {
    /// Doris says it is done.
    pub done: bool,
    /// Its words.
    pub text: String,
}

pub(super) fn denied(user: &str, reason: &str) -> String {
    format!("Doris denies access to user '{user}': {reason}; check 'username', 'password' and the privilege LOAD")
}

pub(super) fn parse(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok()
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| if value.is_null() { String::new() } else { value.to_string() }, String::from)
}

/// A path segment or query value: all but letters, digits and `-._~` as %XX.
fn escaped(text: &str) -> String {
    let mut path = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            path.push(byte as char);
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path
}

/// A path whose letters beyond ASCII are escaped, if they were not.
fn in_ascii(path: &str) -> String {
    let letter = |c: char| if c.is_ascii() { c.to_string() } else { escaped(c.encode_utf8(&mut [0; 4])) };
    path.chars().map(letter).collect()
}

/// `/api/{database}/{table}/_stream_load`.
pub fn stream_load_path(database: &str, table: &str) -> String {
    format!("/api/{}/{}/_stream_load", escaped(database), escaped(table))
}
