//! Compressed bodies.

use super::headers::Compression;
use std::io::Read;

/// The body as it was before compression.
pub fn decompress(body: Vec<u8>, compression: Compression) -> std::io::Result<Vec<u8>> {
    // An empty body is an empty load, whatever its compression.
    if compression == Compression::None || body.is_empty() {
        return Ok(body);
    }
    let mut out = Vec::with_capacity(body.len() * 4);
    match compression {
        Compression::None => {}
        Compression::Gzip => {
            flate2::read::MultiGzDecoder::new(&body[..]).read_to_end(&mut out)?;
        }
        Compression::Deflate => {
            flate2::read::ZlibDecoder::new(&body[..]).read_to_end(&mut out)?;
        }
        Compression::Bzip2 => {
            bzip2::read::MultiBzDecoder::new(&body[..]).read_to_end(&mut out)?;
        }
        Compression::Lz4Frame => {
            lz4_flex::frame::FrameDecoder::new(&body[..]).read_to_end(&mut out)?;
        }
    }
    Ok(out)
}
