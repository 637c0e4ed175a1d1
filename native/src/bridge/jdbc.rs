//! JDBC drivers, which are the JVM's: `io.canalnative.JdbcSession`.

use crate::error::Error;
use crate::snapshot::jdbc::{self, Driver, Failure, Login, Session, Why};
use jni::objects::{GlobalRef, JByteArray, JClass, JObject, JString, JThrowable, JValue};
use jni::{JNIEnv, JavaVM};

const CLASS: &str = "io/canalnative/JdbcSession";
/// Local references of a call, at most.
const REFERENCES: i32 = 16;

/// From now on servers are reached by the drivers of this JVM, as the class of this library sees them.
pub(super) fn know(env: &mut JNIEnv<'_>) -> Result<(), Error> {
    let class = env.find_class(CLASS)?;
    let class = env.new_global_ref(class)?;
    jdbc::connect_by(Box::new(Drivers { vm: env.get_java_vm()?, class }));
    Ok(())
}

struct Drivers {
    vm: JavaVM,
    class: GlobalRef,
}

struct Connection {
    vm: JavaVM,
    class: GlobalRef,
    session: GlobalRef,
}

impl Driver for Drivers {
    fn connect(&self, login: &Login) -> Result<Box<dyn Session>, Failure> {
        let opened = call(&self.vm, &self.class, |env| {
            let [url, user, password] = [&login.url, &login.user, &login.password].map(|text| env.new_string(text));
            let (url, user, password) = (url?, user?, password?);
            let seconds = JValue::Int(i32::try_from(login.connect_seconds).unwrap_or(i32::MAX));
            let session = env.call_static_method(
                <&JClass<'_>>::from(self.class.as_obj()),
                "open",
                "(Ljava/lang/String;Ljava/lang/String;Ljava/lang/String;I)Lio/canalnative/JdbcSession;",
                &[(&url).into(), (&user).into(), (&password).into(), seconds],
            )?;
            Ok((env.new_global_ref(session.l()?)?, env.get_java_vm()?))
        });
        let (session, vm) = opened?;
        Ok(Box::new(Connection { vm, class: self.class.clone(), session }))
    }
}

impl Session for Connection {
    fn run(&mut self, statement: &str) -> Result<usize, Failure> {
        let columns = call(&self.vm, &self.class, |env| {
            let statement = env.new_string(statement)?;
            env.call_method(&self.session, "run", "(Ljava/lang/String;)I", &[(&statement).into()])?.i()
        })?;
        Ok(usize::try_from(columns).unwrap_or(0))
    }

    fn next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        call(&self.vm, &self.class, |env| {
            let rows = env.call_method(&self.session, "next", "()[B", &[])?.l()?;
            if rows.is_null() {
                return Ok(None);
            }
            env.convert_byte_array(JByteArray::from(rows)).map(Some)
        })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // How it ends matters to nobody.
        let _ = call(&self.vm, &self.class, |env| env.call_method(&self.session, "close", "()V", &[])?.v());
    }
}

/// A call into the JVM; what it throws is a failure.
fn call<T>(
    vm: &JavaVM,
    class: &GlobalRef,
    work: impl FnOnce(&mut JNIEnv<'_>) -> jni::errors::Result<T>,
) -> Result<T, Failure> {
    let lost = |e: jni::errors::Error| Failure { why: Why::Refused, text: format!("a call into the JVM failed: {e}") };
    let mut env = vm.attach_current_thread().map_err(lost)?;
    match env.with_local_frame(REFERENCES, work) {
        Err(jni::errors::Error::JavaException) => Err(thrown(&mut env, class).unwrap_or_else(lost)),
        done => done.map_err(lost),
    }
}

/// What was thrown, and is so no more.
fn thrown(env: &mut JNIEnv<'_>, class: &GlobalRef) -> jni::errors::Result<Failure> {
    let thrown: JThrowable<'_> = env.exception_occurred()?;
    env.exception_clear()?;
    env.with_local_frame(REFERENCES, |env| {
        let (class, thrown) = (<&JClass<'_>>::from(class.as_obj()), <&JObject<'_>>::from(&thrown));
        let why = env.call_static_method(class, "why", "(Ljava/lang/Throwable;)I", &[thrown.into()])?.i()?;
        let text =
            env.call_static_method(class, "text", "(Ljava/lang/Throwable;)Ljava/lang/String;", &[thrown.into()])?;
        let text = JString::from(text.l()?);
        Ok(Failure { why: Why::of(why), text: env.get_string(&text)?.into() })
    })
}
