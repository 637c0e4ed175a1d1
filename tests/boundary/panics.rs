//! The library with one native more, which panics: for tests/java/io/canalnative/boundary/PanicTest.java, which loads it in
//! place of the jar's own.

use canal_native::bridge;
use jni::JNIEnv;
use jni::objects::JClass;
use jni::sys::jlong;

/// `void panic(long handle)`: panics while it holds the decoder or encoder.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_boundary_PanicNatives_panic<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) {
    bridge::holding(&mut env, handle, || panic!("forced by a test"))
}
