//! Which server a request goes to: front ends in turn, the back end that one of them names, or those that Doris says it has.

use super::health::Health;
use super::http::Authority;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// For how long Doris' answer, which back ends it has, is believed.
const BELIEVED: Duration = Duration::from_secs(60);
/// So many answers of front ends, which back end is to take a load, serve further loads.
const SERVING: usize = 8;
/// For how long they do.
const SERVING_FOR: Duration = Duration::from_secs(10);

/// What is remembered of the cluster's servers from one request to the next.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) health: Health,
    next: AtomicUsize,
    found: Mutex<Found>,
    named: Mutex<Named>,
}

/// The back ends that front ends redirected to lately.
#[derive(Debug, Default)]
struct Named {
    /// One more often than another, as a front end wants it.
    back_ends: Vec<Authority>,
    until: Option<Instant>,
    next: usize,
}

/// The back ends that Doris named.
#[derive(Debug, Default)]
struct Found {
    back_ends: Vec<Authority>,
    until: Option<Instant>,
}

impl Route {
    /// The first request goes to the server with the number `first`.
    pub(super) fn new(first: usize) -> Route {
        Route {
            health: Health::default(),
            next: AtomicUsize::new(first),
            found: Mutex::default(),
            named: Mutex::default(),
        }
    }

    /// The servers in the order in which they are to be tried; another one is first each time.
    pub(super) fn in_turn(&self, servers: &[Authority]) -> Vec<Authority> {
        self.health.in_turn(servers, self.next.fetch_add(1, Ordering::Relaxed), Instant::now())
    }

    /// A back end failed: those that there are must be asked for again.
    pub(super) fn back_end_failed(&self, back_end: &Authority) {
        self.health.failed(back_end, Instant::now());
        self.found.lock().unwrap_or_else(PoisonError::into_inner).until = None;
        self.named.lock().unwrap_or_else(PoisonError::into_inner).until = None;
    }

    /// A front end redirected a load to this back end.
    pub(super) fn redirected(&self, back_end: &Authority, now: Instant) {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        if named.until.is_none_or(|until| until <= now) {
            *named = Named { until: Some(now + SERVING_FOR), ..Named::default() };
        }
        if named.back_ends.len() < SERVING {
            named.back_ends.push(back_end.clone());
        }
    }

    /// Where many loads go out: the back end for the next, without a front end being asked again.
    pub(super) fn redirected_lately(&self, now: Instant) -> Option<Authority> {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        if named.back_ends.len() < SERVING || named.until.is_none_or(|until| until <= now) {
            return None;
        }
        named.next += 1;
        Some(named.back_ends[named.next % SERVING].clone())
    }

    /// The back ends that Doris named, and whether that may still be believed.
    pub(super) fn found(&self) -> (Vec<Authority>, bool) {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        (found.back_ends.clone(), found.until.is_some_and(|until| Instant::now() < until))
    }

    /// Keeps what Doris said.
    pub(super) fn find(&self, back_ends: Vec<Authority>) {
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) =
            Found { back_ends, until: Some(Instant::now() + BELIEVED) };
    }
}

/// How addresses that Doris names are reached from here.
#[derive(Debug, Clone, Default)]
pub struct HostRewrite {
    /// Inner address → the one to use instead of it; each a host, or host and port.
    pub pairs: HashMap<String, String>,
}

impl HostRewrite {
    /// The address to use for `host:port`, which `asked` named; None if it is no address.
    pub(super) fn reachable(&self, named: &str, asked: Option<&Authority>) -> Option<Authority> {
        let mut to = Authority::parse(named)?;
        if let Some(instead) = self.pairs.get(named).or_else(|| self.pairs.get(&to.host)) {
            return Authority::parse(instead).or_else(|| Some(Authority { host: instead.clone(), port: to.port }));
        }
        // An all-in-one container registers its back end as 127.0.0.1, which is another machine for us.
        if let Some(asked) = asked.filter(|asked| is_loopback(&to.host) && !is_loopback(&asked.host)) {
            to.host.clone_from(&asked.host);
        }
        Some(to)
    }

    /// The back ends in the answer of `GET /api/backends` that `asked` gave: `{"data":{"backends":[{"ip", "http_port", "is_alive"}]}}`.
    pub(super) fn back_ends(&self, answer: &Value, asked: &Authority) -> Vec<Authority> {
        let listed = answer["data"]["backends"].as_array().map_or(&[][..], Vec::as_slice);
        let address = |back_end: &Value| {
            let (host, port) = (back_end["ip"].as_str()?, back_end["http_port"].as_u64()?);
            let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.into() };
            self.reachable(&format!("{host}:{port}"), Some(asked))
        };
        listed.iter().filter(|back_end| back_end["is_alive"] != Value::Bool(false)).filter_map(address).collect()
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host == "[::1]" || host.starts_with("127.")
}

