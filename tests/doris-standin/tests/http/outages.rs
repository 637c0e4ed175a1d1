//! Servers that are slow, dead, or gone without anybody knowing.

use crate::server::{Server, number, settings, succeeded, text};
use doris_standin::Version;
use doris_standin::serve::Layout;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const CSV: (&str, &str) = ("column_separator", ",");

fn two_back_ends() -> Server {
    let server = Server::start(settings(Version::V3_1), &Layout { backends: 2, frontends: 2, ..Layout::default() });
    server.unique_table();
    server
}

/// Waits for a server to be down or up; the stand-in looks every few milliseconds.
fn wait(address: &str, up: bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(address).is_ok_and(alive) != up {
        assert!(Instant::now() < until, "{address} is not {}", if up { "up" } else { "down" });
        std::thread::yield_now();
    }
}

fn alive(mut stream: TcpStream) -> bool {
    let asked = stream.write_all(b"GET / HTTP/1.1\r\n\r\n");
    asked.is_ok() && stream.read(&mut [0; 16]).is_ok_and(|n| n > 0)
}

/// Opens a load on a back end and sends half of it.
fn half_a_load(server: &Server, be: String) -> TcpStream {
    let mut stream = TcpStream::connect(be).unwrap();
    let (name, login) = crate::client::basic("root", "");
    let head = format!(
        "PUT /api/d/t/_stream_load HTTP/1.1\r\n{name}: {login}\r\nlabel: l\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.read_exact(&mut [0; 25]).unwrap();
    assert_eq!(server.state("l"), "PREPARE");
    stream
}

#[test]
fn a_dead_back_end_is_not_chosen_and_its_loads_are_aborted() {
    let server = two_back_ends();
    let mut stream = half_a_load(&server, server.be(0));
    server.fault(r#"{"name":"dead_be","node":1}"#);
    wait(&server.be(0), false);
    assert!(!stream.read(&mut [0; 16]).is_ok_and(|n| n > 0));
    let until = Instant::now() + Duration::from_secs(20);
    while server.state("l") != "ABORTED" {
        assert!(Instant::now() < until, "{}", server.state("l"));
    }
    for _ in 0..4 {
        succeeded(&server.load("t", &[CSV], "1,a"));
    }
    server.admin("DELETE", "/faults", "");
    wait(&server.be(0), true);
}

#[test]
fn a_vanished_back_end_is_still_chosen_and_its_label_runs_until_it_is_back() {
    let server = two_back_ends();
    let _stream = half_a_load(&server, server.be(0));
    server.fault(r#"{"name":"vanishing_be","node":1}"#);
    wait(&server.be(0), false);
    assert!(server.get("/api/backends?is_alive=true").to_string().matches("is_alive").count() == 2);
    let outcomes: Vec<bool> = (0..4).map(|_| server.try_load("t", &[CSV], b"1,a").is_ok()).collect();
    assert_eq!(outcomes.iter().filter(|ok| **ok).count(), 2);
    assert_eq!(server.state("l"), "PREPARE");
    let reply = server.send("PUT", server.be(1), "/api/d/t/_stream_load", &[CSV, ("label", "l")], b"1,a").unwrap();
    assert!(reply.body.contains("\"ExistingJobStatus\": \"RUNNING\""), "{}", reply.body);
    server.admin("DELETE", "/faults", "");
    wait(&server.be(0), true);
    assert_eq!(server.state("l"), "ABORTED");
}

#[test]
fn one_front_end_dies_and_the_other_answers() {
    let server = two_back_ends();
    server.fault(r#"{"name":"dead_fe","node":1}"#);
    wait(&server.fe(0), false);
    let reply = server.send("PUT", server.fe(1), "/api/d/t/_stream_load", &[CSV], b"1,a").unwrap();
    assert!(reply.body.contains("\"Success\""), "{}", reply.body);
}

#[test]
fn a_slow_back_end_answers_late_with_the_work_done() {
    let server = two_back_ends();
    server.fault(r#"{"name":"slow_be","count":1,"value":300}"#);
    let started = Instant::now();
    succeeded(&server.load("t", &[CSV], "1,a"));
    assert!(started.elapsed() >= Duration::from_millis(300));
    assert_eq!(server.sql("SELECT * FROM t"), "1|a");
}

#[test]
fn a_slow_front_end_redirects_late() {
    let server = two_back_ends();
    server.fault(r#"{"name":"slow_fe","count":1,"value":200}"#);
    let started = Instant::now();
    succeeded(&server.load("t", &[CSV], "1,a"));
    assert!(started.elapsed() >= Duration::from_millis(200));
}

#[test]
fn a_slow_body_is_read_at_its_rate() {
    let server = two_back_ends();
    server.fault(r#"{"name":"slow_body","count":1,"value":1000}"#);
    let body: String = (0..50).map(|i| format!("{i},a\n")).collect();
    let started = Instant::now();
    let reply = server.load("t", &[CSV], &body);
    assert!(started.elapsed() >= Duration::from_millis(body.len() as u64));
    assert_eq!((number(&reply, "NumberLoadedRows"), text(&reply, "Status")), (50, "Success"));
}
