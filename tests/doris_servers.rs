//! Which servers loads go to, with and without redirects, as they die, come back and move; and TLS to them.

mod doris;

use canal_native::doris::committer::{Commit, Committer};
use canal_native::doris::loader::{Loader, LoaderPlan};
use canal_native::doris::tls::Tls;
use canal_native::error::Error;
use doris::{Doris, lines, package};
use doris_standin::fault::{Fault, FaultName};
use doris_standin::http::node::Role;
use doris_standin::http::tls::Identity;
use std::path::{Path, PathBuf};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(60);

/// Takes a back end out of service and waits until nothing answers at its port.
fn down(doris: &Doris, name: FaultName, back_end: u64) {
    doris.fault(Fault::new(name).on(back_end));
    let port = doris.cluster.nodes(Role::Backend)[back_end as usize - 1].http_port;
    doris.until(|| std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
}

/// Loads that ask a front end for the back ends, and go there themselves.
fn unredirected(doris: &Doris, two_phase: bool) -> LoaderPlan {
    let mut plan = doris.plan("log", two_phase);
    plan.access.auto_redirect = false;
    plan.in_flight = 1;
    plan
}

/// Loads five rows `times` times, each when the one before has ended.
fn load(loader: &Loader, from: u64, times: u64) {
    for i in from..from + times {
        loader.load(package(i * 5..i * 5 + 5, "x"));
        let reached = loader.wait(LONG, |account| account.open == 0);
        assert_eq!(reached.as_ref().map_err(String::as_str), Ok(&true));
    }
}

fn is_exact(doris: &Doris, rows: i64) {
    let counted = doris.sql("SELECT count(*), count(DISTINCT id) FROM shop.log");
    let rows = Some(rows.to_string());
    assert_eq!(counted, [[rows.clone(), rows]]);
}

/// The text of a load that fails for good.
fn failure(plan: LoaderPlan) -> String {
    let loader = Loader::start(plan).unwrap();
    loader.load(package(0..5, "x"));
    loader.wait(LONG, |account| account.open == 0).expect_err("a failure")
}

#[test]
fn back_ends_are_asked_for_where_nothing_redirects() {
    for two_phase in [true, false] {
        let doris = Doris::start();
        let loader = Loader::start(unredirected(&doris, two_phase)).unwrap();
        load(&loader, 0, 4);
        let mut access = doris.access();
        access.auto_redirect = false;
        let committer = Committer::new(access).unwrap();
        for committable in loader.take_settled() {
            assert_eq!(committer.commit(&committable, LONG), Commit::Done);
        }
        is_exact(&doris, 20);
        let mut by = doris.loaded_by();
        by.sort_unstable();
        assert_eq!(by, [1, 1, 2, 2], "in turn");
        assert_eq!(doris.cluster.records.counter("redirects"), 0);
    }
}

#[test]
fn configured_back_ends_are_not_asked_for() {
    let doris = Doris::start();
    let mut plan = unredirected(&doris, false);
    let second = doris.cluster.nodes(Role::Backend).remove(1);
    plan.access.back_ends = vec![format!("127.0.0.1:{}", second.http_port)].iter().map(|t| address(t)).collect();
    plan.access.front_ends = vec![address("127.0.0.1:1")];
    load(&Loader::start(plan).unwrap(), 0, 3);
    assert_eq!(doris.loaded_by(), [2, 2, 2]);
}

fn address(text: &str) -> canal_native::doris::http::Authority {
    canal_native::doris::http::Authority::parse(text).unwrap()
}

#[test]
fn a_dead_front_end_does_not_hide_the_back_ends() {
    for dead in [1, 2] {
        let doris = Doris::start();
        doris.fault(Fault::new(FaultName::DeadFe).on(dead));
        load(&Loader::start(unredirected(&doris, true)).unwrap(), 0, 2);
        assert_eq!(doris.labels("PRECOMMITTED").len(), 2);
    }
}

#[test]
fn a_dead_back_end_is_not_listed_and_a_vanished_one_is_passed_over() {
    for name in [FaultName::DeadBe, FaultName::VanishingBe] {
        for two_phase in [true, false] {
            let doris = Doris::start();
            doris.fault(Fault::new(name).on(1));
            load(&Loader::start(unredirected(&doris, two_phase)).unwrap(), 0, 4);
            assert_eq!(doris.loaded_by(), [2, 2, 2, 2], "{name:?}");
        }
    }
}

/// All back ends that were known are gone: the front end is asked again, and knows a new one.
#[test]
fn back_ends_that_were_replaced_are_found() {
    let doris = Doris::start();
    let loader = Loader::start(unredirected(&doris, true)).unwrap();
    load(&loader, 0, 2);
    down(&doris, FaultName::DeadBe, 1);
    down(&doris, FaultName::DeadBe, 2);
    doris.serve(Role::Backend, "127.0.0.1");
    load(&loader, 2, 2);
    assert_eq!(doris.loaded_by()[2..], [3, 3]);
    assert_eq!(doris.labels("PRECOMMITTED").len(), 4);
}

/// Of many loads only the first ask a front end, which names the back ends in turn; the others follow them, until one fails.
#[test]
fn many_loads_go_where_the_first_were_sent() {
    let redirects = |doris: &Doris| doris.cluster.records.counter("redirects");
    let doris = Doris::start();
    let loader = Loader::start(LoaderPlan { in_flight: 1, ..doris.plan("log", false) }).unwrap();
    load(&loader, 0, 24);
    let by = doris.loaded_by();
    assert_eq!((redirects(&doris), by.iter().filter(|back_end| **back_end == 1).count()), (8, 12));
    down(&doris, FaultName::DeadBe, 1);
    load(&loader, 24, 8);
    is_exact(&doris, 32 * 5);
    assert_eq!(doris.loaded_by()[24..], [2; 8]);
    assert!(redirects(&doris) > 8, "asked anew");
}

/// With group commit the rows of a table are to meet at one back end, and only a front end knows which.
#[test]
fn loads_that_are_routed_by_their_headers_ask_each_time() {
    for (name, value) in [("group_commit", "async_mode"), ("compute_group", "loading")] {
        let doris = Doris::start();
        let mut plan = doris.plan("log", false);
        plan.target.group_commit = name == "group_commit";
        plan.target.headers.insert(name, value.parse().unwrap());
        load(&Loader::start(plan).unwrap(), 0, 12);
        assert_eq!(doris.cluster.records.counter("redirects"), 12, "{name}");
    }
}

/// The back ends that are known serve while no front end answers, to find out which there are now.
#[test]
fn known_back_ends_do_without_front_ends() {
    let doris = Doris::start();
    let loader = Loader::start(unredirected(&doris, false)).unwrap();
    load(&loader, 0, 1);
    let used = doris.loaded_by()[0];
    doris.fault(Fault::new(FaultName::DeadFe));
    down(&doris, FaultName::VanishingBe, 3 - used);
    load(&loader, 1, 3);
    assert_eq!(doris.loaded_by(), [used; 4]);
    is_exact(&doris, 20);
}

/// The first load has no answer in time; its label tells that it succeeded. Further loads go elsewhere.
#[test]
fn a_back_end_that_does_not_answer_is_left_out() {
    for redirects in [false, true] {
        let doris = Doris::start();
        doris.fault(Fault::new(FaultName::SlowBe).on(1).of(600_000));
        let mut plan = unredirected(&doris, false);
        plan.access.auto_redirect = redirects;
        plan.target.limit = Duration::from_millis(300);
        let loader = Loader::start(plan).unwrap();
        load(&loader, 0, 4);
        is_exact(&doris, 20);
        let slow = doris.loaded_by().iter().filter(|back_end| **back_end == 1).count();
        assert_eq!(slow, 1, "with redirects: {redirects}");
    }
}

#[test]
fn inner_addresses_of_listed_back_ends_are_rewritten() {
    for redirects in [false, true] {
        let doris = Doris::prepared(|_| {}, "doris-be.inner");
        let mut plan = unredirected(&doris, false);
        plan.access.auto_redirect = redirects;
        plan.access.rewrite.pairs.insert("doris-be.inner".into(), "127.0.0.1".into());
        load(&Loader::start(plan).unwrap(), 0, 2);
        is_exact(&doris, 10);
    }
}

#[test]
fn a_cluster_without_back_ends_is_named() {
    let doris = Doris::start();
    doris.fault(Fault::new(FaultName::DeadBe));
    let mut plan = unredirected(&doris, false);
    plan.target.patience = Duration::ZERO;
    let text = failure(plan);
    assert!(text.contains("knows of no back end that is alive"), "{text}");
}

#[test]
fn a_wrong_password_is_said_without_redirects_too() {
    let doris = Doris::start();
    let mut plan = unredirected(&doris, false);
    plan.access.password = "open sesame".into();
    let text = failure(plan);
    assert!(text.contains("'loader'") && !text.contains("sesame"), "{text}");
}

/// A folder of this test's own, gone when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("doris-servers-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let file = self.0.join(name);
        std::fs::write(&file, text).unwrap();
        file
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A Doris whose servers show this certificate.
fn encrypted(identity: &Identity, roles: &[Role]) -> Doris {
    let encrypt = |cluster: &doris_standin::Cluster| {
        for role in roles {
            cluster.encrypt(*role, identity).unwrap();
        }
    };
    Doris::prepared(encrypt, "127.0.0.1")
}

fn trusting(plan: LoaderPlan, ca: &Path, any_name: bool) -> LoaderPlan {
    let mut plan = plan;
    plan.access.tls = Some(Tls::new(Some(ca), any_name).unwrap());
    plan
}

const BOTH: [Role; 2] = [Role::Frontend, Role::Backend];

#[test]
fn loads_and_commits_over_tls() {
    let folder = Folder::new("tls");
    let (identity, authority) = Identity::generated(&["localhost", "127.0.0.1"]).unwrap();
    let ca = folder.file("ca.pem", &authority);
    for (two_phase, redirects) in [(true, true), (false, true), (true, false), (false, false)] {
        let doris = encrypted(&identity, &BOTH);
        doris.fault(Fault::new(FaultName::CutInBody).times(1).of(50));
        doris.fault(Fault::new(FaultName::CutBeforeAnswer).times(1));
        let mut plan = trusting(unredirected(&doris, two_phase), &ca, false);
        plan.access.auto_redirect = redirects;
        let access = plan.access.clone();
        let loader = Loader::start(plan).unwrap();
        load(&loader, 0, 4);
        for committable in loader.take_settled() {
            assert_eq!(Committer::new(access.clone()).unwrap().commit(&committable, LONG), Commit::Done);
        }
        is_exact(&doris, 20);
    }
}

#[test]
fn error_logs_are_read_over_tls() {
    let folder = Folder::new("log");
    let (identity, authority) = Identity::generated(&["127.0.0.1"]).unwrap();
    let doris = encrypted(&identity, &BOTH);
    let plan = trusting(doris.plan("log", false), &folder.file("ca.pem", &authority), false);
    let loader = Loader::start(plan).unwrap();
    loader.load(lines(&["{\"id\":\"x\",\"v\":\"b\"}\n".into()]));
    let text = loader.wait(LONG, |account| account.open == 0).unwrap_err();
    assert!(text.contains("src value is x"), "{text}");
}

#[test]
fn an_unknown_authority_is_named_with_the_remedy() {
    let folder = Folder::new("authority");
    let (identity, _) = Identity::generated(&["127.0.0.1"]).unwrap();
    let (_, other) = Identity::generated(&["127.0.0.1"]).unwrap();
    let ca = folder.file("other.pem", &other);
    let doris = encrypted(&identity, &BOTH);
    for (two_phase, any_name) in [(true, false), (false, false), (false, true)] {
        let text = failure(trusting(doris.plan("log", two_phase), &ca, any_name));
        let authority = format!("the certificate of 127.0.0.1 is not signed by an authority in {}", ca.display());
        assert!(text.contains(&authority) && text.contains("'doris.tls.ca-certificate-path'"), "{text}");
    }
    assert!(doris.loaded_by().is_empty());
}

#[test]
fn a_certificate_for_another_name_is_refused_unless_any_will_do() {
    let folder = Folder::new("name");
    let (identity, authority) = Identity::generated(&["doris.example"]).unwrap();
    let ca = folder.file("ca.pem", &authority);
    let doris = encrypted(&identity, &BOTH);
    let text = failure(trusting(doris.plan("log", false), &ca, false));
    for part in [
        "the certificate of 127.0.0.1 is for another name",
        "doris.example",
        "'sink.host-rewrite'",
        "'doris.tls.skip-hostname-verification'",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    load(&Loader::start(trusting(doris.plan("log", false), &ca, true)).unwrap(), 0, 2);
    is_exact(&doris, 10);
}

#[test]
fn a_password_goes_nowhere_in_the_clear() {
    let folder = Folder::new("clear");
    let (identity, authority) = Identity::generated(&["127.0.0.1"]).unwrap();
    let ca = folder.file("ca.pem", &authority);
    let half = encrypted(&identity, &[Role::Frontend]);
    let text = failure(trusting(half.plan("log", false), &ca, false));
    assert!(text.contains("which is not encrypted, and the password is not sent there"), "{text}");
    assert!(!text.contains("se%2Fcr") && !text.contains("se/cr"), "{text}");
    assert!(half.loaded_by().is_empty());
    let plain = Doris::start();
    let text = failure(trusting(plain.plan("log", false), &ca, false));
    assert!(text.contains("127.0.0.1 does not speak TLS at this port"), "{text}");
    let other_half = encrypted(&identity, &[Role::Backend]);
    let text = failure(other_half.plan("log", false));
    assert!(text.contains("set 'doris.enable.tls' = 'true'"), "{text}");
}

#[test]
fn a_file_without_certificates_is_named() {
    let folder = Folder::new("file");
    let refused = |file: &Path| -> Error { Tls::new(Some(file), false).expect_err("no certificates") };
    let empty = folder.file("empty.pem", "no certificate\n");
    let missing = folder.0.join("missing.pem");
    for file in [&empty, &missing] {
        let text = refused(file).to_string();
        assert!(
            text.contains(&file.display().to_string()) && text.contains("'doris.tls.ca-certificate-path'"),
            "{text}"
        );
    }
}