/// A `Location` in its parts. The user info before `@` is ours: it is sent as a header again, and shown nowhere.
pub(super) struct Location<'a> {
    /// `http` or `https`.
    pub(super) scheme: &'a str,
    /// `host:port`.
    pub(super) host: &'a str,
    /// With its query; `/` if it has none.
    pub(super) path: &'a str,
}

impl<'a> Location<'a> {
    /// None without `http://` or `https://`.
    pub(super) fn parse(text: &'a str) -> Option<Location<'a>> {
        let (scheme, rest) = text.split_once("://").filter(|(scheme, _)| ["http", "https"].contains(scheme))?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        Some(Location { scheme, host, path: if path.is_empty() { "/" } else { path } })
    }

    /// What of an address may be shown.
    pub(super) fn shown(text: &str) -> &str {
        text.rsplit_once('@').map_or(text, |(_, after)| after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authority(text: &str) -> Authority {
        Authority::parse(text).unwrap()
    }

    #[test]
    fn a_location_is_read_without_its_credentials() {
        let parts = |text| Location::parse(text).map(|at| (at.scheme, at.host, at.path));
        let location = "http://u:p%40ss@10.0.0.7:8040/api/d/t/_stream_load?";
        assert_eq!(parts(location), Some(("http", "10.0.0.7:8040", "/api/d/t/_stream_load?")));
        assert_eq!(parts("https://be:8040"), Some(("https", "be:8040", "/")));
        assert_eq!((parts("ftp://be:21/"), parts("/relative"), parts("")), (None, None, None));
        assert_eq!(Location::shown(location), "10.0.0.7:8040/api/d/t/_stream_load?");
    }

    #[test]
    fn many_loads_go_where_the_first_were_sent() {
        let (route, begun) = (Route::new(0), Instant::now());
        let after = |seconds: u64| begun + Duration::from_secs(seconds);
        for port in [1, 1, 2, 3, 1, 1, 2, 3] {
            assert_eq!(route.redirected_lately(begun), None, "too few were asked for");
            route.redirected(&authority(&format!("be:{port}")), begun);
        }
        let mut ports: Vec<u16> = (0..16).map(|_| route.redirected_lately(after(9)).unwrap().port).collect();
        ports.sort_unstable();
        assert_eq!(ports, [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3], "as often as a front end named them");
        assert_eq!(route.redirected_lately(after(10)), None, "that was ten seconds ago");
        for _ in 0..SERVING {
            route.redirected(&authority("be:4"), after(10));
        }
        assert_eq!(route.redirected_lately(after(19)), Some(authority("be:4")));
        route.back_end_failed(&authority("be:4"));
        assert_eq!(route.redirected_lately(after(19)), None);
    }

    #[test]
    fn inner_addresses_are_rewritten() {
        let pairs = [("10.0.0.7", "doris-1"), ("10.0.0.8:8040", "doris-2:18040"), ("10.0.0.9:8040", "doris-3")];
        let rewrite = HostRewrite { pairs: pairs.map(|(inner, outer)| (inner.into(), outer.into())).into() };
        let reached = |named: &str| rewrite.reachable(named, Some(&authority("fe:8030"))).map(|to| to.to_string());
        for (named, reachable) in [
            ("10.0.0.7:8040", Some("doris-1:8040")),
            ("10.0.0.8:8040", Some("doris-2:18040")),
            ("10.0.0.8:8041", Some("10.0.0.8:8041")),
            ("10.0.0.9:8040", Some("doris-3:8040")),
            ("127.0.0.1:8040", Some("fe:8040")),
            ("be", None),
        ] {
            assert_eq!(reached(named).as_deref(), reachable, "{named}");
        }
        let local = rewrite.reachable("127.0.0.1:8040", Some(&authority("localhost:8030")));
        assert_eq!(local, Some(authority("127.0.0.1:8040")));
    }

    #[test]
    fn back_ends_are_read_from_the_front_ends_answer() {
        let answer = serde_json::json!({"msg": "success", "code": 0, "data": {"backends": [
            {"ip": "10.0.0.7", "http_port": 8040, "is_alive": true},
            {"ip": "10.0.0.8", "http_port": 8040, "is_alive": false},
            {"ip": "fd00::9", "http_port": 8040, "is_alive": true},
            {"ip": "127.0.0.1", "http_port": 8041},
        ]}});
        let rewrite = HostRewrite { pairs: [("10.0.0.7".to_string(), "doris-1".to_string())].into() };
        let found = rewrite.back_ends(&answer, &authority("fe:8030"));
        let texts: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["doris-1:8040", "[fd00::9]:8040", "fe:8041"]);
        assert_eq!(rewrite.back_ends(&Value::Null, &authority("fe:8030")), []);
    }
}
