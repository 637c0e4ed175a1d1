//! The name that was meant.

/// The name among `known` that is like `name`: but for case, `-` and `_` the same, or few letters away.
pub fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let plain =
        |name: &str| name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<Vec<char>>();
    let name = plain(name);
    let (distance, near) = known.iter().map(|known| (distance(&name, &plain(known)), *known)).min()?;
    (distance <= (name.len().min(32) / 3).max(1)).then_some(near)
}

/// Letters to insert, remove, replace, or exchange with their neighbour.
fn distance(one: &[char], other: &[char]) -> usize {
    // Nothing that long is like a key.
    if one.len() > 64 || other.len() > 64 {
        return usize::MAX;
    }
    let mut rows = [vec![0; other.len() + 1], (0..=other.len()).collect(), vec![0; other.len() + 1]];
    for i in 1..=one.len() {
        rows[2][0] = i;
        for j in 1..=other.len() {
            let change = rows[1][j - 1] + usize::from(one[i - 1] != other[j - 1]);
            let mut least = change.min(rows[1][j] + 1).min(rows[2][j - 1] + 1);
            if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                least = least.min(rows[0][j - 2] + 1);
            }
            rows[2][j] = least;
        }
        rows.rotate_left(1);
    }
    rows[1][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_meant() {
        let known = ["topics", "topic-pattern", "bootstrap-servers", "group", "start"];
        for (name, meant) in [
            ("topic", Some("topics")),
            ("bootstrapServers", Some("bootstrap-servers")),
            ("bootstrap_servers", Some("bootstrap-servers")),
            ("gruop", Some("group")),
            ("TOPICS", Some("topics")),
            ("fenodes", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, &known), meant, "{name}");
        }
        assert_eq!(nearest("", &[]), None);
        assert_eq!(nearest(&"x".repeat(1000), &known), None);
        assert_eq!((distance(&['a', 'b'], &['b', 'a']), distance(&[], &['x']), distance(&['x'], &[])), (1, 1, 1));
    }
}
