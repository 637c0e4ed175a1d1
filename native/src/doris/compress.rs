//! Bodies made smaller for the way. Doris unpacks CSV so in every release, JSON from 3.0 on, and Arrow in none.

use super::http::Chunks;
use super::spec::Compression;
use lz4_flex::frame::{BlockSize, FrameEncoder, FrameInfo};
use std::io::Write;

/// The body as it is sent; None if it goes as it is. The quickest level of each: Doris unpacks on its own time.
pub fn compressed(body: &Chunks, compression: Compression) -> Option<Chunks> {
    let room = Vec::with_capacity(body.len() as usize / 4);
    let packed = match compression {
        Compression::None => return None,
        Compression::Gz => {
            let mut gz = flate2::write::GzEncoder::new(room, flate2::Compression::fast());
            write(&mut gz, body);
            gz.finish().unwrap_or_default()
        }
        Compression::Lz4 => {
            let mut lz4 = FrameEncoder::with_frame_info(FrameInfo::new().block_size(BlockSize::Max1MB), room);
            write(&mut lz4, body);
            lz4.finish().unwrap_or_default()
        }
    };
    Some(packed.into())
}

fn write(to: &mut impl Write, body: &Chunks) {
    for chunk in body.iter() {
        // Writing to memory does not fail.
        let _ = to.write_all(chunk);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use std::io::Read;

    #[test]
    fn what_is_unpacked_is_what_was_packed() {
        let mut body = Chunks::default();
        for i in 0..3000 {
            body.push(Bytes::from(format!("{{\"id\":{i},\"v\":\"{}\"}}\n", "x".repeat(i % 900))));
        }
        let plain: Vec<u8> = body.iter().flat_map(|chunk| chunk.to_vec()).collect();
        assert!(compressed(&body, Compression::None).is_none());
        for compression in [Compression::Gz, Compression::Lz4] {
            let packed = compressed(&body, compression).unwrap();
            let bytes: Vec<u8> = packed.iter().flat_map(|chunk| chunk.to_vec()).collect();
            assert!(bytes.len() < plain.len() / 2, "{compression:?}: {} of {} bytes", bytes.len(), plain.len());
            let mut unpacked = Vec::new();
            match compression {
                Compression::Gz => flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut unpacked),
                _ => lz4_flex::frame::FrameDecoder::new(&bytes[..]).read_to_end(&mut unpacked),
            }
            .unwrap();
            assert!(unpacked == plain, "{compression:?}");
        }
    }
}
