//! The answer to a Stream Load (Doris: "Stream Load Manual", result; `StreamLoadContext::to_json`).

use super::cluster::{parse, text};
use serde_json::Value;

/// What came of a load, as far as the answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// `Success`, and `Publish Timeout`: committed, and visible sooner or later. With two phases: pre-committed.
    Done,
    /// `Label Already Exists`.
    LabelExists,
    /// `Fail`, or a front end's `FAILED`.
    Failed,
    /// Not logged in.
    Denied,
}

/// A load's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// What came of it.
    pub status: Status,
    /// `TxnId`; none where there is no transaction, as with group commit.
    pub transaction: Option<i64>,
    /// `Message`: `OK` or `[CODE]text`.
    pub message: String,
    /// `NumberTotalRows`.
    pub total: u64,
    /// `NumberLoadedRows`.
    pub loaded: u64,
    /// `NumberFilteredRows`.
    pub filtered: u64,
    /// `NumberUnselectedRows`: a `where` header passed them over.
    pub unselected: u64,
    /// `ErrorURL`.
    pub error_url: Option<String>,
    /// `ExistingJobStatus`.
    pub existing: Option<String>,
}

impl Reply {
    /// Reads an answer; None for one that is not Doris'.
    pub fn parse(body: &[u8]) -> Option<Reply> {
        let json = parse(body)?;
        let number = |name: &str| json[name].as_u64().unwrap_or(0);
        let optional = |name: &str| json[name].as_str().filter(|text| !text.is_empty()).map(String::from);
        let status = match json["Status"].as_str().or(json["status"].as_str()).map(str::to_ascii_lowercase).as_deref() {
            Some("success" | "publish timeout") => Status::Done,
            Some("label already exists") => Status::LabelExists,
            Some(_) => Status::Failed,
            None if json["code"].as_i64() == Some(401) => Status::Denied,
            None if json["code"].is_i64() => Status::Failed,
            None => return None,
        };
        let message = ["Message", "msg", "data"].iter().map(|name| &json[*name]).find(|value| value.is_string());
        Some(Reply {
            status,
            transaction: json["TxnId"].as_i64().filter(|id| *id > 0),
            message: if json["code"].as_i64() == Some(401) {
                text(&json["data"])
            } else {
                text(message.unwrap_or(&Value::Null))
            },
            total: number("NumberTotalRows"),
            loaded: number("NumberLoadedRows"),
            filtered: number("NumberFilteredRows"),
            unselected: number("NumberUnselectedRows"),
            error_url: optional("ErrorURL"),
            existing: optional("ExistingJobStatus"),
        })
    }

    /// The code in the brackets that a back end's message begins with: `DATA_QUALITY_ERROR`, `E-235`.
    pub fn code(&self) -> &str {
        self.message.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or("", |(code, _)| code)
    }

    /// Rows were bad: the same body fails again.
    pub fn is_of_rows(&self) -> bool {
        self.status == Status::Failed
            && (self.filtered > 0 || self.error_url.is_some() || self.code() == "DATA_QUALITY_ERROR")
    }

    /// The server has too much to do: it is to be asked later, and less often.
    pub fn is_pressure(&self) -> bool {
        let busy = matches!(self.code(), "E-235" | "E-238" | "E-229" | "TOO_MANY_VERSION" | "MEM_LIMIT_EXCEEDED");
        self.status == Status::Failed && (busy || self.is_of_running_transactions())
    }

    /// No server could do it at that moment, whatever it was: a back end that begins again, a front end that is no longer the first.
    pub fn is_unready(&self) -> bool {
        self.status == Status::Failed && (self.code() == "NOT_MASTER" || self.is_without_back_end())
    }

    /// No back end is alive, or takes loads. Doris has no code for it, only this text (`LoadAction`).
    fn is_without_back_end(&self) -> bool {
        self.message.starts_with("No backend load available")
    }

    /// `max_running_txn_num_per_db` is reached. Doris has no code for it, only this text (`DatabaseTransactionMgr`).
    fn is_of_running_transactions(&self) -> bool {
        self.message.contains("current running txns on db ") && self.message.contains(", larger than limit ")
    }

    /// The request itself is wrong, and will be the next time.
    pub fn is_final(&self) -> bool {
        self.status == Status::Denied
            || matches!(
                self.code(),
                "INVALID_ARGUMENT" | "NOT_AUTHORIZED" | "DATA_FILE_TYPE_ERROR" | "NOT_IMPLEMENTED_ERROR"
            )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_back_ends_answer() {
        let text = br#"{"TxnId": 12, "Label": "l", "TwoPhaseCommit": "true", "Status": "Fail",
            "Message": "[DATA_QUALITY_ERROR]too many filtered rows", "NumberTotalRows": 3, "NumberLoadedRows": 0,
            "NumberFilteredRows": 1, "NumberUnselectedRows": 0, "ErrorURL": "http://be:8040/api/_load_error_log?file=f"}"#;
        let reply = Reply::parse(text).unwrap();
        assert_eq!(
            (reply.status.clone(), reply.transaction, reply.code()),
            (Status::Failed, Some(12), "DATA_QUALITY_ERROR")
        );
        assert!(reply.is_of_rows() && !reply.is_pressure() && !reply.is_final());
    }

    #[test]
    fn front_ends_have_two_envelopes_of_their_own() {
        let failed = Reply::parse(br#"{"status":"FAILED","msg":"There is no 100-continue header"}"#).unwrap();
        assert_eq!((failed.status, failed.message.as_str()), (Status::Failed, "There is no 100-continue header"));
        let denied =
            Reply::parse(br#"{"msg":"Unauthorized","code":401,"data":"Access denied for user","count":0}"#).unwrap();
        assert_eq!(
            (denied.status.clone(), denied.message.as_str(), denied.is_final()),
            (Status::Denied, "Access denied for user", true)
        );
    }

    #[test]
    fn too_many_running_transactions_are_pressure() {
        let text = br#"{"TxnId": -1, "Label": "l", "Status": "Fail", "Message":
            "[ANALYSIS_ERROR]TStatus: errCode = 2, detailMessage = current running txns on db 10002 is 1000, larger than limit 1000"}"#;
        let reply = Reply::parse(text).unwrap();
        assert!(reply.is_pressure() && !reply.is_of_rows() && !reply.is_final());
        let other = Reply { message: "[ANALYSIS_ERROR]TStatus: errCode = 2, detailMessage = other".into(), ..reply };
        assert!(!other.is_pressure());
    }

    #[test]
    fn a_cluster_that_is_not_ready() {
        let text = br#"{"status":"FAILED","msg":"No backend load available or there is no backend which satisfies the policy"}"#;
        let reply = Reply::parse(text).unwrap();
        assert!(reply.is_unready() && !reply.is_pressure() && !reply.is_final());
        let other = |message: &str| Reply { message: message.into(), ..reply.clone() };
        assert!(other("[NOT_MASTER]TStatus: FE is not master").is_unready());
        assert!(!other("[ANALYSIS_ERROR]TStatus: FE is not master").is_unready());
    }

    #[test]
    fn what_is_no_answer_of_doris_is_none() {
        for text in [&b"<html>"[..], b"", b"{}", b"[1]"] {
            assert_eq!(Reply::parse(text), None);
        }
    }
}
