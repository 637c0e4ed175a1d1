//! What a server's settings lack for its log to be read.

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The setting, or the right.
    pub subject: &'static str,
    /// What it is, what follows, and the remedy.
    pub text: String,
}

#[cfg(test)]
pub(crate) fn subjects(problems: &[Problem]) -> Vec<&str> {
    problems.iter().map(|problem| problem.subject).collect()
}
