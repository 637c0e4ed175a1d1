//! Bad rows of a load and why they are bad, as the text behind ErrorURL shows them.

/// At most this many lines, then one that says there are more.
pub const MOST_LINES: usize = 50;

/// The bad rows of one load.
#[derive(Clone, Debug, Default)]
pub struct ErrorLog {
    /// `Reason: … src line […]; ` lines.
    pub text: String,
    /// The first reason (`FirstErrorMsg` of 4.x).
    pub first: Option<String>,
    lines: usize,
}

impl ErrorLog {
    /// A bad row: the reason and the row as text (empty for rows that fail on their way into the tablet).
    pub fn add(&mut self, reason: &str, row: &str) {
        if self.lines > MOST_LINES {
            return;
        }
        self.lines += 1;
        if self.lines > MOST_LINES {
            self.text.push_str("Reason: TOO MUCH ERROR! already reach 50. no more show next error. src line []; \n");
            return;
        }
        let line = format!("Reason: {reason}. src line [{row}]; \n");
        self.first.get_or_insert_with(|| format!("{reason}. src line [{row}]; "));
        self.text.push_str(&line);
    }

    /// No bad row?
    pub fn is_empty(&self) -> bool {
        self.lines == 0
    }
}
