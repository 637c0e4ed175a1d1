//! The HTTP side: front ends that redirect and answer questions, back ends that take loads, and the admin calls.

pub mod admin;
pub mod be;
pub mod fe;
pub mod node;
pub mod query;
pub mod tls;
pub mod two_phase;
pub mod wire;
