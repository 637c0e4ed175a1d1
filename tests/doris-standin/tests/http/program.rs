//! The program: its flags, its line of ports, its end.

use doris_standin::json::Json;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_doris-standin"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn it_prints_its_ports_answers_and_ends_when_standard_input_is_closed() {
    let arguments = ["--frontends", "2", "--backends", "3", "--version", "4.0", "--fault", "mem_limit:2", "--discard"];
    let mut child = program(&arguments).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ports = Json::parse(line.as_bytes()).unwrap();
    for (key, number) in [("fe", 2), ("mysql", 2), ("be", 3)] {
        assert!(matches!(ports.get(key), Some(Json::Array(list)) if list.len() == number), "{ports}");
    }
    let admin = ports.get("admin").and_then(Json::as_i64).unwrap();
    let request = crate::client::Request {
        method: "GET",
        host: format!("127.0.0.1:{admin}"),
        path: "/faults".into(),
        headers: Vec::new(),
        body: b"",
        transfer: crate::client::Transfer::None,
    };
    let faults = crate::client::send(&request).unwrap().body;
    assert!(faults.contains("\"name\":\"mem_limit\"") && faults.contains("\"count\":2"), "{faults}");
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_flag_it_does_not_know_is_an_error_that_names_it() {
    for (arguments, message) in [
        (&["--colour", "red"][..], "--colour is unknown"),
        (&["--version", "1.2"], "--version 1.2: not 2.1, 3.1 or 4.0"),
        (&["--set", "patience=1"], "no setting is named 'patience'; there are max_running_txn_num_per_db, "),
        (&["--fault", "rain"], "no fault is named 'rain'"),
        (&["--backends"], "--backends is unknown or lacks its value"),
    ] {
        let output = program(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.contains(message), "{text}");
    }
}

#[test]
fn help_lists_settings_and_faults() {
    let output = program(&["--help"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for fault in doris_standin::fault::FaultName::ALL {
        assert!(text.contains(fault.text()), "{} is not in:\n{text}", fault.text());
    }
    assert!(text.contains("label_num_threshold"));
}
