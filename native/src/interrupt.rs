//! Whether the thread that waits for Doris, or for a source, is wanted elsewhere. Nothing interrupts a native call, so whoever waits in one asks here from time
//! to time.

use std::sync::OnceLock;
use std::time::Duration;

/// Between two questions.
pub const STEP: Duration = Duration::from_millis(200);

/// What an interrupted wait says.
pub const CANCELLED: &str = "cancelled while waiting for a server";

static ASK: OnceLock<fn() -> bool> = OnceLock::new();

/// Says how a thread finds out. Once in a process; without it nothing is ever interrupted.
pub fn ask_by(ask: fn() -> bool) {
    // Whoever came first has said the same.
    let _ = ASK.set(ask);
}

/// Whether this thread is interrupted.
pub fn interrupted() -> bool {
    ASK.get().is_some_and(|ask| ask())
}

/// Ends when this thread is interrupted.
pub async fn until_interrupted() {
    while !interrupted() {
        tokio::time::sleep(STEP).await;
    }
}
