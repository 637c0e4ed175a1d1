//! The reply to a load: Doris' keys in Doris' order.

use super::headers::{LoadError, Opening};
use super::rows::Counts;
use crate::Version;
use crate::json::Json;
use crate::transaction::TxnState;
use std::time::Instant;

/// What the reply says.
#[derive(Clone, Debug)]
pub struct LoadReply {
    /// -1 if none began.
    pub txn: Option<u64>,
    /// Label.
    pub label: String,
    /// `comment` header.
    pub comment: String,
    /// `two_phase_commit` header.
    pub two_phase: bool,
    /// Group commit's mode, if in force.
    pub group_commit: Option<&'static str>,
    /// `Success`, `Publish Timeout`, `Label Already Exists`, `Fail`.
    pub status: &'static str,
    /// State of the transaction that has the label.
    pub existing: Option<TxnState>,
    /// `OK`, or code and text.
    pub message: String,
    /// Rows.
    pub counts: Counts,
    /// Bytes of the body as sent.
    pub bytes: u64,
    /// ErrorURL.
    pub error_url: Option<String>,
    /// FirstErrorMsg.
    pub first_error: Option<String>,
    /// When the request came.
    pub started: Instant,
    /// When the body was all there.
    pub received: Option<Instant>,
}

impl LoadReply {
    /// To a request whose headers are not checked yet.
    pub fn new(label: &str) -> LoadReply {
        LoadReply {
            txn: None,
            label: label.to_owned(),
            comment: String::new(),
            two_phase: false,
            group_commit: None,
            status: "Success",
            existing: None,
            message: "OK".into(),
            counts: Counts::default(),
            bytes: 0,
            error_url: None,
            first_error: None,
            started: Instant::now(),
            received: None,
        }
    }

    /// Takes over what the headers say.
    pub fn open(&mut self, opening: &Opening) {
        self.label.clone_from(&opening.label);
        self.comment.clone_from(&opening.comment);
        self.two_phase = opening.two_phase;
        self.group_commit = opening.group_commit;
    }

    /// Makes it a failure; what was loaded is not.
    pub fn fail(&mut self, error: &LoadError) {
        self.status = "Fail";
        self.message = error.message();
        self.counts.loaded = 0;
    }

    /// Its text: pretty JSON and a line end.
    pub fn text(&self, version: Version, unique: &str) -> String {
        let ms = |from: Instant, to: Instant| Json::from(to.duration_since(from).as_millis() as u64);
        let now = Instant::now();
        let received = self.received.unwrap_or(now);
        let mut members: Vec<(&str, Json)> = vec![
            ("TxnId", self.txn.map_or(Json::from(-1), Json::from)),
            ("Label", Json::from(self.label.as_str())),
            ("Comment", Json::from(self.comment.as_str())),
        ];
        match self.group_commit {
            None => members.push(("TwoPhaseCommit", Json::from(if self.two_phase { "true" } else { "false" }))),
            Some(mode) => {
                members.push(("GroupCommit", Json::from(true)));
                members.push(("GroupCommitMode", Json::from(mode)));
                members.push(("LoadId", Json::from(unique)));
            }
        }
        members.push(("Status", Json::from(self.status)));
        if let Some(state) = self.existing {
            members.push(("ExistingJobStatus", Json::from(state.job_status())));
        }
        members.extend([
            ("Message", Json::from(self.message.as_str())),
            ("NumberTotalRows", Json::from(self.counts.total)),
            ("NumberLoadedRows", Json::from(self.counts.loaded)),
            ("NumberFilteredRows", Json::from(self.counts.filtered)),
            ("NumberUnselectedRows", Json::from(self.counts.unselected)),
            ("LoadBytes", Json::from(self.bytes)),
            ("LoadTimeMs", ms(self.started, now)),
        ]);
        if self.group_commit.is_none() {
            members.push(("BeginTxnTimeMs", Json::from(0)));
        }
        members.extend([
            ("StreamLoadPutTimeMs", Json::from(0)),
            ("ReadDataTimeMs", ms(self.started, received)),
            ("WriteDataTimeMs", ms(received, now)),
        ]);
        if version >= Version::V3_1 {
            members.push(("ReceiveDataTimeMs", ms(self.started, received)));
        }
        if self.group_commit.is_none() {
            members.push(("CommitAndPublishTimeMs", Json::from(0)));
        }
        if let Some(url) = &self.error_url {
            members.push(("ErrorURL", Json::from(url.as_str())));
        }
        if let (Some(first), true) = (&self.first_error, version >= Version::V4_0) {
            members.push(("FirstErrorMsg", Json::from(first.as_str())));
        }
        Json::object(members).pretty() + "\n"
    }
}
