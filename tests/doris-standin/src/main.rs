//! `doris-standin`: starts a cluster and prints its ports as one line of JSON.

use doris_standin::Version;
use doris_standin::cluster::Settings;
use doris_standin::fault::{Fault, FaultName};
use doris_standin::http::tls::Identity;
use doris_standin::serve::{self, Layout};
use std::io::{Read, Write};
use std::process::ExitCode;
use std::sync::atomic::Ordering;

const HELP: &str = "\
doris-standin: a stand-in for Apache Doris, in memory, on loopback

Prints its ports as one line of JSON and runs until standard input is closed or it gets a signal.

  --version 2.1|3.1|4.0      release imitated (3.1)
  --frontends N              front ends (1)
  --backends N               back ends (1)
  --backend-host HOST        host that back ends are registered with (127.0.0.1)
  --http-port PORT           HTTP port of the first front end (any free one)
  --query-port PORT          MySQL port of the first front end (any free one)
  --admin-port PORT          port of the admin calls (any free one)
  --tls FOLDER               HTTP ports of front ends and back ends speak TLS with FOLDER's cert.pem and key.pem, or with a
                             new certificate for localhost, whose authority is written to FOLDER's ca.pem
  --user NAME                administrator (root)
  --password TEXT            its password (empty)
  --set NAME=VALUE           a setting by its name in fe.conf or be.conf; may be repeated
  --fault NAME[:COUNT]       a fault from the start on; may be repeated
  --discard                  count loads instead of storing them
  --detached                 do not look at standard input
  --help                     this text, with the settings and faults
";

struct Flags {
    settings: Settings,
    layout: Layout,
    faults: Vec<Fault>,
    discard: bool,
    detached: bool,
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Flags>, String> {
    let mut flags = Flags {
        settings: Settings::default(),
        layout: Layout::default(),
        faults: Vec::new(),
        discard: false,
        detached: false,
    };
    while let Some(flag) = arguments.next() {
        match flag.as_str() {
            "--help" | "-h" => return Ok(None),
            "--discard" => flags.discard = true,
            "--detached" => flags.detached = true,
            _ => {
                let value =
                    arguments.next().ok_or_else(|| format!("{flag} is unknown or lacks its value; see --help"))?;
                flags.set(&flag, value)?;
            }
        }
    }
    Ok(Some(flags))
}

impl Flags {
    fn set(&mut self, flag: &str, value: String) -> Result<(), String> {
        let number = || value.parse::<usize>().map_err(|_| format!("{flag} {value}: not a number"));
        let port = || value.parse::<u16>().map_err(|_| format!("{flag} {value}: not a port"));
        match flag {
            "--version" => {
                let version = Version::parse(&value);
                self.settings.version = version.ok_or_else(|| format!("--version {value}: not 2.1, 3.1 or 4.0"))?;
            }
            "--frontends" => self.layout.frontends = number()?,
            "--backends" => self.layout.backends = number()?,
            "--backend-host" => self.layout.backend_host = value,
            "--http-port" => self.layout.http_port = port()?,
            "--query-port" => self.layout.query_port = port()?,
            "--admin-port" => self.layout.admin_port = port()?,
            "--tls" => {
                let identity = Identity::of_folder(value.as_ref());
                self.layout.tls = Some(identity.map_err(|error| format!("--tls {value}: {error}"))?);
            }
            "--user" => self.settings.user = value,
            "--password" => self.settings.password = value,
            "--fault" => self.faults.push(Fault::from_flag(&value)?),
            "--set" => {
                let (name, value) = value.split_once('=').ok_or_else(|| format!("--set {value}: no '='"))?;
                self.settings.set(name, value)?;
            }
            _ => return Err(format!("{flag} is unknown; see --help")),
        }
        Ok(())
    }
}

fn help() {
    println!("{HELP}\nSettings:");
    for name in Settings::NAMES {
        println!("  {name}");
    }
    println!("\nFaults:");
    for fault in FaultName::ALL {
        println!("  {:<22}{}", fault.text(), fault.meaning().trim());
    }
}

fn main() -> ExitCode {
    let flags = match parse(std::env::args().skip(1)) {
        Ok(Some(flags)) => flags,
        Ok(None) => {
            help();
            return ExitCode::SUCCESS;
        }
        Err(text) => {
            eprintln!("doris-standin: {text}");
            return ExitCode::from(2);
        }
    };
    match run(flags) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("doris-standin: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(flags: Flags) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let guard = runtime.enter();
    let serving = serve::start(flags.settings, &flags.layout)?;
    serving.cluster.discarding.store(flags.discard, Ordering::SeqCst);
    for fault in flags.faults {
        serving.cluster.faults.set(fault);
    }
    println!("{}", serving.ports());
    std::io::stdout().flush()?;
    drop(guard);
    if flags.detached {
        runtime.block_on(std::future::pending::<()>());
    }
    let mut ignored = [0; 1024];
    while std::io::stdin().read(&mut ignored)? > 0 {}
    runtime.shutdown_background();
    Ok(())
}
