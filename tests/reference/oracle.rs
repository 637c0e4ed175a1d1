//! Two parsers of other hands beside the reference's own: serde_json and simd-json.

use super::json::{self, Node};
use serde_json::Value as Tree;

/// Compares the three on `text`. The libraries refuse some texts that Jackson reads; where they read one, they must read
/// the same.
pub fn check(text: &str) -> Result<(), String> {
    let own = json::parse(text);
    let mut deserializer = serde_json::Deserializer::from_str(text).into_iter::<Tree>();
    let serde = deserializer.next();
    match (&own, serde) {
        (Ok(document), Some(Ok(tree))) => match &document.root {
            // Without `float_roundtrip` serde_json may be off by the last bit.
            Some(root) if same(root, &tree, |one, other| one.to_bits().abs_diff(other.to_bits()) <= 1) => {}
            other => return Err(format!("{other:?} is not what serde_json reads: {tree}")),
        },
        (Ok(document), Some(Err(e))) if must_agree(document) => {
            return Err(format!("serde_json refuses: {e}"));
        }
        // Its stream reader ends a number at the root wherever it likes.
        (Err(e), Some(Ok(tree))) if !tree.is_number() => return Err(format!("{e}, but serde_json reads {tree}")),
        _ => {}
    }
    let mut bytes = text.as_bytes().to_vec();
    let simd: Result<Tree, _> = simd_json::serde::from_slice(&mut bytes);
    match (&own, simd) {
        // simd-json 0.15 reads half a surrogate pair as U+0000, and 9223372036854775807.5 as 1.8e18: no oracle for those.
        (Ok(document), _) if document.oddities.lone_surrogate => Ok(()),
        (Ok(document), Ok(tree)) if !document.root.as_ref().is_some_and(|root| same(root, &tree, |_, _| true)) => {
            Err(format!("{:?} is not what simd-json reads: {tree}", document.root))
        }
        // It also passes over stray control characters, so what it accepts may still not be JSON.
        _ => Ok(()),
    }
}

/// Nothing in the document is beyond what serde_json reads.
fn must_agree(document: &json::Document) -> bool {
    let odd = document.oddities;
    document.root.is_some() && !odd.lone_surrogate && !odd.raw_control && !odd.huge_number && odd.depth < 100
}

fn is_close(digits: &str, number: &serde_json::Number, close: fn(f64, f64) -> bool) -> bool {
    let (one, other): (f64, f64) = (digits.parse().expect("a number"), number.as_f64().expect("finite"));
    one == other || close(one, other)
}

fn same(node: &Node, tree: &Tree, close: fn(f64, f64) -> bool) -> bool {
    match (node, tree) {
        (Node::Null, Tree::Null) => true,
        (Node::Boolean(one), Tree::Bool(other)) => one == other,
        (Node::Integer(digits), Tree::Number(number)) => {
            number.to_string() == *digits || is_close(digits, number, close)
        }
        (Node::Fraction(digits), Tree::Number(number)) => is_close(digits, number, close),
        (Node::Text(one), Tree::String(other)) => one == other,
        (Node::Array(items), Tree::Array(trees)) => {
            items.len() == trees.len() && items.iter().zip(trees).all(|(node, tree)| same(node, tree, close))
        }
        (Node::Object(members), Tree::Object(trees)) => {
            members.len() == trees.len()
                && members.iter().all(|(name, node)| trees.get(name).is_some_and(|tree| same(node, tree, close)))
        }
        _ => false,
    }
}
