//! Replays cases against a cluster in this process: ours (`tests/cases/*.json`), and those that were taken from Doris' own regression
//! tests, which belong to the Doris project and are read from `$DORIS_CASES` when it is set.
//!
//! `cargo test --test cases -- NAME` runs the cases whose name contains NAME.

#[path = "client/http.rs"]
mod http;
#[path = "client/mysql.rs"]
// Prepared statements are for the tests of statements.
#[allow(dead_code)]
mod mysql;
mod runner;

use doris_standin::cluster::Settings;
use doris_standin::http::node::Role;
use doris_standin::serve::{self, Layout};
use runner::{Case, Server};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let server = runtime.block_on(start()).expect("free ports on loopback");
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let ours = run_all("ours", files(&own, false), &server, &filter);
    let theirs = match std::env::var_os("DORIS_CASES") {
        Some(folder) => run_all("Doris'", files(Path::new(&folder), true), &server, &filter),
        None => {
            println!("DORIS_CASES is not set: the cases of Doris' own regression tests were skipped");
            true
        }
    };
    if ours && theirs { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn start() -> std::io::Result<Server> {
    let serving = serve::start(Settings::default(), &Layout::default())?;
    let (frontend, backend) = (&serving.cluster.nodes(Role::Frontend)[0], &serving.cluster.nodes(Role::Backend)[0]);
    Ok(Server {
        frontend: format!("127.0.0.1:{}", frontend.http_port),
        backend: format!("127.0.0.1:{}", backend.http_port),
        query_port: frontend.query_port,
        user: serving.cluster.settings.user.clone(),
        password: serving.cluster.settings.password.clone(),
    })
}

/// `*.json` of a folder, or `*/case.json` below it, in order of name.
fn files(folder: &Path, nested: bool) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("an entry of a folder that can be read").path());
    let mut files: Vec<PathBuf> = match nested {
        true => paths.map(|path| path.join("case.json")).filter(|path| path.is_file()).collect(),
        false => paths.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect(),
    };
    files.sort();
    assert!(!files.is_empty(), "no case in {}", folder.display());
    files
}

fn run_all(whose: &str, files: Vec<PathBuf>, server: &Server, filter: &str) -> bool {
    let (mut passed, mut skipped, mut failures) = (0, 0, Vec::new());
    for (index, file) in files.iter().enumerate() {
        let case = match Case::read(file) {
            Ok(case) if !case.name.contains(filter) => continue,
            Ok(case) => case,
            Err(error) => {
                failures.push(error);
                continue;
            }
        };
        if let Some(lacking) = case.requires.first() {
            println!("case {} ... skipped, needs {lacking}", case.name);
            skipped += 1;
            continue;
        }
        let database = format!("{}_{index}", if whose == "ours" { "own" } else { "doris" });
        match runner::run(&case, server, &database) {
            Ok(()) => {
                println!("case {} ... ok", case.name);
                passed += 1;
            }
            Err(error) => {
                println!("case {} ... FAILED", case.name);
                failures.push(format!("{}: {error}", case.name));
            }
        }
    }
    for failure in &failures {
        println!("\n{failure}");
    }
    let all = passed + skipped + failures.len();
    println!("\n{whose}: {passed} of {all} cases passed, {skipped} skipped");
    let result = if failures.is_empty() { "ok" } else { "FAILED" };
    println!(
        "test result: {result}. {passed} passed; {} failed; {skipped} ignored; 0 measured; 0 filtered out\n",
        failures.len()
    );
    failures.is_empty()
}
