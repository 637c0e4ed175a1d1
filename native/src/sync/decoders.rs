//! Decoders, one for all tables whose messages are read alike: of a thousand tables made by one statement there is one, and no cache has room for a thousand.

use crate::canal::decode::Decoder;
use crate::error::Error;
use crate::schema::DecoderSpec;
use std::sync::Arc;

/// A table's claim to a decoder, which is there as long as any table has one.
#[derive(Debug, Clone)]
pub struct Claim(Arc<usize>);

#[derive(Debug)]
struct Shared {
    spec: DecoderSpec,
    keys: usize,
    claim: Claim,
    decoder: Decoder,
}

/// The decoders of one writer. Between decoding a message and writing its rows no other one is decoded.
#[derive(Debug, Default)]
pub struct Decoders {
    /// None where nobody has a claim any more.
    all: Vec<Option<Shared>>,
}

impl Decoders {
    /// A claim to the decoder of tables that are read so, and whose key are their first `keys` columns.
    ///
    /// # Errors
    /// Columns of types that no message has.
    pub fn claim(&mut self, spec: &DecoderSpec, keys: usize) -> Result<Claim, Error> {
        for shared in &mut self.all {
            // The one claim is its own.
            if shared.as_ref().is_some_and(|shared| Arc::strong_count(&shared.claim.0) == 1) {
                *shared = None;
            }
        }
        if let Some(shared) = self.all.iter_mut().flatten().find(|shared| shared.keys == keys && shared.spec == *spec) {
            shared.decoder.share();
            return Ok(shared.claim.clone());
        }
        let at = self.all.iter().position(Option::is_none).unwrap_or(self.all.len());
        let claim = Claim(Arc::new(at));
        let decoder = Decoder::new(spec.clone())?.with_key(keys);
        let shared = Some(Shared { spec: spec.clone(), keys, claim: claim.clone(), decoder });
        if at == self.all.len() {
            self.all.push(shared);
        } else {
            self.all[at] = shared;
        }
        Ok(claim)
    }

    /// The decoder.
    #[inline]
    pub fn of(&mut self, claim: &Claim) -> Option<&mut Decoder> {
        self.all.get_mut(*claim.0)?.as_mut().map(|shared| &mut shared.decoder)
    }

    /// What it decodes.
    pub fn spec(&self, claim: &Claim) -> Option<&DecoderSpec> {
        self.all.get(*claim.0)?.as_ref().map(|shared| &shared.spec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(column: &str) -> DecoderSpec {
        let text = format!(
            r#"{{"fields":[{{"name":"{column}","type":{{"root":"INTEGER"}}}}],"metadata":[],"semantics":"canal","timestamp":"SQL"}}"#
        );
        DecoderSpec::from_json(text.as_bytes()).unwrap()
    }

    #[test]
    fn tables_that_are_read_alike_have_one() {
        let mut decoders = Decoders::default();
        let a = decoders.claim(&spec("a"), 1).unwrap();
        let again = decoders.claim(&spec("a"), 1).unwrap();
        let [b, keyless] = [decoders.claim(&spec("b"), 1).unwrap(), decoders.claim(&spec("a"), 0).unwrap()];
        assert_eq!([&a, &again, &b, &keyless].map(|claim| *claim.0), [0, 0, 1, 2]);
        assert_eq!(decoders.spec(&b), Some(&spec("b")));
        assert!(decoders.of(&keyless).is_some());
    }

    #[test]
    fn one_that_nobody_has_makes_room() {
        let mut decoders = Decoders::default();
        let (a, b) = (decoders.claim(&spec("a"), 1).unwrap(), decoders.claim(&spec("b"), 1).unwrap());
        let other = a.clone();
        drop(a);
        assert_eq!(*decoders.claim(&spec("c"), 1).unwrap().0, 2);
        drop(other);
        assert_eq!(*decoders.claim(&spec("d"), 1).unwrap().0, 0);
        assert_eq!(*b.0, 1);
    }
}
