//! The HTTP side over loopback: each behaviour of front ends, back ends, transactions and faults.

#[path = "../client/http.rs"]
mod client;

mod arrow_bodies;
mod cells;
mod faults;
mod front_end;
mod loads;
mod outages;
mod program;
mod server;
mod transactions;
