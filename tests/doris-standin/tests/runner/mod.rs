//! Runs cases: folders or files of steps, replayed over HTTP and MySQL, stopped at the first difference.

mod compare;
mod expectation;
mod steps;

pub use steps::{Case, Server, run};
