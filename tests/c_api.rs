//! The C interface as a host calls it: what it gives, what it refuses, and that everything is released.

use arrow::array::{Array, AsArray, StructArray};
use arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use canal_native::bridge::c::*;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ffi::{CStr, c_char};
use std::ptr::{null, null_mut};

thread_local! {
    /// Bytes that this thread has allocated and not given back.
    static HELD: Cell<isize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call is handed on as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = HELD.try_with(|held| held.set(held.get() + layout.size() as isize));
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        let _ = HELD.try_with(|held| held.set(held.get() - layout.size() as isize));
        // SAFETY: as above.
        unsafe { System.dealloc(start, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const SPEC: &str = r#"{"fields":[{"name":"id","type":{"root":"BIGINT"}},{"name":"name","type":{"root":"VARCHAR"}}],
    "metadata":["table","sql-type","pk-names","event-timestamp"]}"#;
const ENCODER_SPEC: &str =
    r#"{"fields":[{"name":"id","type":{"root":"BIGINT"}},{"name":"name","type":{"root":"VARCHAR","nullable":false}}]}"#;

fn last_error() -> String {
    // SAFETY: the text is this thread's, and no call fails before it is copied.
    unsafe { CStr::from_ptr(canal_last_error()) }.to_str().expect("UTF-8").to_string()
}

fn open_decoder(spec: &[u8]) -> Result<u64, (CanalStatus, String)> {
    let mut handle = 77;
    // SAFETY: a slice and a variable.
    match unsafe { canal_decoder_open(spec.as_ptr().cast::<c_char>(), spec.len(), &mut handle) } {
        CanalStatus::Ok => Ok(handle),
        status => {
            assert_eq!(handle, 0, "no handle after a failure");
            Err((status, last_error()))
        }
    }
}

fn open_encoder(spec: &[u8]) -> Result<u64, (CanalStatus, String)> {
    let mut handle = 77;
    // SAFETY: a slice and a variable.
    match unsafe { canal_encoder_open(spec.as_ptr().cast::<c_char>(), spec.len(), &mut handle) } {
        CanalStatus::Ok => Ok(handle),
        status => {
            assert_eq!(handle, 0, "no handle after a failure");
            Err((status, last_error()))
        }
    }
}

fn decode(handle: u64, messages: &[&[u8]]) -> Result<(FFI_ArrowArray, FFI_ArrowSchema, Vec<CanalOutcome>), String> {
    let starts: Vec<*const u8> = messages.iter().map(|message| message.as_ptr()).collect();
    let lengths: Vec<usize> = messages.iter().map(|message| message.len()).collect();
    let (mut array, mut schema) = (FFI_ArrowArray::empty(), FFI_ArrowSchema::empty());
    let nothing = CanalOutcome { kind: 99, detail: 99, nulled: 99, reserved: 99, rows: 99 };
    let mut outcomes = vec![nothing; messages.len()];
    // SAFETY: slices of one length, and variables.
    let status = unsafe {
        canal_decoder_decode(
            handle,
            starts.as_ptr(),
            lengths.as_ptr(),
            messages.len(),
            &mut array,
            &mut schema,
            outcomes.as_mut_ptr(),
        )
    };
    if status == CanalStatus::Ok {
        return Ok((array, schema, outcomes));
    }
    assert!(array.is_released() && outcomes.iter().all(|o| *o == nothing), "nothing is written on failure");
    Err(format!("{status:?}: {}", last_error()))
}

fn batch(array: FFI_ArrowArray, schema: &FFI_ArrowSchema) -> StructArray {
    // SAFETY: the library has just filled them.
    StructArray::from(unsafe { from_ffi(array, schema) }.expect("an array"))
}

fn insert(id: u32, name: &str) -> Vec<u8> {
    format!(
        r#"{{"data":[{{"id":"{id}","name":{name}}}],"database":"d","es":5,"isDdl":false,"old":null,"pkNames":["id"],"sqlType":{{"id":-5,"name":12}},"table":"t","ts":6,"type":"INSERT"}}"#
    )
    .into_bytes()
}

const ONE_ROW: CanalOutcome = CanalOutcome { kind: 0, detail: 0, nulled: 0, reserved: 0, rows: 1 };

#[test]
fn messages_become_a_batch_and_messages_again() {
    let decoder = open_decoder(SPEC.as_bytes()).expect("a decoder");
    let (first, second) = (insert(1, "\"a\""), insert(2, "null"));
    let (array, schema, outcomes) = decode(decoder, &[&first, b"{", &second, b"\xff"]).expect("a batch");
    let refused = |detail| CanalOutcome { kind: CanalOutcomeKind::Refused as u8, detail, rows: 0, ..ONE_ROW };
    let [syntax, encoding] = [CanalReason::Syntax as u8, CanalReason::Encoding as u8];
    assert_eq!(outcomes, [ONE_ROW, refused(syntax), ONE_ROW, refused(encoding)]);
    assert_eq!(canal_decoder_free(decoder), CanalStatus::Ok);

    // The batch outlives its decoder.
    let decoded = batch(array, &schema);
    assert_eq!(decoded.column(1).as_primitive::<arrow::datatypes::Int64Type>().values(), &[1, 2]);
    let encoder = open_encoder(ENCODER_SPEC.as_bytes()).expect("an encoder");
    let (mut given, schema) = arrow::ffi::to_ffi(&decoded.to_data()).expect("exported");
    let (mut array, mut messages_schema) = (FFI_ArrowArray::empty(), FFI_ArrowSchema::empty());
    let mut outcomes = [ONE_ROW; 3];
    // SAFETY: variables, and a slice.
    let status = unsafe {
        canal_encoder_encode(
            encoder,
            &mut given,
            &schema,
            0,
            &mut array,
            &mut messages_schema,
            outcomes.as_mut_ptr(),
            3,
        )
    };
    assert_eq!(status, CanalStatus::Ok, "{}", last_error());
    assert!(given.is_released(), "the batch was moved in");
    assert_eq!(messages_schema.format(), "z");
    assert_eq!(outcomes[0], CanalOutcome { kind: CanalOutcomeKind::Encoded as u8, ..ONE_ROW });
    assert_eq!(outcomes[1], refused(CanalEncodeReason::NullInNotNull as u8));
    // SAFETY: the library has just filled them.
    let messages = arrow::array::make_array(unsafe { from_ffi(array, &messages_schema) }.expect("an array"));
    let messages: Vec<_> = messages.as_binary::<i32>().iter().collect();
    assert_eq!(messages, [Some(br#"{"data":[{"id":1,"name":"a"}],"type":"INSERT"}"#.as_slice()), None]);
    assert_eq!(canal_encoder_free(encoder), CanalStatus::Ok);
}

#[test]
fn the_schema_is_that_of_every_batch() {
    let decoder = open_decoder(SPEC.as_bytes()).expect("a decoder");
    let mut alone = FFI_ArrowSchema::empty();
    // SAFETY: a variable.
    assert_eq!(unsafe { canal_decoder_schema(decoder, &mut alone) }, CanalStatus::Ok);
    let ty = |schema: &FFI_ArrowSchema| arrow::datatypes::DataType::try_from(schema).expect("a type");
    let (_array, schema, _) = decode(decoder, &[]).expect("an empty batch");
    assert_eq!(ty(&alone), ty(&schema));
    let names: Vec<_> = alone.children().map(|child| child.name().unwrap_or_default().to_string()).collect();
    assert_eq!(names, ["row_kind", "id", "name", "table", "sql-type", "pk-names", "event-timestamp"]);
    // SAFETY: null is allowed to be wrong.
    assert_eq!(unsafe { canal_decoder_schema(decoder, null_mut()) }, CanalStatus::IllegalArgument);
    canal_decoder_free(decoder);
}

#[test]
fn bad_specifications_have_a_status_and_a_text() {
    for (spec, status, part) in [
        (b"".as_slice(), CanalStatus::InvalidSpec, "not a JSON object"),
        (b"{\"fields\":[], \"semantics\": \"\xff\"}", CanalStatus::InvalidSpec, "not a JSON object"),
        (br#"{"fields":[],"tableInclude":"(a)\\1"}"#, CanalStatus::InvalidSpec, "tableInclude"),
        (
            br#"{"fields":[{"name":"m","type":{"root":"MULTISET","element":{"root":"DATE"}}}]}"#,
            CanalStatus::UnsupportedType,
            "map key",
        ),
    ] {
        let (found, text) = open_decoder(spec).expect_err("no specification");
        assert!(found == status && text.contains(part), "{found:?}: {text}");
    }
    let null_type = br#"{"fields":[{"name":"n","type":{"root":"NULL"}}]}"#;
    assert_eq!(open_encoder(null_type).expect_err("a type without values").0, CanalStatus::UnsupportedType);
    assert_eq!(open_encoder(b"\xff").expect_err("no specification").0, CanalStatus::InvalidSpec);
}

#[test]
fn null_pointers_are_refused() {
    let message = insert(1, "null");
    let (starts, lengths) = ([message.as_ptr()], [message.len()]);
    let decoder = open_decoder(SPEC.as_bytes()).expect("a decoder");
    let (mut array, mut outcome) = (FFI_ArrowArray::empty(), ONE_ROW);
    let call = |starts, lengths, array, outcomes| {
        // SAFETY: null, or what the function asks for.
        unsafe { canal_decoder_decode(decoder, starts, lengths, 1, array, null_mut(), outcomes) }
    };
    for (status, name) in [
        (call(null(), lengths.as_ptr(), &mut array, &mut outcome), "messages"),
        (call(starts.as_ptr(), null(), &mut array, &mut outcome), "lengths"),
        (call(starts.as_ptr(), lengths.as_ptr(), null_mut(), &mut outcome), "array"),
        (call(starts.as_ptr(), lengths.as_ptr(), &mut array, null_mut()), "outcomes"),
        (call([null()].as_ptr(), lengths.as_ptr(), &mut array, &mut outcome), "a message"),
    ] {
        assert_eq!(status, CanalStatus::IllegalArgument, "{name}");
    }
    assert_eq!(last_error(), "a message is a null pointer");
    // A message of no bytes needs no address, and the schema need not be asked for.
    assert_eq!(call([null()].as_ptr(), [0].as_ptr(), &mut array, &mut outcome), CanalStatus::Ok);
    assert_eq!(outcome.kind, CanalOutcomeKind::Refused as u8);
    canal_decoder_free(decoder);

    // SAFETY: null is allowed to be wrong.
    unsafe {
        assert_eq!(canal_decoder_open(null(), 5, &mut 0), CanalStatus::IllegalArgument);
        assert_eq!(canal_decoder_open(null(), usize::MAX, &mut 0), CanalStatus::IllegalArgument);
        assert_eq!(canal_decoder_open(c"{}".as_ptr(), 2, null_mut()), CanalStatus::IllegalArgument);
        assert_eq!(canal_encoder_open(null(), 5, &mut 0), CanalStatus::IllegalArgument);
        let schema = FFI_ArrowSchema::empty();
        let encode = |array, schema| canal_encoder_encode(1, array, schema, 0, null_mut(), null_mut(), null_mut(), 0);
        assert_eq!(encode(null_mut(), &schema), CanalStatus::IllegalArgument);
        assert_eq!(encode(&mut array, null()), CanalStatus::IllegalArgument);
        assert_eq!(encode(&mut array, &schema), CanalStatus::IllegalArgument);
        assert!(last_error().contains("empty or released"), "{}", last_error());
    }
}

#[test]
fn closed_handles_are_refused() {
    let decoder = open_decoder(SPEC.as_bytes()).expect("a decoder");
    assert_eq!(canal_encoder_free(decoder), CanalStatus::IllegalState);
    assert_eq!(canal_decoder_free(decoder), CanalStatus::Ok);
    for handle in [decoder, 0, u64::MAX] {
        assert_eq!(canal_decoder_free(handle), CanalStatus::IllegalState);
        let text = decode(handle, &[b"{}"]).map(|_| ()).expect_err("a closed handle");
        assert!(text.starts_with("IllegalState") && text.contains(&format!("handle {handle}")), "{text}");
        // SAFETY: a variable.
        let status = unsafe { canal_decoder_schema(handle, &mut FFI_ArrowSchema::empty()) };
        assert_eq!(status, CanalStatus::IllegalState);
    }
}

/// A batch that is refused is released all the same.
#[test]
fn batches_that_are_no_batches_are_refused_and_released() {
    let encoder = open_encoder(ENCODER_SPEC.as_bytes()).expect("an encoder");
    let texts = arrow::array::StringArray::from(vec!["+I"]);
    let ids = arrow::array::Int64Array::from(vec![1]);
    let structs = |names: [&str; 2], texts: arrow::array::ArrayData| {
        let fields = names.map(|name| arrow::datatypes::Field::new(name, texts.data_type().clone(), true)).to_vec();
        let data = arrow::array::ArrayData::builder(arrow::datatypes::DataType::Struct(fields.into())).len(1);
        // SAFETY: that it may be wrong is what is tested.
        unsafe { data.child_data(vec![texts.clone(), texts]).build_unchecked() }
    };
    // SAFETY: as above: a text that is no UTF-8.
    let broken = unsafe {
        let data = arrow::array::ArrayData::builder(arrow::datatypes::DataType::Utf8).len(1);
        data.add_buffer(vec![0i32, 1].into()).add_buffer(vec![0xFFu8].into()).build_unchecked()
    };
    let mut outcome = [ONE_ROW];
    for (data, room, part) in [
        (ids.to_data(), 1, "an array of Int64; it must be a struct"),
        (structs(["row_kind", "id"], texts.to_data()), 1, "must be Int64"),
        (structs(["row_kind", "id"], texts.to_data()), 0, "room for 0 outcomes; the batch has 1 rows"),
        (structs(["row_kind", "id"], broken), 1, "not valid Arrow data"),
    ] {
        let (mut array, schema) = arrow::ffi::to_ffi(&data).expect("exported");
        let mut messages = FFI_ArrowArray::empty();
        // SAFETY: variables.
        let status = unsafe {
            canal_encoder_encode(encoder, &mut array, &schema, 0, &mut messages, null_mut(), outcome.as_mut_ptr(), room)
        };
        assert_eq!(status, CanalStatus::IllegalArgument);
        assert!(last_error().contains(part), "{}", last_error());
        assert!(array.is_released() && messages.is_released());
    }
    canal_encoder_free(encoder);
}

#[test]
fn codes_have_texts() {
    let text = |start: *const c_char| {
        // SAFETY: a text of the library, or null.
        (!start.is_null()).then(|| unsafe { CStr::from_ptr(start) }.to_str().expect("UTF-8").to_string())
    };
    assert_eq!(text(canal_version()).as_deref(), Some(env!("CARGO_PKG_VERSION")));
    for (of, codes) in [(canal_reason_text as extern "C" fn(u8) -> _, 0..=8), (canal_encode_reason_text, 1..=9)] {
        let texts: std::collections::BTreeSet<_> = codes.clone().map(|code| text(of(code)).expect("a text")).collect();
        assert_eq!(texts.len(), codes.clone().count());
        assert_eq!(text(of(codes.end() + 1)), None);
        assert_eq!(text(of(255)), None);
    }
    assert_eq!(text(canal_encode_reason_text(0)), None);
}

/// Decoding, encoding, failing and releasing, again and again, in the thread that counts.
#[test]
fn nothing_is_left_behind() {
    let round = |names: usize| {
        let decoder = open_decoder(SPEC.as_bytes()).expect("a decoder");
        let encoder = open_encoder(ENCODER_SPEC.as_bytes()).expect("an encoder");
        let messages: Vec<Vec<u8>> =
            (0..50).map(|i| insert(i, &format!("\"{}\"", "x".repeat(i as usize * names)))).collect();
        let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
        let (mut array, schema, mut outcomes) = decode(decoder, &messages).expect("a batch");
        let mut written = FFI_ArrowArray::empty();
        // SAFETY: variables, and a slice.
        let status = unsafe {
            canal_encoder_encode(encoder, &mut array, &schema, 0, &mut written, null_mut(), outcomes.as_mut_ptr(), 50)
        };
        assert_eq!(status, CanalStatus::Ok, "{}", last_error());
        assert!(decode(0, &messages).is_err() && open_decoder(b"[]").is_err());
        assert_eq!((canal_decoder_free(decoder), canal_encoder_free(encoder)), (CanalStatus::Ok, CanalStatus::Ok));
    };
    // What is set up once, and the text of the last error.
    round(3);
    let before = HELD.get();
    (0..20).for_each(|_| round(3));
    assert_eq!(HELD.get(), before, "bytes that are held after 20 rounds");
}
